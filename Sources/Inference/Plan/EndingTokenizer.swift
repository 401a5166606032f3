// A tokenizer with more tokens that end an answer, and tokens that are never chosen.
//
// Vocabularies know the roles of their own file. The lists of other files come on top here, so a
// vocabulary need not know who else names an end.
// Guarantees: everything but ends and suppressed tokens is the tokenizer's own.

import Tokenizers

struct EndingTokenizer: Tokenizer {
    let base: any Tokenizer
    private let ends: Set<Int32>
    let suppressedTokens: [Int32]

    /// Returns `base`, with the lists put on top where they add anything.
    static func make(_ base: any Tokenizer, _ lists: TokenLists) -> any Tokenizer {
        let more = lists.endIDs.map { Int32($0) }.filter { !base.isEndOfGeneration($0) }
        let suppressed = lists.suppressedIDs.map { Int32($0) }
        guard !more.isEmpty || !suppressed.isEmpty else { return base }
        return EndingTokenizer(base: base, ends: Set(more), suppressedTokens: suppressed)
    }

    func isEndOfGeneration(_ token: Int32) -> Bool {
        ends.contains(token) || base.isEndOfGeneration(token)
    }

    // MARK: The tokenizer's own

    var vocabularySize: Int { base.vocabularySize }
    var beginToken: Int32? { base.beginToken }
    var endToken: Int32? { base.endToken }
    var addsBeginToken: Bool { base.addsBeginToken }
    var addsEndToken: Bool { base.addsEndToken }
    var suffixTokens: [Int32] { base.suffixTokens }
    var degradations: [String] { base.degradations }
    var summary: String { base.summary }

    func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32] {
        try base.encode(text, addSpecial: addSpecial, parseSpecial: parseSpecial, watch: watch)
    }

    func encode(
        _ prompt: ChatPrompt, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32] {
        try base.encode(prompt, watch: watch)
    }

    func leastTokenCount(ofSize size: Int) -> Int { base.leastTokenCount(ofSize: size) }

    func appendPiece(_ token: Int32, special: Bool, to bytes: inout [UInt8]) {
        base.appendPiece(token, special: special, to: &bytes)
    }

    func decode(_ tokens: [Int32], special: Bool, sizeMax: Int) -> [UInt8] {
        base.decode(tokens, special: special, sizeMax: sizeMax)
    }

    func isControl(_ token: Int32) -> Bool { base.isControl(token) }
}
