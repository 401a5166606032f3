// Where no token reaches across: pairs of characters that some token has side by side.
//
// Guarantees: a pair that some token has is always found. A pair that no token has is found in
// about 6 % of cases, which costs time but changes no id.
// Does not: check the encoding of a text.

/// Pairs of characters that occur side by side in some token: a bit map by hash.
struct PairFilter: Sendable {
    private var words: [UInt64]
    private let mask: UInt64

    /// The pairs in the tokens for which a condition on the id holds.
    init(_ texts: TextList, where isCounted: (Int) -> Bool) {
        self.init(countMin: texts.byteCount)
        texts.bytes.withUnsafeBufferPointer { bytes in
            for id in 0..<texts.count where isCounted(id) {
                insertPairs(UnsafeBufferPointer(rebasing: bytes[texts.range(id)]))
            }
        }
    }

    /// Sixteen bits per expected pair keep false positives near 6 %.
    private init(countMin: Int) {
        var bits = 1 << 12
        while bits < countMin * 16, bits < 1 << 26 { bits *= 2 }
        words = [UInt64](repeating: 0, count: bits / 64)
        mask = UInt64(bits - 1)
    }

    @inline(__always)
    private func bit(_ left: UInt32, _ right: UInt32) -> UInt64 {
        fold(UInt64(left) << 32 | UInt64(right)) & mask
    }

    @inline(__always)
    func contains(_ left: UInt32, _ right: UInt32) -> Bool {
        let bit = bit(left, right)
        return words[Int(bit >> 6)] >> (bit & 63) & 1 == 1
    }

    private mutating func insertPairs(_ text: UnsafeBufferPointer<UInt8>) {
        var position = 0
        var last: UInt32?
        while position < text.count {
            let size = min(characterSize(text[position]), text.count - position)
            let character = packCharacter(text, position, size)
            if let last {
                let bit = bit(last, character)
                words[Int(bit >> 6)] |= 1 << (bit & 63)
            }
            last = character
            position += size
        }
    }
}

/// Bytes of a character according to its first byte, or 1 for a stray continuation byte. The
/// following bytes are not checked, so invalid text is cut as in llama.cpp.
@inline(__always)
func characterSize(_ first: UInt8) -> Int {
    switch first {
    case 0xC0...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xFF: 4
    default: 1
    }
}

@inline(__always)
func packCharacter(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ size: Int) -> UInt32 {
    var packed: UInt32 = 0
    for offset in 0..<size { packed = packed << 8 | UInt32(text[start + offset]) }
    return packed
}
