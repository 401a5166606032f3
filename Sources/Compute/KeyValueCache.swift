// The paged key/value cache: floats in pages of 16 positions, per layer and key/value head.
//
// Guarantees:
// - Keys interleave the 16 positions of a page, so that a vector lane is a position.
// - Values keep the dimensions of a position together.
// - Memory is committed only when pages are first written.
// Does not: hand out pages. The caller keeps the owner of each page.

import CKernels

/// The shape of a cache. A token occupies a slot, `page * 16 + offset`, equal in all layers.
public struct CacheShape: Sendable, Equatable {
    /// Positions of a page.
    public static let pagePositions = KN_PAGE_POSITIONS

    /// Key/value heads of each layer.
    public let kvHeads: [Int]
    /// Values of a key head.
    public let keyLength: Int
    /// Values of a value head.
    public let valueLength: Int
    /// Pages shared by all sequences.
    public let pageCount: Int

    /// Creates a shape. Layers may differ in their number of key/value heads.
    public init(kvHeads: [Int], keyLength: Int, valueLength: Int, pageCount: Int) {
        self.kvHeads = kvHeads
        self.keyLength = keyLength
        self.valueLength = valueLength
        self.pageCount = pageCount
    }

    /// Number of layers.
    public var layers: Int { kvHeads.count }
    /// Value length rounded up to the vector width.
    var valueWidth: Int { (valueLength + 15) / 16 * 16 }

    /// Bytes of the whole cache, or nil when a number is not positive or too large, or the size
    /// overflows.
    public var size: Int? {
        guard pageCount > 0, keyLength > 0, valueLength > 0, !kvHeads.isEmpty,
            kvHeads.allSatisfy({ $0 > 0 }), keyLength < 1 << 20, valueLength < 1 << 20,
            pageCount <= Int(Int32.max) / Self.pagePositions
        else { return nil }
        var heads = 0
        for count in kvHeads {
            let (sum, overflow) = heads.addingReportingOverflow(count)
            if overflow { return nil }
            heads = sum
        }
        let perHead = (keyLength + valueWidth) * Self.pagePositions * MemoryLayout<Float>.size
        let (perPage, pageOverflow) = heads.multipliedReportingOverflow(by: perHead)
        let (size, overflow) = perPage.multipliedReportingOverflow(by: pageCount)
        return pageOverflow || overflow ? nil : size
    }
}

/// Keys and values of all sequences of a runner. Made by `Backend.makeCache`.
public final class KeyValueCache: Sendable {
    /// Shape of the cache.
    public let shape: CacheShape
    let storage: Storage
    /// Floats before the keys of each layer.
    private let layerOffsets: [Int]

    init(shape: CacheShape, storage: Storage) {
        (self.shape, self.storage) = (shape, storage)
        let perHead = (shape.keyLength + shape.valueWidth) * CacheShape.pagePositions
        var offsets: [Int] = [], next = 0
        for heads in shape.kvHeads {
            offsets.append(next)
            next += heads * perHead * shape.pageCount
        }
        layerOffsets = offsets
    }

    /// Returns a layer in the kernels' form.
    func layer(_ index: Int) -> kn_cache_layer {
        let heads = shape.kvHeads[index]
        let keys = storage.floats + layerOffsets[index]
        let keyCount = heads * shape.keyLength * CacheShape.pagePositions * shape.pageCount
        return kn_cache_layer(
            keys: keys, values: keys + keyCount, kv_heads: heads, key_length: shape.keyLength,
            value_length: shape.valueLength, value_width: shape.valueWidth)
    }

    /// Copies page `source` over page `target`. In a layer, all key pages come first, then all
    /// value pages, so the copy moves two pieces of memory per layer.
    func copyPage(_ source: Int, to target: Int) {
        precondition(
            (0..<shape.pageCount).contains(source) && (0..<shape.pageCount).contains(target),
            "pages \(source) and \(target) of \(shape.pageCount)")
        guard source != target else { return }
        for (index, heads) in shape.kvHeads.enumerated() {
            let layer = layer(index)
            let keyCount = heads * shape.keyLength * CacheShape.pagePositions
            let valueCount = heads * shape.valueWidth * CacheShape.pagePositions
            (layer.keys + target * keyCount)
                .update(from: layer.keys + source * keyCount, count: keyCount)
            (layer.values + target * valueCount)
                .update(from: layer.values + source * valueCount, count: valueCount)
        }
    }
}
