// The common part of tokenizers with a vocabulary. Special tokens in the text are matched first, as
// whole tokens. The rules of the kind encode the gaps. Begin and end tokens go around the result.

/// A tokenizer that looks tokens up in a `Vocabulary`.
protocol VocabularyTokenizer: Tokenizer {
    var vocabulary: Vocabulary { get }

    /// True when no byte of a text is dropped.
    var encodesEveryByte: Bool { get }

    /// Encodes a text with known whole-token matches. A watch may end the encoding half-way.
    func encode(
        _ text: Span<UInt8>, around matches: [SpecialMatch], _ watch: EncodingWatch?,
        into tokens: inout [Int32])
}

extension VocabularyTokenizer {
    var vocabularySize: Int { vocabulary.count }
    var beginToken: Int32? { vocabulary.begin }
    var endToken: Int32? { vocabulary.end }
    var suffixTokens: [Int32] { addsEndToken ? endToken.map { [$0] } ?? [] : [] }
    var degradations: [String] { [] }

    func isEndOfGeneration(_ token: Int32) -> Bool { vocabulary.isEndOfGeneration(token) }

    func isControl(_ token: Int32) -> Bool { vocabulary.isControl(token) }

    func leastTokenCount(ofSize size: Int) -> Int {
        guard encodesEveryByte, !vocabulary.dropsWhiteSpace else { return 0 }
        return size / max(1, vocabulary.index.textSizeMax)
    }

    func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32] {
        try checkTextSize(text.count)
        var tokens: [Int32] = []
        if addSpecial, addsBeginToken, let begin = beginToken { tokens.append(begin) }
        let matches = vocabulary.specialMatches(in: text, parseSpecial: parseSpecial)
        encode(text, around: matches, watch, into: &tokens)
        try watch?.check(tokens.count)
        if addSpecial, addsEndToken, let end = endToken { tokens.append(end) }
        return tokens
    }

    /// Begins like a text, without an end token, because the model's turn follows. A begin token
    /// that the template wrote counts.
    func encode(
        _ prompt: ChatPrompt, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32] {
        try checkTextSize(prompt.text.count)
        var tokens: [Int32] = []
        let matches = vocabulary.specialMatches(in: prompt)
        let isWritten = matches.first.map { $0.token == beginToken && $0.range.lowerBound == 0 }
        if addsBeginToken, isWritten != true, let begin = beginToken { tokens.append(begin) }
        encode(prompt.text.span, around: matches, watch, into: &tokens)
        try watch?.check(tokens.count)
        return tokens
    }
}

/// Refuses a text that is too long for 32-bit positions after escaping.
func checkTextSize(_ size: Int) throws(TokenizerError) {
    guard size <= TokenizerLimits.textSizeMax else {
        throw TokenizerError(
            .textTooLong, tried: "encoding a text", found: "\(size) bytes",
            allowed: "\(TokenizerLimits.textSizeMax) bytes")
    }
}
