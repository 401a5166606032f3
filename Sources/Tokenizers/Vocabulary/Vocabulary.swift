// A checked vocabulary, shared by all kinds of tokenizers.
//
// Guarantees: list lengths agree, types and scores are in range, special ids lie inside the
// vocabulary, and all tokens have different texts. The owner of a Vocabulary need not check again.
// Does not: merge. `SentencePieceTokenizer` and `BytePairTokenizer` do.
//
// Facts about roles follow llama.cpp (`llama-vocab.cpp`): the texts that end generation, and the
// rule that a token with an end text is a control token, whatever the type in the file. Of model
// files, user-defined tokens that look like control tokens are control tokens, too.

struct Vocabulary: Sendable {
    let texts: TextList
    let types: [TokenType]
    let index: TokenIndex
    /// True for tokens that may come out of merging plain text: by the file's own types, neither
    /// control nor unknown nor byte tokens.
    let isMergeable: [Bool]
    let begin: Int32?
    let end: Int32?
    let unknown: Int32?
    /// True when special tokens swallow the white space behind them.
    let dropsWhiteSpace: Bool
    /// True for tokens that end generation, one flag per token.
    private let endsGeneration: [Bool]
    /// Matches user-defined tokens only, for text without recognised control tokens.
    private let plainMatcher: SpecialTokenMatcher
    /// Matches control and unknown tokens too.
    private let specialMatcher: SpecialTokenMatcher

    var count: Int { texts.count }

    /// - Parameter defaults: ids of roles without an id in the file. Ids outside the vocabulary are
    ///   ignored.
    init(
        _ definition: TokenizerDefinition,
        defaults: [TokenizerDefinition.SpecialToken: Int] = [:]
    ) throws(TokenizerError) {
        let texts = definition.tokens
        try Self.checkSizes(texts)
        var types = try Self.types(definition.types, count: texts.count)
        isMergeable = types.map { $0 != .control && $0 != .unknown && $0 != .byte }
        let index = try TokenIndex(texts)
        if definition.pipeline == nil {
            for id in types.indices where types[id] == .userDefined && Self.looksControl(texts[id])
            {
                types[id] = .control
            }
        }
        var roles: [TokenizerDefinition.SpecialToken: Int32] = [:]
        for role in TokenizerDefinition.SpecialToken.allCases {
            roles[role] = try Self.specialToken(role, definition, defaults, count: texts.count)
        }
        var ends = [Bool](repeating: false, count: texts.count)
        for text in Self.endTexts {
            guard let id = index.find(Array(text.utf8), in: texts) else { continue }
            ends[Int(id)] = true
            types[Int(id)] = .control
        }
        for role in [TokenizerDefinition.SpecialToken.end, .endOfTurn, .endOfMessage] {
            if let id = roles[role] { ends[Int(id)] = true }
        }
        self.texts = texts
        self.types = types
        self.index = index
        begin = roles[.begin]
        end = roles[.end]
        unknown = roles[.unknown] ?? types.firstIndex(of: .unknown).map { Int32($0) }
        endsGeneration = ends
        let stripping = Self.strippingTokens(definition, types, index)
        dropsWhiteSpace = !stripping.isEmpty
        plainMatcher = Self.matcher(texts, types, stripping) { $0 == .userDefined }
        specialMatcher = Self.matcher(texts, types, stripping) {
            $0 == .userDefined || $0 == .control || $0 == .unknown
        }
    }

    func contains(_ token: Int32) -> Bool { token >= 0 && Int(token) < count }

    func isEndOfGeneration(_ token: Int32) -> Bool {
        contains(token) && endsGeneration[Int(token)]
    }

    func isControl(_ token: Int32) -> Bool {
        contains(token) && types[Int(token)] == .control
    }

    func isUnknown(_ token: Int32) -> Bool {
        contains(token) && types[Int(token)] == .unknown
    }

    /// The id of a text, or nil.
    func find(_ text: [UInt8]) -> Int32? { index.find(text, in: texts) }

    /// The id of a text that merging may produce, or nil.
    @inline(__always)
    func findMergeable(_ text: UnsafeBufferPointer<UInt8>) -> Int32? {
        guard let token = index.find(text, in: texts), isMergeable[Int(token)] else { return nil }
        return token
    }

    /// Tokens matched as a whole, in text order. The gaps between matches are ordinary text.
    func specialMatches(in text: Span<UInt8>, parseSpecial: Bool) -> [SpecialMatch] {
        (parseSpecial ? specialMatcher : plainMatcher).matches(in: text)
    }

    /// Tokens matched as a whole in a conversation: control tokens in the template's words only,
    /// user-defined tokens everywhere.
    ///
    /// For the first search, the caller's words are replaced by bytes that occur in no text. White
    /// space stays, because control tokens may swallow the white space behind them.
    func specialMatches(in prompt: ChatPrompt) -> [SpecialMatch] {
        var hidden = prompt.text
        for range in prompt.contentRanges {
            for index in range where !isASCIISpace(hidden[index]) { hidden[index] = 0xFF }
        }
        var matches: [SpecialMatch] = []
        var offset = 0
        for match in specialMatcher.matches(in: hidden.span) {
            // A damaged vocabulary may have control tokens with the replacement byte 0xFF.
            guard types[Int(match.token)] == .userDefined || !covers(match.range, hidden) else {
                continue
            }
            appendPlain(prompt.text, offset..<match.range.lowerBound, to: &matches)
            matches.append(match)
            offset = match.range.upperBound
        }
        appendPlain(prompt.text, offset..<prompt.text.count, to: &matches)
        return matches
    }

    /// True when a replaced byte lies in the range.
    private func covers(_ range: Range<Int>, _ hidden: [UInt8]) -> Bool {
        hidden[range].contains(0xFF)
    }

    /// Appends the user-defined tokens between two control tokens.
    private func appendPlain(
        _ text: [UInt8], _ range: Range<Int>, to matches: inout [SpecialMatch]
    ) {
        guard !range.isEmpty else { return }
        for match in plainMatcher.matches(in: text.span.extracting(range)) {
            let start = match.range.lowerBound + range.lowerBound
            matches.append(
                SpecialMatch(token: match.token, range: start..<start + match.range.count))
        }
    }

    /// True for the texts that converters take for control tokens, whatever the source says. Older
    /// converters left them user-defined, so that a caller's text could forge them.
    private static func looksControl(_ text: ArraySlice<UInt8>) -> Bool {
        func isWrapped(_ start: String, _ end: String) -> Bool {
            text.count >= start.utf8.count + end.utf8.count && text.starts(with: start.utf8)
                && text.suffix(end.utf8.count).elementsEqual(end.utf8)
        }
        return isWrapped("<|", "|>") || isWrapped("<｜", "｜>") || isWrapped("<unused", ">")
            || ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].contains { text.elementsEqual($0.utf8) }
    }

    /// Texts that end a turn or a text in published models (the list is llama.cpp's).
    private static let endTexts = [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>",
        "<|calls|>", "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>",
        "[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>",
        "<eos>", "<turn|>", "<|tool_response>", "<｜end▁of▁sentence｜>",
    ]
}

// MARK: - Checks

extension Vocabulary {
    private static func checkSizes(_ texts: TextList) throws(TokenizerError) {
        let key = "tokenizer.ggml.tokens"
        guard texts.count > 0 else {
            throw TokenizerError(
                .vocabularyEmpty, tried: "reading the vocabulary", found: "no tokens",
                allowed: "at least 1", location: key)
        }
        guard texts.count <= TokenizerLimits.tokenCountMax,
            texts.byteCount <= TokenizerLimits.vocabularySizeMax
        else {
            throw TokenizerError(
                .vocabularyTooLarge, tried: "reading the vocabulary",
                found: "\(texts.count) tokens of \(texts.byteCount) bytes",
                allowed: "\(TokenizerLimits.tokenCountMax) tokens of "
                    + "\(TokenizerLimits.vocabularySizeMax) bytes", location: key)
        }
        for id in 0..<texts.count where texts.size(id) > TokenizerLimits.tokenSizeMax {
            throw TokenizerError(
                .tokenTooLong, tried: "reading the vocabulary",
                found: "token \(id) of \(texts.size(id)) bytes",
                allowed: "\(TokenizerLimits.tokenSizeMax) bytes", location: key)
        }
    }

    private static func types(_ stored: [Int32]?, count: Int) throws(TokenizerError)
        -> [TokenType]
    {
        let key = "tokenizer.ggml.token_type"
        guard let stored else { return [TokenType](repeating: .normal, count: count) }
        guard stored.count == count else { throw lengthMismatch(key, stored.count, count) }
        var types: [TokenType] = []
        types.reserveCapacity(count)
        for (id, raw) in stored.enumerated() {
            guard let type = TokenType(rawValue: raw) else {
                throw TokenizerError(
                    .tokenTypeInvalid, tried: "reading the token types",
                    found: "type \(raw) at token \(id)", allowed: "0 to 6", location: key)
            }
            types.append(type)
        }
        return types
    }

    /// The scores, checked: one per token, all finite.
    static func scores(_ stored: [Float]?, count: Int) throws(TokenizerError) -> [Float] {
        let key = "tokenizer.ggml.scores"
        guard let stored else {
            throw TokenizerError(
                .keyMissing, tried: "reading the token scores", found: "no such key",
                allowed: "an array of \(count) floats", location: key)
        }
        guard stored.count == count else { throw lengthMismatch(key, stored.count, count) }
        if let id = stored.firstIndex(where: { !$0.isFinite }) {
            throw TokenizerError(
                .scoreInvalid, tried: "reading the token scores",
                found: "\(stored[id]) at token \(id)", allowed: "finite numbers", location: key)
        }
        return stored
    }

    private static func lengthMismatch(_ key: String, _ found: Int, _ count: Int)
        -> TokenizerError
    {
        TokenizerError(
            .lengthMismatch, tried: "comparing the vocabulary's lists", found: "\(found) entries",
            allowed: "\(count), one per token", location: key)
    }

    private static func specialToken(
        _ role: TokenizerDefinition.SpecialToken, _ definition: TokenizerDefinition,
        _ defaults: [TokenizerDefinition.SpecialToken: Int], count: Int
    ) throws(TokenizerError) -> Int32? {
        guard let id = definition.specialTokens[role] else {
            return defaults[role].flatMap { $0 < count ? Int32($0) : nil }
        }
        guard id >= 0, id < count else {
            throw TokenizerError(
                .specialTokenInvalid, tried: "reading the special tokens", found: "id \(id)",
                allowed: "0 to \(count - 1)", location: role.key)
        }
        return Int32(id)
    }

    /// Phi-3 vocabularies swallow white space behind most special tokens. As in llama.cpp, the
    /// model's name identifies a Phi-3 vocabulary, because conversion leaves no further trace.
    private static func strippingTokens(
        _ definition: TokenizerDefinition, _ types: [TokenType], _ index: TokenIndex
    ) -> Set<Int32> {
        if let tokens = definition.strippingTokens {
            return Set(tokens.compactMap { Int32(exactly: $0) })
        }
        let name = definition.modelName?.lowercased() ?? ""
        guard name.contains("phi-3") || name.contains("phi3") else { return [] }
        var tokens = Set<Int32>()
        for (id, type) in types.enumerated()
        where type == .control || type == .userDefined || type == .unknown {
            tokens.insert(Int32(id))
        }
        for text in ["<unk>", "<s>", "<|endoftext|>"] {
            if let id = index.find(Array(text.utf8), in: definition.tokens) { tokens.remove(id) }
        }
        return tokens
    }

    private static func matcher(
        _ texts: TextList, _ types: [TokenType], _ stripping: Set<Int32>,
        where matched: (TokenType) -> Bool
    ) -> SpecialTokenMatcher {
        let ids = types.indices.filter { matched(types[$0]) }.map { Int32($0) }
        return SpecialTokenMatcher(ids, in: texts, stripping: stripping)
    }
}
