// Stands in for a vocabulary where a test is about numbers only: it knows how many tokens there
// are.

import ModelFiles
import Tokenizers

struct StubTokenizer: Tokenizer {
    let vocabularySize: Int
    let beginToken: Int32? = nil
    let endToken: Int32? = nil
    let addsBeginToken = false
    let addsEndToken = false
    let suffixTokens: [Int32] = []
    let degradations: [String] = []
    let summary = "stub"

    /// As many tokens as the file's list has.
    static func make(from metadata: Metadata) throws(TokenizerError) -> any Tokenizer {
        StubTokenizer(vocabularySize: metadata["tokenizer.ggml.tokens"]?.asArray?.count ?? 0)
    }

    func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32] { [] }

    func appendPiece(_ token: Int32, special: Bool, to bytes: inout [UInt8]) {}
    func decode(_ tokens: [Int32], special: Bool, sizeMax: Int) -> [UInt8] { [] }
    func isEndOfGeneration(_ token: Int32) -> Bool { false }
    func isControl(_ token: Int32) -> Bool { false }
}
