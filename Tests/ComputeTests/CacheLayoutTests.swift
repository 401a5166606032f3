// The place of a sequence in the cache: page by page, all layers of a page together.

import Compute
import Glibc
import TestSupport
import Testing

@Suite struct CacheLayoutTests {
    /// Bytes of the storage that the system backs with memory.
    private func resident(_ storage: Storage) -> Int {
        let page = Int(getpagesize())
        let count = (storage.size + page - 1) / page
        var states = [UInt8](repeating: 0, count: count)
        let start = UnsafeMutableRawPointer(bitPattern: storage.address)
        guard mincore(start, storage.size, &states) == 0 else { return -1 }
        return states.count { $0 & 1 == 1 } * page
    }

    /// 24 layers, as a model of half a billion weights has. Layer by layer, a position lies in 48
    /// places, each in memory of its own.
    @Test func aPositionTouchesThePageItLiesIn() throws {
        let queue = try CPUQueue(CPUBackend(threads: 2))
        let shape = CacheShape(
            kvHeads: [Int](repeating: 2, count: 24), keyLength: 64, valueLength: 64,
            pageCount: 512)
        let cache = try queue.backend.makeCache(shape)
        #expect(resident(cache.storage) == 0)
        var pass = PassInputs()
        pass.append(
            ArraySlice(repeating: 0, count: 16), first: 0,
            pages: [Int32](repeating: 300, count: 1))
        queue.begin(pass)
        let rows = try queue.buffer(randomFloats(16 * 128, seed: 3)).rows(of: 128)
        for layer in 0..<24 { queue.store(keys: rows, values: rows, in: cache, layer: layer) }
        let pageSize = try #require(shape.size) / 512
        let touched = resident(cache.storage)
        // A huge page at each end may be cut.
        #expect(touched >= pageSize / 2 && touched <= pageSize + 2 * (2 << 20), "\(touched)")
    }

    @Test(arguments: [[1], [2, 2, 2], [3, 1, 8], [Int](repeating: 32, count: 40)])
    func theSizeIsThatOfAllPages(_ heads: [Int]) {
        let shape = CacheShape(kvHeads: heads, keyLength: 24, valueLength: 40, pageCount: 7)
        // Values are padded to 48.
        #expect(shape.size == 7 * heads.reduce(0, +) * (24 + 48) * 16 * 4)
    }

    /// Layers with different numbers of heads, pages in no order, few rows and many: each layer
    /// gives the bits of a cache of its own that one thread wrote.
    @Test func layersAndPagesDoNotTouchEachOther() throws {
        let sequences = [1, 4, 2].enumerated().map { layer, heads in
            SampleSequence(
                heads: heads, kvHeads: heads, keyLength: 64, valueLength: 24, length: 150,
                seed: UInt64(layer + 1))
        }
        let expected = try sequences.map { bits(try $0.attend(try oneQueue())) }
        let pages: [Int32] = [19, 3, 0, 7, 11, 2, 1, 18, 4, 9]
        for threads in [1, 2, 5] {
            for queue in try allQueues(threads: threads) {
                let cache = try queue.backend.makeCache(
                    CacheShape(
                        kvHeads: [1, 4, 2], keyLength: 64, valueLength: 24, pageCount: 20))
                for (layer, sequence) in sequences.enumerated() {
                    try sequence.store(in: cache, layer: layer, pages: pages, queue)
                }
                for (layer, sequence) in sequences.enumerated() {
                    let found = try read(sequence, cache, layer, pages, queue)
                    #expect(bits(found) == expected[layer], "layer \(layer), \(threads) threads")
                }
            }
        }
    }

    @Test func aCopiedPageHoldsTheKeysAndValuesOfAllLayers() throws {
        let queue = try oneQueue()
        let shape = CacheShape(kvHeads: [2, 2], keyLength: 16, valueLength: 16, pageCount: 5)
        let cache = try queue.backend.makeCache(shape)
        let sequence = SampleSequence(heads: 2, kvHeads: 2, keyLength: 16, length: 16, seed: 9)
        for layer in 0..<2 { try sequence.store(in: cache, layer: layer, pages: [1], queue) }
        queue.copyPage(1, to: 4, in: cache)
        for layer in 0..<2 {
            let copied = try read(sequence, cache, layer, [4], queue)
            let original = try read(sequence, cache, layer, [1], queue)
            #expect(bits(copied) == bits(original))
        }
    }

    private func read(
        _ sequence: SampleSequence, _ cache: KeyValueCache, _ layer: Int, _ pages: [Int32],
        _ queue: CPUQueue
    ) throws -> [Float] {
        var pass = PassInputs()
        pass.append(
            ArraySlice(repeating: 0, count: sequence.length), first: 0, pages: pages)
        queue.begin(pass)
        let width = sequence.heads * sequence.valueLength
        let output = try queue.makeBuffer(count: sequence.length * width)
        queue.attend(
            try queue.buffer(sequence.queries).rows(of: sequence.heads * sequence.keyLength),
            cache: cache, layer: layer, rows: .all, heads: sequence.heads, scale: sequence.scale,
            into: output.rows(of: width))
        return queue.values(output)
    }
}
