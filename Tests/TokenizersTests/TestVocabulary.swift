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
