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
        _ backend: CPUBackend, pages: [Int32]? = nil, poolPages: Int? = nil, first: Int = 0,
        step: Int? = nil, stale: Float? = nil
    ) throws -> [Float] {
        let pages = pages ?? (0..<Int32(pageCount)).map { $0 }
        let cache = try backend.makeCache(shape(pages: poolPages ?? pageCount))
        if let stale { try fill(cache, backend, with: stale) }
        let slots = (0..<length).map { pages[$0 / 16] * 16 + Int32($0 % 16) }
        backend.store(
            keys: try backend.buffer(keys).rows(of: kvHeads * keyLength),
            values: try backend.buffer(values).rows(of: kvHeads * valueLength), in: cache, layer: 1,
            slots: slots)
        let spans = stride(from: first, to: length, by: step ?? length).map {
            AttentionSpan(pages: pages, first: $0, rows: min(step ?? length, length - $0))
        }
        let output = try backend.makeBuffer(count: (length - first) * heads * valueLength)
        try backend.attend(
            try backend.buffer(queries).rows(
                offset: first * heads * keyLength, stride: heads * keyLength), cache: cache,
            layer: 1, spans: spans, heads: heads, scale: scale,
            into: output.rows(of: heads * valueLength))
        return backend.values(output)
    }

    private func fill(_ cache: KeyValueCache, _ backend: CPUBackend, with value: Float) throws {
        let slots = (0..<Int32(cache.shape.pageCount * 16)).map { $0 }
        for layer in 0..<2 {
            let keys = [Float](repeating: value, count: slots.count * kvHeads * keyLength)
            let values = [Float](repeating: value, count: slots.count * kvHeads * valueLength)
            backend.store(
                keys: try backend.buffer(keys).rows(of: kvHeads * keyLength),
                values: try backend.buffer(values).rows(of: kvHeads * valueLength), in: cache,
                layer: layer, slots: slots)
        }
    }

    /// Softmax attention in double precision, written from the definition.
    func oracle() -> [Double] {
        var result: [Double] = []
        for row in 0..<length {
            for head in 0..<heads {
                let kv = head / (heads / kvHeads)
                let scores = (0...row).map { position in
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
        for backend in try allBackends() {
            let result = try sequence.attend(backend)
            let worst = zip(result, expected).map { abs(Double($0) - $1) }.max() ?? 0
            #expect(result.count == expected.count && worst <= 2e-5, "error \(worst)")
        }
    }

    @Test(arguments: sequences.indices)
    func everyInstructionSetThreadCountAndCutGivesTheSameBits(_ index: Int) throws {
        let sequence = Self.sequences[index]
        let expected = bits(try sequence.attend(try allBackends()[0]))
        for threads in [1, 2, 3, 7] {
            for backend in try allBackends(threads: threads) {
                for step in [sequence.length, 1, 5, 16] {
                    let result = bits(try sequence.attend(backend, step: step))
                    #expect(result == expected, "\(backend.instructionSet), \(threads), \(step)")
                }
            }
        }
    }

    @Test func aRowDoesNotDependOnTheRowsBeforeItInTheCall() throws {
        let sequence = Self.sequences[0], width = sequence.heads * sequence.valueLength
        for backend in try allBackends() {
            let whole = try sequence.attend(backend)
            for first in [1, 16, 30, 36] {
                let tail = try sequence.attend(backend, first: first)
                #expect(bits(tail) == bits(Array(whole[(first * width)...])), "from row \(first)")
            }
        }
    }

    @Test func whichPagesASequenceHasDoesNotMatter() throws {
        let sequence = Self.sequences[1]
        for backend in try allBackends(threads: 2) {
            let expected = bits(try sequence.attend(backend))
            let scattered = try sequence.attend(backend, pages: [9, 2, 5, 0], poolPages: 10)
            #expect(bits(scattered) == expected)
        }
    }

    @Test(arguments: [Float.nan, .infinity, 1e30])
    func whatOtherSlotsHoldNeverReachesTheResult(_ stale: Float) throws {
        for sequence in Self.sequences {
            for backend in try allBackends() {
                let expected = bits(try sequence.attend(backend))
                let result = try sequence.attend(backend, poolPages: 12, stale: stale)
                #expect(bits(result) == expected, "\(backend.instructionSet)")
            }
        }
    }

    @Test func sequencesOfOneCallDoNotTouchEachOther() throws {
        let (a, b) = (
            Self.sequences[0],
            SampleSequence(
                heads: 8, kvHeads: 4, keyLength: 8, length: 21, seed: 90)
        )
        for backend in try allBackends(threads: 2) {
            let cache = try backend.makeCache(a.shape(pages: 8))
            let (pagesA, pagesB): ([Int32], [Int32]) = ([6, 1, 3], [2, 7])
            for (sequence, pages) in [(a, pagesA), (b, pagesB)] {
                backend.store(
                    keys: try backend.buffer(sequence.keys).rows(of: 4 * 8),
                    values: try backend.buffer(sequence.values).rows(of: 4 * 8), in: cache,
                    layer: 0,
                    slots: (0..<sequence.length).map { pages[$0 / 16] * 16 + Int32($0 % 16) })
            }
            let output = try backend.makeBuffer(count: (37 + 21) * 64)
            try backend.attend(
                try backend.buffer(a.queries + b.queries).rows(of: 64), cache: cache, layer: 0,
                spans: [
                    AttentionSpan(pages: pagesA, first: 0, rows: 37),
                    AttentionSpan(pages: pagesB, first: 0, rows: 21),
                ], heads: 8, scale: a.scale, into: output.rows(of: 64))
            let expected = try a.attend(backend) + b.attend(backend)
            #expect(bits(backend.values(output)) == bits(expected))
        }
    }

    @Test func aNonFiniteKeyMakesTheRowsThatSeeItNonFinite() throws {
        for backend in try allBackends() {
            let cache = try backend.makeCache(
                CacheShape(kvHeads: [1], keyLength: 4, valueLength: 4, pageCount: 1))
            var keys = randomFloats(8 * 4, seed: 1)
            keys[5 * 4] = .nan
            let rows = try backend.buffer(keys).rows(of: 4)
            let values = try backend.buffer(randomFloats(8 * 4, seed: 2)).rows(of: 4)
            backend.store(
                keys: rows, values: values, in: cache, layer: 0, slots: (0..<8).map { $0 })
            let output = try backend.makeBuffer(count: 8 * 4)
            try backend.attend(
                values, cache: cache, layer: 0,
                spans: [AttentionSpan(pages: [0], first: 0, rows: 8)], heads: 1, scale: 1,
                into: output.rows(of: 4))
            let finite = backend.values(output).map(\.isFinite)
            #expect(
                finite == [Bool](repeating: true, count: 20) + [Bool](repeating: false, count: 12))
        }
    }
}
