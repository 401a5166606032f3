// GGUF metadata -> TokenizerDefinition.
//
// Guarantees: each list is read in one pass, without a string object per token. A key of the wrong
// type is refused by name. `TokenizerLimits` bounds sizes before anything is copied.
// Does not: compare the lists with each other or with the vocabulary's size. `Vocabulary` does.

import ModelFiles

extension TokenizerDefinition {
    /// Reads the `tokenizer.ggml.*` keys. Copies the lists, so the file may be closed afterwards.
    ///
    /// - Throws: `keyMissing` without a model or token list, `keyType` for a key of another type,
    ///   `vocabularyTooLarge` beyond `TokenizerLimits`.
    public init(_ metadata: Metadata) throws(TokenizerError) {
        let reader = KeyReader(metadata: metadata)
        guard let model = try reader.string("tokenizer.ggml.model") else {
            throw reader.missing("tokenizer.ggml.model", "a string naming the kind of tokenizer")
        }
        self.init(model: model)
        preTokenizer = try reader.string("tokenizer.ggml.pre")
        modelName = metadata["general.name"]?.asString
        guard
            let tokens = try reader.texts(
                "tokenizer.ggml.tokens", countMax: TokenizerLimits.tokenCountMax)
        else {
            throw reader.missing("tokenizer.ggml.tokens", "an array of strings, one per token")
        }
        self.tokens = tokens
        scores = try reader.floats("tokenizer.ggml.scores")
        types = try reader.integers("tokenizer.ggml.token_type")
        merges = try reader.texts(
            "tokenizer.ggml.merges", countMax: TokenizerLimits.mergeCountMax)
        for role in SpecialToken.allCases {
            specialTokens[role] = try reader.token(role.key)
        }
        addsBeginToken = try reader.bool("tokenizer.ggml.add_bos_token")
        addsEndToken = try reader.bool("tokenizer.ggml.add_eos_token")
        addsSpacePrefix = try reader.bool("tokenizer.ggml.add_space_prefix")
    }
}

/// Typed reading with errors that name the key.
private struct KeyReader {
    let metadata: Metadata

    func string(_ key: String) throws(TokenizerError) -> String? {
        try value(key, "string") { $0.asString }
    }

    func bool(_ key: String) throws(TokenizerError) -> Bool? {
        try value(key, "bool") { $0.asBool }
    }

    func token(_ key: String) throws(TokenizerError) -> Int? {
        try value(key, "token id") { $0.asInteger.flatMap(Int.init(exactly:)) }
    }

    func floats(_ key: String) throws(TokenizerError) -> [Float]? {
        try value(key, "array of floats") { value in
            guard let array = value.asArray, array.count <= TokenizerLimits.tokenCountMax else {
                return nil
            }
            return array.floats()
        }
    }

    func integers(_ key: String) throws(TokenizerError) -> [Int32]? {
        try value(key, "array of 32-bit integers") { value in
            guard let array = value.asArray, array.count <= TokenizerLimits.tokenCountMax else {
                return nil
            }
            // Values beyond 32 bits become -1, which no list of types or ids accepts.
            return array.integers()?.map { Int32(exactly: $0) ?? -1 }
        }
    }

    func texts(_ key: String, countMax: Int) throws(TokenizerError) -> TextList? {
        guard let array = try value(key, "array of strings", { $0.asArray }) else { return nil }
        guard array.elementType == .string else {
            throw mismatch(key, "array of strings", "array of \(array.elementType)")
        }
        // Each string is stored behind an 8-byte length.
        let byteCount = array.byteSize - 8 * array.count
        guard array.count <= countMax, byteCount <= TokenizerLimits.vocabularySizeMax else {
            throw TokenizerError(
                .vocabularyTooLarge, tried: "reading a list of texts",
                found: "\(array.count) texts of \(byteCount) bytes",
                allowed: "\(countMax) texts of \(TokenizerLimits.vocabularySizeMax) bytes",
                location: key)
        }
        var list = TextList()
        list.reserve(count: array.count, byteCount: byteCount)
        array.forEachString { (_, bytes) in list.append(bytes) }
        return list
    }

    func missing(_ key: String, _ allowed: String) -> TokenizerError {
        TokenizerError(
            .keyMissing, tried: "reading the tokenizer", found: "no such key", allowed: allowed,
            location: key)
    }

    private func value<Value>(
        _ key: String, _ wanted: String, _ convert: (MetadataValue) -> Value?
    ) throws(TokenizerError) -> Value? {
        guard let stored = metadata[key] else { return nil }
        guard let value = convert(stored) else {
            throw mismatch(key, wanted, "a value of type \(stored.type)")
        }
        return value
    }

    private func mismatch(_ key: String, _ wanted: String, _ found: String) -> TokenizerError {
        TokenizerError(
            .keyType, tried: "reading the tokenizer", found: found, allowed: wanted, location: key)
    }
}
