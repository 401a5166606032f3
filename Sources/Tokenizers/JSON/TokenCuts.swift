// Ways to cut a token into two tokens, counted without making the parts.
//
// Guarantees: time is linear in the bytes of the vocabulary, except for the comparison of parts
// that are tokens.
// Does not: look at merges.

/// The tokens of a vocabulary by the hash of their texts. A value.
struct TokenCuts {
    private let texts: [[UInt8]]
    private let sizeMax: Int
    private let hash: PrefixHash
    private var table: IntegerTable

    /// - Parameters:
    ///   - texts: the vocabulary. Equal texts count once.
    ///   - sizeMax: bytes of the longest text passed to `count`.
    init(_ texts: [[UInt8]], sizeMax: Int) {
        self.texts = texts
        self.sizeMax = sizeMax
        hash = PrefixHash(sizeMax: sizeMax)
        table = IntegerTable(countMin: texts.count)
        for (id, text) in texts.enumerated() where !text.isEmpty && text.count <= sizeMax {
            table.insert(hash.value(text, text.indices), UInt64(id))
        }
    }

    /// Ways to cut `text`, of at most `sizeMax` bytes, between two characters into two tokens.
    func count(in text: [UInt8]) -> Int {
        guard text.count > 1 else { return 0 }
        var prefixes: [UInt64] = []
        text.withUnsafeBufferPointer { hash.prefixes($0[...], into: &prefixes) }
        return (1..<text.count).count { cut in
            text[cut] & 0xC0 != 0x80 && isToken(text, 0..<cut, prefixes)
                && isToken(text, cut..<text.count, prefixes)
        }
    }

    private func isToken(_ text: [UInt8], _ range: Range<Int>, _ prefixes: [UInt64]) -> Bool {
        let key = hash.value(prefixes, range.lowerBound, range.count)
        guard let id = table.find(key) else { return false }
        return texts[Int(id)].elementsEqual(text[range])
    }
}
