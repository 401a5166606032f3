// The token list of a tokenizer.json: texts by id, types, added tokens, merges.
//
// Guarantees: ids are unique, and dense except for a bounded number of holes. The holes become
// unused tokens. An added token has the id that the tokenizers library gives it: that of the same
// text in the vocabulary, else the next free one. A file that says otherwise is refused.
// Does not: keep the document.

import ModelFiles

struct TokenizerJSONVocabulary {
    private var texts: [[UInt8]]
    private var types: [Int32]
    /// Text -> id, without the tokens that are only added.
    private var modelIDs: [[UInt8]: Int] = [:]
    private var ids: [[UInt8]: Int] = [:]
    private(set) var isInModel: [Bool] = []
    private(set) var addedTokens: [AddedToken] = []
    private let place = "model.vocab"

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
        modelIDs = ids
        isInModel = types.map { $0 != TokenType.undefined.rawValue }
        var next = vocab.count
        for token in added { try add(token, countMax, next: &next) }
        if let id = unknown(model), types[id] == TokenType.control.rawValue {
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

    /// - Parameter next: the id of the next token that the vocabulary does not have.
    private mutating func add(
        _ token: JSONValue, _ countMax: Int, next: inout Int
    ) throws(TokenizerError) {
        let place = "added_tokens"
        guard let content = token["content"]?.asBytes, let id = token["id"] else {
            throw .structure(token, "an object with content and id", place)
        }
        // The library passes over a token without text.
        guard !content.isEmpty else { return }
        let isSpecial = token["special"]?.asBool ?? false
        let text = Array(content)
        let expected = ids[text] ?? next
        try set(text, id, countMax, isSpecial ? .control : .userDefined)
        guard id.asInteger == expected else {
            throw TokenizerError(
                .tokenIDInvalid, tried: "reading the id of token \(quoted(text))",
                found: "id \(id.asInteger ?? -1)",
                allowed: "\(expected), the next behind the vocabulary", location: place)
        }
        next = max(next, expected + 1)
        addedTokens.append(
            AddedToken(
                id: Int32(expected), content: text,
                isSingleWord: token["single_word"]?.asBool ?? false,
                stripsLeft: token["lstrip"]?.asBool ?? false,
                stripsRight: token["rstrip"]?.asBool ?? false,
                isNormalized: token["normalized"]?.asBool ?? !isSpecial, isSpecial: isSpecial))
    }

    /// Puts the lists into a definition.
    func fill(_ definition: inout TokenizerDefinition) {
        var list = TextList()
        list.reserve(count: texts.count, byteCount: texts.reduce(0) { $0 + $1.count })
        for text in texts { list.append(text) }
        definition.tokens = list
        definition.types = types
        definition.strippingTokens = []
    }

    // MARK: Model

    private func unknown(_ model: JSONValue) -> Int? {
        (model["unk_token"]?.asBytes).flatMap { modelIDs[Array($0)] }
    }

    func settings(_ model: JSONValue) throws(TokenizerError) -> PairModelSettings {
        let unknown = unknown(model)
        if unknown == nil, let text = model["unk_token"], !text.isNull {
            throw TokenizerError(
                .specialTokenInvalid, tried: "looking up the unknown token",
                found: text.asBytes.map { quoted($0) } ?? text.typeName,
                allowed: "a token of the vocabulary", location: "model.unk_token")
        }
        return PairModelSettings(
            unknown: unknown.map { Int32($0) }, fusesUnknown: model["fuse_unk"]?.asBool ?? false,
            fallsBackToBytes: model["byte_fallback"]?.asBool ?? false,
            ignoresMerges: model["ignore_merges"]?.asBool ?? false)
    }

    /// The merges as ids, most important first.
    func pairs(_ model: JSONValue) throws(TokenizerError) -> [TokenPair] {
        guard let merges = model["merges"], merges.isArray else {
            throw .structure(model["merges"] ?? model, "an array", "model.merges")
        }
        guard merges.count <= TokenizerLimits.mergeCountMax else {
            throw TokenizerError(
                .vocabularyTooLarge, tried: "counting the merges", found: "\(merges.count)",
                allowed: "\(TokenizerLimits.mergeCountMax)", location: "model.merges")
        }
        var pairs: [TokenPair] = []
        pairs.reserveCapacity(merges.count)
        for merge in merges.elements {
            guard let (left, right) = try parts(merge, pairs.count) else { continue }
            guard let leftID = modelIDs[Array(left)], let rightID = modelIDs[Array(right)],
                let merged = modelIDs[Array(left + right)]
            else {
                throw mergeError(pairs.count, left + right, "two tokens that make a token")
            }
            pairs.append(
                TokenPair(left: Int32(leftID), right: Int32(rightID), merged: Int32(merged)))
        }
        return pairs
    }

    /// The two texts of a rule: `left right`, or a list of two. nil for a line with the version.
    private func parts(
        _ merge: JSONValue, _ rank: Int
    ) throws(TokenizerError) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
        if let line = merge.asBytes {
            if line.starts(with: "#version".utf8) { return nil }
            // Splits into at most three parts, enough to notice a rule with too many.
            let parts = line.split(
                separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
            if parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty {
                return (parts[0], parts[1])
            }
        } else if merge.isArray, merge.count == 2 {
            let parts = merge.elements.compactMap(\.asBytes)
            if parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty {
                return (parts[0], parts[1])
            }
        }
        throw mergeError(
            rank, merge.asBytes ?? Array(merge.typeName.utf8)[...],
            "two texts, as a string with one space or as a pair")
    }

    private func mergeError(
        _ rank: Int, _ found: some Sequence<UInt8>, _ allowed: String
    ) -> TokenizerError {
        TokenizerError(
            .mergeInvalid, tried: "reading merge rule \(rank)", found: quoted(found),
            allowed: allowed, location: "model.merges")
    }
}
