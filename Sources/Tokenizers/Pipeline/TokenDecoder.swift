// `decoder` of a tokenizer.json: ids -> bytes.
//
// Guarantees: the bytes of a token depend on the token alone, so a text can be decoded as it comes.
// Only the space in front of a whole text is taken off later, by `strip`.
// Does not: replace ill-formed bytes. `StreamingDecoder` does.

struct TokenDecoder: Sendable {
    /// Texts that are written as others, in order.
    var replacements: [(from: [UInt8], to: [UInt8])] = []
    /// True when tokens are written in `ByteAlphabet`.
    var readsAlphabet = false
    /// True when `<0xNN>` stands for a byte.
    var readsByteTokens = false
    /// What is taken off the start of a whole text.
    var start = Start.nothing

    enum Start: Sendable, Equatable {
        case nothing
        /// At most so many times a text.
        case text([UInt8], countMax: Int)
        /// What the first token has of a character, wherever it stands.
        case allOfFirst([UInt8])
    }

    /// Appends the bytes of a token's text.
    func append(_ text: ArraySlice<UInt8>, isFirst: Bool = false, to bytes: inout [UInt8]) {
        if readsByteTokens, let value = ByteToken.value(text) {
            bytes.append(value)
            return
        }
        if readsAlphabet {
            Self.appendFromAlphabet(text, to: &bytes)
            return
        }
        var text = text
        if isFirst, case .allOfFirst(let removed) = start {
            text = Self.replace(removed, by: [], in: text)[...]
        }
        for (from, to) in replacements { text = Self.replace(from, by: to, in: text)[...] }
        bytes.append(contentsOf: text)
    }

    /// Takes off what encoding puts in front of a text.
    func strip(_ bytes: inout [UInt8]) {
        guard case .text(let text, let countMax) = start else { return }
        var offset = 0
        for _ in 0..<countMax where bytes[offset...].starts(with: text) { offset += text.count }
        bytes.removeFirst(offset)
    }

    /// A token of which one character is outside the alphabet stands for itself.
    private static func appendFromAlphabet(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        if ByteAlphabet.covers(text) {
            ByteAlphabet.appendDecoded(text, to: &bytes)
        } else {
            bytes.append(contentsOf: text)
        }
    }

    private static func replace(
        _ from: [UInt8], by to: [UInt8], in text: ArraySlice<UInt8>
    ) -> [UInt8] {
        var result: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].starts(with: from) {
                result.append(contentsOf: to)
                index += from.count
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }
}
