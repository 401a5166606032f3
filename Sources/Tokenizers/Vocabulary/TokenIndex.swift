// Bytes -> id: an open-addressing hash table over the texts of a TextList.
//
// Guarantees: the index is one allocation. A lookup hashes once, compares full bytes only when 32
// hash bits agree, and never allocates. The hash is seeded per table, so a file cannot choose its
// collisions.
// Does not: grow after building, or store the texts (callers pass the list behind the index).
//
//   bucket = hash bits (32) << 32 | (id + 1)      0 = free, linear probing, at most half full

import Glibc

struct TokenIndex: Sendable {
    private let buckets: [UInt64]
    private let mask: Int
    private let seed: UInt64
    /// Bytes of the longest indexed text. Longer texts need no lookup.
    let textSizeMax: Int

    /// Indexes every non-empty text.
    ///
    /// - Throws: `tokenDuplicate` naming the two ids that share a text.
    init(_ texts: TextList) throws(TokenizerError) {
        let capacity = Self.capacity(for: texts.count)
        let mask = capacity - 1
        let seed = UInt64.random(in: .min ... .max)
        var buckets = [UInt64](repeating: 0, count: capacity)
        var textSizeMax = 0
        var duplicate: (first: Int, second: Int)?
        texts.bytes.withUnsafeBufferPointer { bytes in
            for id in 0..<texts.count {
                let text = UnsafeBufferPointer(rebasing: bytes[texts.range(id)])
                if text.isEmpty { continue }
                textSizeMax = max(textSizeMax, text.count)
                let hash = hashBytes(text, seed: seed)
                var index = Int(truncatingIfNeeded: hash) & mask
                while buckets[index] != 0 {
                    let other = Int(buckets[index] & 0xFFFF_FFFF) - 1
                    if buckets[index] >> 32 == hash >> 32,
                        equal(text, UnsafeBufferPointer(rebasing: bytes[texts.range(other)]))
                    {
                        duplicate = (other, id)
                        return
                    }
                    index = (index + 1) & mask
                }
                buckets[index] = hash & ~0xFFFF_FFFF | UInt64(id + 1)
            }
        }
        if let duplicate {
            throw TokenizerError(
                .tokenDuplicate, tried: "indexing the vocabulary",
                found: "tokens \(duplicate.first) and \(duplicate.second) with the same text "
                    + quoted(texts[duplicate.first]),
                allowed: "different texts", location: "tokenizer.ggml.tokens")
        }
        self.buckets = buckets
        self.mask = mask
        self.seed = seed
        self.textSizeMax = textSizeMax
    }

    /// The id of a text, or nil. `texts` must be the list from which the index was built.
    func find(_ text: UnsafeBufferPointer<UInt8>, in texts: TextList) -> Int32? {
        guard text.count <= textSizeMax, !text.isEmpty else { return nil }
        let hash = hashBytes(text, seed: seed)
        var index = Int(truncatingIfNeeded: hash) & mask
        while buckets[index] != 0 {
            let bucket = buckets[index]
            if bucket >> 32 == hash >> 32 {
                let id = Int(bucket & 0xFFFF_FFFF) - 1
                let range = texts.range(id)
                let found = texts.bytes.withUnsafeBufferPointer { bytes in
                    equal(text, UnsafeBufferPointer(rebasing: bytes[range]))
                }
                if found { return Int32(id) }
            }
            index = (index + 1) & mask
        }
        return nil
    }

    func find(_ text: [UInt8], in texts: TextList) -> Int32? {
        text.withUnsafeBufferPointer { find($0, in: texts) }
    }

    /// A power of two with at least twice the entries, so probes stay short and one bucket is
    /// always free.
    static func capacity(for count: Int) -> Int {
        var capacity = 16
        while capacity < count * 2 { capacity *= 2 }
        return capacity
    }
}

private func equal(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    guard let left = a.baseAddress, let right = b.baseAddress else { return true }
    return memcmp(left, right, a.count) == 0
}

/// A seeded 64-bit hash: eight bytes at a time, multiply and fold, one final mix.
@inline(__always)
func hashBytes(_ text: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
    let raw = UnsafeRawBufferPointer(text)
    var state = seed ^ UInt64(truncatingIfNeeded: raw.count) &* 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while offset + 8 <= raw.count {
        state = fold(state ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        offset += 8
    }
    var rest: UInt64 = 0
    while offset < raw.count {
        rest = rest << 8 | UInt64(raw[offset])
        offset += 1
    }
    return fold(fold(state ^ rest) ^ seed)
}

/// Multiplies by an odd constant and folds the 128-bit product's halves together.
@inline(__always)
func fold(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low
}
