// Small vocabularies for tests, right ones and wrong ones.
//
// A definition is a plain value: start from a right one and break one thing.

import Tokenizers

extension TokenizerDefinition {
    /// `<unk>`, `<s>`, `</s>`, the 256 byte tokens, then the given pieces with falling scores
    /// (so earlier pieces merge first).
    static func sentencePiece(_ pieces: [String]) -> TokenizerDefinition {
        var definition = TokenizerDefinition(model: "llama")
        let byteTokens = (0..<256).map { byte in
            "<0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) + ">"
        }
        definition.tokens = TextList(["<unk>", "<s>", "</s>"] + byteTokens + pieces)
        definition.types =
            [2, 3, 3] + [Int32](repeating: 6, count: 256)
            + [Int32](repeating: 1, count: pieces.count)
        definition.scores =
            [Float](repeating: 0, count: 259) + pieces.indices.map { -Float($0) - 1 }
        definition.specialTokens = [.begin: 1, .end: 2, .unknown: 0]
        return definition
    }

    /// The 256 bytes, then what the merges make, in order; `left right` in GPT-2's alphabet.
    static func bytePair(_ merges: [String], pre: String = "gpt-2") -> TokenizerDefinition {
        var definition = TokenizerDefinition(model: "gpt2")
        definition.preTokenizer = pre
        var pieces = byteCharacters
        for merge in merges {
            let piece = merge.split(separator: " ").joined()
            if !pieces.contains(piece) { pieces.append(piece) }
        }
        definition.tokens = TextList(pieces)
        definition.types = [Int32](repeating: 1, count: pieces.count)
        definition.merges = TextList(merges)
        return definition
    }

    /// GPT-2's character for each byte: itself where it is printable, else U+0100 and following.
    static let byteCharacters: [String] = {
        var next: UInt32 = 0x100
        return (UInt32(0)..<256).map { byte in
            let isPrintable =
                (0x21...0x7E).contains(byte) || (0xA1...0xFF).contains(byte) && byte != 0xAD
            defer { if !isPrintable { next += 1 } }
            return Unicode.Scalar(isPrintable ? byte : next).map { String($0) } ?? ""
        }
    }()

    /// Replaces the text of one token.
    mutating func replaceToken(_ id: Int, with text: [UInt8]) {
        var list = TextList()
        for index in 0..<tokens.count { list.append(index == id ? text[...] : tokens[index]) }
        tokens = list
    }

    /// Adds a token of a type, with the lowest score.
    mutating func addToken(_ text: String, type: TokenType) {
        tokens.append(text.utf8)
        types?.append(type.rawValue)
        scores?.append(-100_000)
    }
}
