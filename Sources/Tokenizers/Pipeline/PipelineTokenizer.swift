// The tokenizer of a tokenizer.json: each step as the tokenizers library takes it.
//
// Guarantees: the ids of the tokenizers library. A text goes through these steps:
//
//   added tokens of the raw text -> normalizers -> added tokens of the normalised text
//     -> pre-tokenizers -> merges -> ids around the text
//
// Ill-formed UTF-8, which the library does not take, is repaired first (see `wellFormed`).
// A text that the file wants cut, and a text with a token that the model has no row for, are
// refused.
// Does not: merge a text into a special token whose text was written by a caller, except where the
// token is a single character.

struct PipelineTokenizer: Tokenizer {
    let vocabulary: Vocabulary
    let summary: String
    private let pipeline: PipelineDefinition
    private let rawTokens: AddedTokenMatcher
    private let normalizedTokens: AddedTokenMatcher
    /// Texts of tokens that are looked for in the normalised text. They are written so, too.
    private let writtenTexts: [Int32: [UInt8]]
    /// Tokens that are written like a special one, which the library leaves out with the special
    /// ones.
    private let hiddenTokens: Set<Int32>
    private let splitter: PieceSplitter
    private let model: PairModel
    private let rowCount: Int
    /// Least bytes of text for each token, times the longest token. 0: no bound.
    private let sizePerToken: Int

    /// Checks the definition and builds the lookup tables.
    init(_ definition: TokenizerDefinition, _ pipeline: PipelineDefinition) throws(TokenizerError) {
        let vocabulary = try Vocabulary(definition)
        self.vocabulary = vocabulary
        self.pipeline = pipeline
        rowCount = min(definition.rowCount ?? vocabulary.count, vocabulary.count)
        rawTokens = AddedTokenMatcher(pipeline.addedTokens.filter { !$0.isNormalized })
        let normalized = try pipeline.addedTokens.filter(\.isNormalized).map {
            token throws(TokenizerError) in try token.normalized(by: pipeline.normalizers)
        }
        try Self.checkDifferent(normalized)
        normalizedTokens = AddedTokenMatcher(normalized)
        writtenTexts = Dictionary(
            normalized.filter { !$0.isSpecial }.map { ($0.id, $0.content) },
            uniquingKeysWith: { first, _ in first })
        let special = Set(pipeline.addedTokens.filter(\.isSpecial).map(\.content))
        hiddenTokens = Set(writtenTexts.filter { special.contains($0.value) }.keys)
        splitter = PieceSplitter(pipeline.steps)
        let missing = vocabulary.count - pipeline.isInModel.count
        model = PairModel(
            vocabulary,
            isInModel: pipeline.isInModel + repeatElement(false, count: max(0, missing)),
            pairs: pipeline.pairs, special: pipeline.guardedTokens, pipeline.model,
            readsBytes: splitter.givesBytes)
        let kind = definition.preTokenizer ?? "\(pipeline.steps.count) steps"
        let surplus = vocabulary.count - rowCount
        summary =
            (splitter.givesBytes ? "\(definition.model) (\(kind))" : "llama (SentencePiece style)")
            + (surplus == 0
                ? "" : ", \(surplus) tokens from \(rowCount) on without a row in the model")
        sizePerToken =
            model.encodesEveryByte && pipeline.keepsEveryByte && !rawTokens.strips
                && !normalizedTokens.strips
            ? max(1, vocabulary.index.textSizeMax) * pipeline.shrinkingMax : 0
    }

    /// Of tokens that look the same once normalised, the library takes any.
    private static func checkDifferent(_ tokens: [AddedToken]) throws(TokenizerError) {
        var ids: [[UInt8]: Int32] = [:]
        for token in tokens {
            if let other = ids.updateValue(token.id, forKey: token.content), other != token.id {
                throw .unsupported(
                    "tokens \(other) and \(token.id), which the normalizer makes the same",
                    "different texts", "added_tokens")
            }
        }
    }

    var vocabularySize: Int { rowCount }
    var beginToken: Int32? { vocabulary.begin }
    var endToken: Int32? { vocabulary.end }
    var degradations: [String] { [] }
    var suffixTokens: [Int32] { pipeline.suffix }
    var addsBeginToken: Bool { beginToken != nil && pipeline.prefix.first == beginToken }
    var addsEndToken: Bool { endToken != nil && pipeline.suffix == [endToken] }

    func isEndOfGeneration(_ token: Int32) -> Bool { vocabulary.isEndOfGeneration(token) }

    func isControl(_ token: Int32) -> Bool { vocabulary.isControl(token) }

    func leastTokenCount(ofSize size: Int) -> Int {
        sizePerToken == 0 ? 0 : size / sizePerToken
    }

    // MARK: Encoding

    func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32] {
        try checkTextSize(text.count)
        var tokens = addSpecial ? pipeline.prefix : []
        text.withUnsafeBufferPointer { bytes in
            let repaired = wellFormed(bytes)
            let policy = parseSpecial ? SpecialTokenPolicy.all : .none
            if let repaired {
                encode(repaired.span, policy, nil, watch, into: &tokens)
            } else {
                encode(bytes.span, policy, nil, watch, into: &tokens)
            }
        }
        try watch?.check(tokens.count)
        if addSpecial { tokens += pipeline.suffix }
        try check(tokens)
        return tokens
    }

    /// Tokens that the template wrote in front are not added again.
    func encode(
        _ prompt: ChatPrompt, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32] {
        try checkTextSize(prompt.text.count)
        var tokens: [Int32] = []
        var isCallers = [Bool](repeating: false, count: prompt.text.count)
        for range in prompt.contentRanges {
            for index in range { isCallers[index] = true }
        }
        let text = NormalizedText(bytes: prompt.text, isCallers: isCallers).wellFormed
        let marks = text.isCallers ?? []
        encode(text.bytes.span, .outside { marks[$0] }, marks, watch, into: &tokens)
        try watch?.check(tokens.count)
        if !tokens.starts(with: pipeline.prefix) { tokens = pipeline.prefix + tokens }
        try check(tokens)
        return tokens
    }

    /// - Parameter isCallers: true for each byte that a caller wrote, or nil.
    private func encode(
        _ text: Span<UInt8>, _ policy: SpecialTokenPolicy, _ isCallers: [Bool]?,
        _ watch: EncodingWatch?, into tokens: inout [Int32]
    ) {
        var encoder = PairModel.Encoder(model, makesSpecial: policy.isAll, watch)
        if text.isEmpty { return }
        for part in rawTokens.parts(of: text, policy) {
            if let token = part.token {
                tokens.append(token)
            } else if pipeline.normalizers.isEmpty {
                let marks = isCallers.map { Array($0[part.range]) }
                encodeNormal(
                    text.extracting(part.range), policy, marks, isFirst: part.range.lowerBound == 0,
                    &encoder, into: &tokens)
            } else {
                var changed = NormalizedText(
                    bytes: text.extracting(part.range).withUnsafeBufferPointer { Array($0) },
                    isCallers: isCallers.map { Array($0[part.range]) })
                for step in pipeline.normalizers { step.apply(&changed) }
                encodeNormal(
                    changed.bytes.span, policy, changed.isCallers, isFirst: false, &encoder,
                    into: &tokens)
            }
        }
    }

    /// Encodes a normalised text.
    private func encodeNormal(
        _ text: Span<UInt8>, _ policy: SpecialTokenPolicy, _ isCallers: [Bool]?, isFirst: Bool,
        _ encoder: inout PairModel.Encoder, into tokens: inout [Int32]
    ) {
        if text.isEmpty { return }
        let policy = isCallers.map { marks in SpecialTokenPolicy.outside { marks[$0] } } ?? policy
        text.withUnsafeBufferPointer { bytes in
            for part in normalizedTokens.parts(of: text, policy) {
                if let token = part.token {
                    tokens.append(token)
                    continue
                }
                splitter.forEachWord(
                    bytes, part.range, isFirst: isFirst && part.range.lowerBound == 0
                ) { encoder.encode($0, $1, into: &tokens) }
            }
        }
    }

    private func check(_ tokens: [Int32]) throws(TokenizerError) {
        if let countMax = pipeline.tokenCountMax, tokens.count > countMax {
            throw TokenizerError(
                .tooManyTokens, tried: "encoding a text that the tokenizer's file wants cut",
                found: "\(tokens.count) tokens", allowed: "\(countMax)", location: "truncation")
        }
        guard rowCount < vocabulary.count,
            let token = tokens.first(where: { $0 >= rowCount })
        else { return }
        throw TokenizerError(
            .tokenIDInvalid, tried: "encoding a text",
            found:
                "token \(token), \(quoted(vocabulary.texts[Int(token)])), which the model has no "
                + "row for", allowed: "0 to \(rowCount - 1)")
    }

    // MARK: Decoding

    func appendPiece(_ token: Int32, special: Bool, to bytes: inout [UInt8]) {
        append(token, special: special, isFirst: false, to: &bytes)
    }

    private func append(_ token: Int32, special: Bool, isFirst: Bool, to bytes: inout [UInt8]) {
        guard vocabulary.contains(token), special || !hiddenTokens.contains(token) else { return }
        let text = vocabulary.texts[Int(token)]
        switch vocabulary.types[Int(token)] {
        case .control, .unknown:
            if special { bytes.append(contentsOf: text) }
        case .normal, .userDefined, .byte:
            let written = writtenTexts.isEmpty ? nil : writtenTexts[token]
            pipeline.decoder.append(written?[...] ?? text, isFirst: isFirst, to: &bytes)
        case .unused, .undefined:
            break
        }
    }

    /// True for tokens of which nothing is written without the special ones.
    private func isLeftOut(_ token: Int32) -> Bool {
        isControl(token) || vocabulary.isUnknown(token) || hiddenTokens.contains(token)
    }

    func decode(_ tokens: [Int32], special: Bool, sizeMax: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var isFirst = true
        for token in tokens where bytes.count <= sizeMax {
            if !special, isLeftOut(token) { continue }
            append(token, special: special, isFirst: isFirst, to: &bytes)
            isFirst = false
        }
        pipeline.decoder.strip(&bytes)
        return bytes
    }
}

extension AddedToken {
    /// The token as it looks in a normalised text.
    ///
    /// - Throws: `featureUnsupported` when nothing is left of the text.
    func normalized(by steps: [NormalizerStep]) throws(TokenizerError) -> AddedToken {
        var text = NormalizedText(bytes: content)
        for step in steps { step.apply(&text) }
        guard !text.bytes.isEmpty else {
            throw .unsupported(
                "token \(quoted(content)), of which the normalizer leaves nothing",
                "a text", "added_tokens")
        }
        return AddedToken(
            id: id, content: text.bytes, isSingleWord: isSingleWord, stripsLeft: stripsLeft,
            stripsRight: stripsRight, isNormalized: true, isSpecial: isSpecial)
    }
}

extension PipelineDefinition {
    /// Special tokens of several characters.
    fileprivate var guardedTokens: Set<Int32> {
        Set(
            addedTokens.filter {
                $0.isSpecial && String(decoding: $0.content, as: UTF8.self).unicodeScalars.count > 1
            }.map(\.id))
    }

    /// True when no step leaves out a part of a text.
    fileprivate var keepsEveryByte: Bool {
        steps.allSatisfy { step in
            if case .split(let pattern, .removed, let isInverted) = step {
                return isInverted && PatternTable.isComplete(pattern)
            }
            return true
        }
    }

    /// How many times smaller a text may become through the normalizers. Canonical composition
    /// joins at most four characters, and no text becomes less than a third.
    fileprivate var shrinkingMax: Int {
        normalizers.reduce(1) { most, step in
            switch step {
            case .form(let form) where !form.isCompatible: most * (form.composes ? 3 : 1)
            case .prepend, .byteLevel: most
            case .replace(.text(let from), let to): from.count <= to.count ? most : 0
            default: 0
            }
        }
    }
}
