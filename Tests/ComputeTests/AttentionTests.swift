// Attention on the paged cache: against double precision, and independent of everything that must
// not matter: instruction set, threads, spans, pages, neighbours, what stale pages hold.

import Compute
import Glibc
import TestSupport
import Testing

/// One sequence's keys, values and queries, and where its pages are.
struct SampleSequence {
    let heads: Int, kvHeads: Int, keyLength: Int, valueLength: Int, length: Int
    let keys: [Float], values: [Float], queries: [Float]

    init(
        heads: Int, kvHeads: Int, keyLength: Int, valueLength: Int? = nil, length: Int,
        seed: UInt64
    ) {
        (self.heads, self.kvHeads, self.keyLength) = (heads, kvHeads, keyLength)
        (self.valueLength, self.length) = (valueLength ?? keyLength, length)
        keys = randomFloats(length * kvHeads * keyLength, seed: seed, scale: 2)
        values = randomFloats(length * kvHeads * self.valueLength, seed: seed + 1)
        queries = randomFloats(length * heads * keyLength, seed: seed + 2, scale: 2)
    }

    var pageCount: Int { (length + 15) / 16 }
    var scale: Float { 1 / Float(keyLength).squareRoot() }

    func shape(pages: Int) -> CacheShape {
        CacheShape(
            kvHeads: [kvHeads, kvHeads], keyLength: keyLength, valueLength: valueLength,
            pageCount: pages)
    }

    /// Stores all positions in layer 1 and attends with rows `first...` cut into spans of `step`.
    func attend(
        _ queue: CPUQueue, pages: [Int32]? = nil, poolPages: Int? = nil, first: Int = 0,
        step: Int? = nil, stale: Float? = nil, isCausal: Bool = true
    ) throws -> [Float] {
        let pages = pages ?? (0..<Int32(pageCount)).map { $0 }
        let cache = try queue.backend.makeCache(shape(pages: poolPages ?? pageCount))
        if let stale { try fill(cache, queue, with: stale) }
        try store(in: cache, layer: 1, pages: pages, queue)
        var pass = PassInputs()
        for start in stride(from: first, to: length, by: step ?? length) {
            let count = min(step ?? length, length - start)
            pass.append(
                ArraySlice(repeating: 0, count: count), first: start, pages: pages,
                sees: isCausal ? nil : length)
        }
        queue.begin(pass)
        let output = try queue.makeBuffer(count: (length - first) * heads * valueLength)
        queue.attend(
            try queue.buffer(queries).rows(
                offset: first * heads * keyLength, stride: heads * keyLength), cache: cache,
            layer: 1, rows: .all, heads: heads, scale: scale,
            into: output.rows(of: heads * valueLength))
        return queue.values(output)
    }

    /// Stores all positions in a layer.
    func store(
        in cache: KeyValueCache, layer: Int, pages: [Int32], _ queue: CPUQueue
    ) throws {
        var pass = PassInputs()
        pass.append(ArraySlice(repeating: 0, count: length), first: 0, pages: pages)
        queue.begin(pass)
        queue.store(
            keys: try queue.buffer(keys).rows(of: kvHeads * keyLength),
            values: try queue.buffer(values).rows(of: kvHeads * valueLength), in: cache,
            layer: layer)
    }

    private func fill(_ cache: KeyValueCache, _ queue: CPUQueue, with value: Float) throws {
        let count = cache.shape.pageCount * 16
        var pass = PassInputs()
        pass.append([Int32](repeating: 0, count: count), at: 0)
        queue.begin(pass)
        for layer in 0..<2 {
            let keys = [Float](repeating: value, count: count * kvHeads * keyLength)
            let values = [Float](repeating: value, count: count * kvHeads * valueLength)
            queue.store(
                keys: try queue.buffer(keys).rows(of: kvHeads * keyLength),
                values: try queue.buffer(values).rows(of: kvHeads * valueLength), in: cache,
                layer: layer)
        }
    }

    /// Softmax attention in double precision, written from the definition.
    func oracle(isCausal: Bool = true) -> [Double] {
        var result: [Double] = []
        for row in 0..<length {
            for head in 0..<heads {
                let kv = head / (heads / kvHeads)
                let scores = (0...(isCausal ? row : length - 1)).map { position in
                    (0..<keyLength).reduce(0.0) { sum, d in
                        sum + Double(queries[(row * heads + head) * keyLength + d])
                            * Double(keys[(position * kvHeads + kv) * keyLength + d])
                    } * Double(scale)
                }
                let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
                let total = weights.reduce(0, +)
                for d in 0..<valueLength {
                    let mixed = weights.enumerated().reduce(0.0) {
                        $0 + $1.element
                            * Double(values[($1.offset * kvHeads + kv) * valueLength + d])
                    }
                    result.append(mixed / total)
                }
            }
        }
        return result
    }
}

@Suite struct AttentionTests {
    static let sequences = [
        SampleSequence(heads: 8, kvHeads: 4, keyLength: 8, length: 37, seed: 1),
        SampleSequence(heads: 4, kvHeads: 1, keyLength: 64, length: 50, seed: 2),
        SampleSequence(heads: 7, kvHeads: 1, keyLength: 80, length: 33, seed: 3),
        SampleSequence(heads: 3, kvHeads: 3, keyLength: 96, length: 17, seed: 4),
        SampleSequence(heads: 10, kvHeads: 1, keyLength: 24, length: 20, seed: 5),
        SampleSequence(heads: 2, kvHeads: 2, keyLength: 32, valueLength: 40, length: 80, seed: 6),
        SampleSequence(heads: 2, kvHeads: 1, keyLength: 128, length: 1, seed: 7),
    ]

    /// Values are below 1, weights sum to 1, scores are below 30: the bound is the rounding of the
    /// scores (about 30 * length of the chain * 2^-24) and of the sums.
    @Test(arguments: sequences.indices)
    func staysNearDoublePrecision(_ index: Int) throws {
        let sequence = Self.sequences[index], expected = sequence.oracle()
        for queue in try allQueues() {
            let result = try sequence.attend(queue)
            let worst = zip(result, expected).map { abs(Double($0) - $1) }.max() ?? 0
            #expect(result.count == expected.count && worst <= 2e-5, "error \(worst)")
        }
    }

    @Test(arguments: sequences.indices)
    func rowsThatSeeAllPositionsStayNearDoublePrecision(_ index: Int) throws {
        let sequence = Self.sequences[index], expected = sequence.oracle(isCausal: false)
        for queue in try allQueues() {
            let result = try sequence.attend(queue, isCausal: false)
            let worst = zip(result, expected).map { abs(Double($0) - $1) }.max() ?? 0
            #expect(result.count == expected.count && worst <= 2e-5, "error \(worst)")
            let causal = try sequence.attend(queue)
            #expect((bits(result) == bits(causal)) == (sequence.length == 1))
        }
    }

    @Test(arguments: sequences.indices, [true, false])
    func everyInstructionSetThreadCountAndCutGivesTheSameBits(
        _ index: Int, _ isCausal: Bool
    ) throws {
        let sequence = Self.sequences[index]
        let expected = bits(try sequence.attend(try allQueues()[0], isCausal: isCausal))
        for threads in [1, 2, 3, 7] {
            for queue in try allQueues(threads: threads) {
                for step in [sequence.length, 1, 5, 16] {
                    let result = bits(
                        try sequence.attend(queue, step: step, isCausal: isCausal))
                    let set = queue.backend.instructionSet
                    #expect(result == expected, "\(set), \(threads), \(step)")
                }
            }
        }
    }

    @Test func aRowDoesNotDependOnTheRowsBeforeItInTheCall() throws {
        let sequence = Self.sequences[0], width = sequence.heads * sequence.valueLength
        for queue in try allQueues() {
            let whole = try sequence.attend(queue)
            for first in [1, 16, 30, 36] {
                let tail = try sequence.attend(queue, first: first)
                #expect(bits(tail) == bits(Array(whole[(first * width)...])), "from row \(first)")
            }
        }
    }

    @Test func whichPagesASequenceHasDoesNotMatter() throws {
        let sequence = Self.sequences[1]
        for queue in try allQueues(threads: 2) {
            let expected = bits(try sequence.attend(queue))
            let scattered = try sequence.attend(queue, pages: [9, 2, 5, 0], poolPages: 10)
            #expect(bits(scattered) == expected)
        }
    }

    @Test(arguments: [Float.nan, .infinity, 1e30])
    func whatOtherSlotsHoldNeverReachesTheResult(_ stale: Float) throws {
        for sequence in Self.sequences {
            for queue in try allQueues() {
                let expected = bits(try sequence.attend(queue))
                let result = try sequence.attend(queue, poolPages: 12, stale: stale)
                #expect(bits(result) == expected, "\(queue.backend.instructionSet)")
            }
        }
    }

    @Test func sequencesOfOneCallDoNotTouchEachOther() throws {
        let (a, b) = (
            Self.sequences[0],
            SampleSequence(
                heads: 8, kvHeads: 4, keyLength: 8, length: 21, seed: 90)
        )
        for queue in try allQueues(threads: 2) {
            let cache = try queue.backend.makeCache(a.shape(pages: 8))
            let (pagesA, pagesB): ([Int32], [Int32]) = ([6, 1, 3], [2, 7])
            var pass = PassInputs()
            for (sequence, pages) in [(a, pagesA), (b, pagesB)] {
                try sequence.store(in: cache, layer: 0, pages: pages, queue)
                pass.append(
                    ArraySlice(repeating: 0, count: sequence.length), first: 0, pages: pages)
            }
            queue.begin(pass)
            let output = try queue.makeBuffer(count: (37 + 21) * 64)
            queue.attend(
                try queue.buffer(a.queries + b.queries).rows(of: 64), cache: cache, layer: 0,
                rows: .all, heads: 8, scale: a.scale, into: output.rows(of: 64))
            let expected = try a.attend(queue) + b.attend(queue)
            #expect(bits(queue.values(output)) == bits(expected))
        }
    }

    @Test func aNonFiniteKeyMakesTheRowsThatSeeItNonFinite() throws {
        for queue in try allQueues() {
            let cache = try queue.backend.makeCache(
                CacheShape(kvHeads: [1], keyLength: 4, valueLength: 4, pageCount: 1))
            var keys = randomFloats(8 * 4, seed: 1)
            keys[5 * 4] = .nan
            let rows = try queue.buffer(keys).rows(of: 4)
            let values = try queue.buffer(randomFloats(8 * 4, seed: 2)).rows(of: 4)
            var pass = PassInputs()
            pass.append([Int32](repeating: 0, count: 8), at: 0)
            queue.begin(pass)
            queue.store(keys: rows, values: values, in: cache, layer: 0)
            let output = try queue.makeBuffer(count: 8 * 4)
            queue.attend(
                values, cache: cache, layer: 0, rows: .all, heads: 1, scale: 1,
                into: output.rows(of: 4))
            let finite = queue.values(output).map(\.isFinite)
            #expect(
                finite == [Bool](repeating: true, count: 20) + [Bool](repeating: false, count: 12))
        }
    }
}
