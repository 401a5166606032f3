// The token list of a tokenizer.json: texts by id, types, merges, scores.
//
// Guarantees: ids are unique, and dense except for a bounded number of holes. The holes become
// unused tokens. An added token with another id in the vocabulary is refused.
// Does not: keep the document.

import ModelFiles

struct TokenizerJSONVocabulary {
    private var texts: [[UInt8]]
    private var types: [Int32]
    private var stripping: Set<Int> = []
    /// Text -> id, added tokens included.
    private(set) var ids: [[UInt8]: Int] = [:]
    private let place = "model.vocab"

    /// Bytes of the longest token with counted cuts. Published vocabularies of SentencePiece style
    /// stay below 100.
    private static let scoredSizeMax = 256
    /// Holes in the ids. Published files have no holes, or a few hundred.
    private static let holeCountMax = 65_536

    init(_ root: JSONValue, _ model: JSONValue) throws(TokenizerError) {
        guard let vocab = model["vocab"], vocab.isObject else {
            throw .structure(model["vocab"] ?? model, "an object, text -> id", place)
        }
        let added = root["added_tokens"].map { Array($0.elements) } ?? []
        guard vocab.count + added.count <= TokenizerLimits.tokenCountMax else {
            throw TokenizerError(
                .vocabularyTooLarge, tried: "counting the tokens",
                found: "\(vocab.count + added.count)",
                allowed: "\(TokenizerLimits.tokenCountMax)", location: place)
        }
        let countMax = vocab.count + added.count + Self.holeCountMax
        texts = []
        types = []
        for (key, value) in vocab.members {
            try set(Array(key), value, countMax, .normal)
        }
        let unknown = model["unk_token"]?.asString
        for token in added { try add(token, countMax, unknown: unknown) }
        if let unknown, let id = ids[Array(unknown.utf8)] {
            types[id] = TokenType.unknown.rawValue
        }
        for id in types.indices where types[id] == TokenType.undefined.rawValue {
            texts[id] = Array("[PAD\(id)]".utf8)
            types[id] = TokenType.unused.rawValue
        }
    }

    private mutating func set(
        _ text: [UInt8], _ value: JSONValue, _ countMax: Int, _ type: TokenType
    ) throws(TokenizerError) {
        guard let id = value.asInteger, id >= 0, id < countMax else {
            throw TokenizerError(
                .tokenIDInvalid, tried: "reading the id of token \(quoted(text))",
                found: value.asInteger.map { "\($0)" } ?? value.typeName,
                allowed: "0 to \(countMax - 1)", location: place)
        }
        while texts.count <= id {
            texts.append([])
            types.append(TokenType.undefined.rawValue)
        }
        let isTaken = types[id] != TokenType.undefined.rawValue && texts[id] != text
        guard !isTaken, ids.updateValue(id, forKey: text) ?? id == id else {
            throw TokenizerError(
                .tokenIDInvalid, tried: "reading the id of token \(quoted(text))",
                found: isTaken ? "id \(id), which \(quoted(texts[id])) has" : "a second id, \(id)",
                allowed: "one id for each token", location: place)
        }
        texts[id] = text
        types[id] = type.rawValue
    }

    private mutating func add(
        _ token: JSONValue, _ countMax: Int, unknown: String?
    ) throws(TokenizerError) {
        let place = "added_tokens"
        guard let content = token["content"]?.asBytes, !content.isEmpty, let id = token["id"] else {
            throw .structure(token, "an object with content and id", place)
        }
        for flag in ["single_word", "lstrip"] where token[flag]?.asBool == true {
            throw .unsupported("\(flag) of token \(quoted(content))", "false", place)
        }
        let isSpecial = token["special"]?.asBool ?? false
        try set(Array(content), id, countMax, isSpecial ? .control : .userDefined)
        if token["rstrip"]?.asBool == true, let id = id.asInteger { stripping.insert(id) }
    }

    /// Puts the lists into a definition.
    func fill(_ definition: inout TokenizerDefinition, isByteLevel: Bool) {
        var types = types
        if !isByteLevel {
            for value in UInt8.min...UInt8.max {
                if let id = ids[Self.byteText(value)], types[id] == TokenType.normal.rawValue {
                    types[id] = TokenType.byte.rawValue
                }
            }
        }
        var list = TextList()
        list.reserve(count: texts.count, byteCount: texts.reduce(0) { $0 + $1.count })
        for text in texts { list.append(text) }
        definition.tokens = list
        definition.types = types
        definition.strippingTokens = stripping
    }

    private static func byteText(_ value: UInt8) -> [UInt8] {
        let digits = String(value, radix: 16, uppercase: true)
        return Array(("<0x" + (value < 16 ? "0" : "") + digits + ">").utf8)
    }

    // MARK: Merges

    /// The rules as `left right`, for byte-level vocabularies.
    func mergeTexts(_ model: JSONValue) throws(TokenizerError) -> TextList {
        var list = TextList()
        try forEachMerge(model) { _, left, right in
            list.append(left + [0x20] + right)
        }
        return list
    }

    /// Scores under which merging by score gives the ids of merging by rank. A token's score is
    /// -(rank + 1) of the first rule for the token.
    ///
    /// SentencePiece merges any two pieces that make a token, but the tokenizers library merges
    /// only pairs in its list. So the list must hold every possible pair, as in converted files.
    func scores(_ model: JSONValue) throws(TokenizerError) -> [Float] {
        var scores = [Float](repeating: 0, count: texts.count)
        var pairCounts = [Int32](repeating: 0, count: texts.count)
        var failure: TokenizerError?
        try forEachMerge(model) { rank, left, right in
            guard failure == nil else { return }
            guard let id = ids[Array(left + right)], ids[Array(left)] != nil,
                ids[Array(right)] != nil
            else {
                failure = mergeError(rank, left + right, "two tokens that make a token")
                return
            }
            if pairCounts[id] == 0 { scores[id] = -Float(rank) - 1 }
            pairCounts[id] += 1
        }
        if let failure { throw failure }
        let cuts = TokenCuts(texts, sizeMax: Self.scoredSizeMax)
        for id in texts.indices where types[id] == TokenType.normal.rawValue {
            guard texts[id].count <= Self.scoredSizeMax else {
                throw TokenizerError(
                    .tokenTooLong, tried: "looking for the merges that make a token",
                    found: "token \(id) of \(texts[id].count) bytes",
                    allowed: "\(Self.scoredSizeMax) bytes", location: place)
            }
            guard pairCounts[id] >= cuts.count(in: texts[id]) else {
                throw TokenizerError(
                    .mergeInvalid, tried: "looking for the merges that make a token",
                    found: "\(pairCounts[id]) for \(quoted(texts[id]))",
                    allowed: "one for each way to cut it into two tokens",
                    location: "model.merges")
            }
        }
        return scores
    }

    private func forEachMerge(
        _ model: JSONValue,
        _ body: (_ rank: Int, _ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Void
    ) throws(TokenizerError) {
        guard let merges = model["merges"], merges.isArray else {
            throw .structure(model["merges"] ?? model, "an array", "model.merges")
        }
        guard merges.count <= TokenizerLimits.mergeCountMax else {
            throw TokenizerError(
                .vocabularyTooLarge, tried: "counting the merges", found: "\(merges.count)",
                allowed: "\(TokenizerLimits.mergeCountMax)", location: "model.merges")
        }
        for (rank, merge) in merges.elements.enumerated() {
            // Splits into at most three parts, enough to notice a rule with too many.
            let parts =
                merge.asBytes.map {
                    $0.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
                } ?? (merge.count == 2 ? merge.elements.compactMap(\.asBytes) : [])
            guard parts.count == 2, merge.count == 2 || !merge.isArray,
                parts.allSatisfy({ !$0.isEmpty && !$0.contains(0x20) })
            else {
                throw mergeError(
                    rank, merge.asBytes ?? Array(merge.typeName.utf8)[...],
                    "two texts without spaces, as a string or a pair")
            }
            body(rank, parts[0], parts[1])
        }
    }

    private func mergeError(
        _ rank: Int, _ found: some Sequence<UInt8>, _ allowed: String
    ) -> TokenizerError {
        TokenizerError(
            .mergeInvalid, tried: "reading merge rule \(rank)", found: quoted(found),
            allowed: allowed, location: "model.merges")
    }
}
