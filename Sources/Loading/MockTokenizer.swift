// The mock's vocabulary: a token per byte, and 31,741 words that say "mock".
//
// Ids: 0 unknown, 1 begin, 2 end, 3 ... 258 the bytes 0 ... 255, the rest ` mock-N`.
// Guarantees: encoding loses nothing. Decoding random ids gives text that nobody takes for a real
// model's answer.
// Does not: recognise special tokens in text.

import Tokenizers

struct MockTokenizer: Tokenizer {
    var vocabularySize: Int { MockModel.vocabularySizeFixed }
    var beginToken: Int32? { 1 }
    var endToken: Int32? { 2 }
    var addsBeginToken: Bool { true }
    var addsEndToken: Bool { false }
    var suffixTokens: [Int32] { [] }
    var degradations: [String] { [] }
    var summary: String { "mock (one token per byte)" }

    private static let firstByte: Int32 = 3
    private static let firstWord: Int32 = 259

    func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32] {
        var tokens: [Int32] = addSpecial ? [1] : []
        tokens.reserveCapacity(text.count + 1)
        for index in text.indices { tokens.append(Int32(text[index]) + Self.firstByte) }
        return tokens
    }

    func appendPiece(_ token: Int32, special: Bool, to bytes: inout [UInt8]) {
        switch token {
        case 0..<Self.firstByte:
            if special { bytes += ["<unk>", "<s>", "</s>"][Int(token)].utf8 }
        case Self.firstByte..<Self.firstWord: bytes.append(UInt8(token - Self.firstByte))
        case Self.firstWord..<Int32(vocabularySize): bytes += " mock-\(token)".utf8
        default: break
        }
    }

    func decode(_ tokens: [Int32], special: Bool, sizeMax: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for token in tokens where bytes.count <= sizeMax {
            appendPiece(token, special: special, to: &bytes)
        }
        return bytes
    }

    func isEndOfGeneration(_ token: Int32) -> Bool { token == 2 }
    func isControl(_ token: Int32) -> Bool { (0..<Self.firstByte).contains(token) }
}
