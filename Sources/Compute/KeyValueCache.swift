// The paged key/value cache: floats in pages of 16 positions.
//
//     page     | layer 0: keys | values | layer 1: keys | values | ... |
//     keys     [head][dimension][16 positions]
//     values   [head][16 positions][dimension]
//
// Guarantees:
// - A page holds the keys and values of all layers, so a sequence touches memory for its own
//   positions, not for every layer of the whole cache.
// - Keys interleave the 16 positions of a page, so that a vector lane is a position.
// - Values keep the dimensions of a position together.
// - Memory is committed only when pages are first written.
// Does not: hand out pages. The caller keeps the owner of each page.

/// The shape of a cache. A token occupies a slot, `page * 16 + offset`, equal in all layers.
public struct CacheShape: Sendable, Equatable {
    /// Positions of a page.
    public static let pagePositions = 16

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

    /// Floats of a page's keys in a layer of `heads` key/value heads.
    func keyPageLength(_ heads: Int) -> Int { heads * keyLength * Self.pagePositions }
    /// Floats of a page's values in a layer of `heads` key/value heads.
    func valuePageLength(_ heads: Int) -> Int { heads * valueWidth * Self.pagePositions }

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
        let (pageSize, pageOverflow) = heads.multipliedReportingOverflow(by: perHead)
        let (size, overflow) = pageSize.multipliedReportingOverflow(by: pageCount)
        return pageOverflow || overflow ? nil : size
    }
}

/// Keys and values of all sequences of a runner. Made by `Backend.makeCache`.
public final class KeyValueCache: Sendable {
    /// Shape of the cache.
    public let shape: CacheShape
    package let storage: Storage
    /// Floats before the keys of each layer in a page. The layer's values follow its keys.
    let layerOffsets: [Int]
    /// Floats of a page.
    let pageLength: Int

    package init(shape: CacheShape, storage: Storage) {
        (self.shape, self.storage) = (shape, storage)
        var offsets: [Int] = [], next = 0
        for heads in shape.kvHeads {
            offsets.append(next)
            next += shape.keyPageLength(heads) + shape.valuePageLength(heads)
        }
        (layerOffsets, pageLength) = (offsets, next)
    }
}
