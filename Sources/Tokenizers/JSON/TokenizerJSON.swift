// tokenizer.json (the tokenizers library of Hugging Face) -> TokenizerDefinition.
//
// Facts: the file holds `model` of type BPE with `vocab` (text -> id) and `merges` ("left right",
// or pairs). Beside `model` stand `added_tokens`, and `normalizer`, `pre_tokenizer` and
// `post_processor` as trees of typed objects. Two kinds are known by structure: byte-level (a
// ByteLevel step in the pre-tokenizer) and SentencePiece style (`byte_fallback`, spaces written as
// U+2581).
//
// Guarantees: an unknown part that would change ids is refused by name, never skipped: model types,
// normalizers, pre-tokenizers, token flags.
// Does not: apply NFC, which byte-level files may ask for (as in llama.cpp, ids differ for text
// that is not composed). Does not repeat the checks of `Vocabulary`.

import ModelFiles

extension TokenizerDefinition {
    /// Reads a tokenizer.json and, if given, the tokenizer_config.json beside the file, which names
    /// the tokens that open and close a text. Any thread. The texts are copied.
    ///
    /// - Throws: `jsonInvalid`, `jsonStructureInvalid`, `featureUnsupported` by name,
    ///   `tokenIDInvalid`, `mergeInvalid`, `vocabularyTooLarge`.
    public init(tokenizerJSON: [UInt8], configuration: [UInt8]? = nil) throws(TokenizerError) {
        let root = try Self.document(tokenizerJSON, "tokenizer.json")
        let settings = try configuration.map { bytes throws(TokenizerError) in
            try Self.document(bytes, "tokenizer_config.json")
        }
        try self.init(tokenizer: root, configuration: settings)
    }

    /// Reads a definition from documents that are parsed already.
    package init(tokenizer: JSONValue, configuration: JSONValue?) throws(TokenizerError) {
        self = try TokenizerJSONReader(tokenizer).definition()
        try TokenizerRoles(root: tokenizer, settings: configuration).fill(&self)
    }

    private static func document(_ bytes: [UInt8], _ name: String) throws(TokenizerError)
        -> JSONValue
    {
        do throws(JSONError) {
            let root = try JSONDocument(bytes).root
            if root.isObject { return root }
            throw JSONError(
                structure: "\(root.typeName)", offset: 0, allowed: "an object")
        } catch {
            throw TokenizerError(
                .jsonInvalid, tried: "reading JSON at byte \(error.offset)", found: error.found,
                allowed: error.allowed, location: name)
        }
    }
}

/// Reads the parts of a tokenizer.json that make the vocabulary.
struct TokenizerJSONReader {
    let root: JSONValue

    init(_ root: JSONValue) { self.root = root }

    func definition() throws(TokenizerError) -> TokenizerDefinition {
        let model = try object("model", in: root)
        let type = model["type"]?.asString ?? "(none)"
        guard type == "BPE" else {
            throw unsupported("a model of type \"\(printable(type))\"", "BPE", "model.type")
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix", "dropout"] {
            guard let value = model[key], !value.isNull, value.asString != "" else { continue }
            throw unsupported("\(value.typeName)", "null", "model.\(key)")
        }
        let vocabulary = try TokenizerJSONVocabulary(root, model)
        let isSentencePiece = model["byte_fallback"]?.asBool ?? false
        return isSentencePiece
            ? try sentencePiece(model, vocabulary) : try byteLevel(model, vocabulary)
    }

    private func byteLevel(
        _ model: JSONValue, _ vocabulary: TokenizerJSONVocabulary
    ) throws(TokenizerError) -> TokenizerDefinition {
        for step in try steps("normalizer", "normalizers") where step.type != "NFC" {
            throw unsupported(
                "the normalizer \"\(printable(step.type))\"", "NFC or none", "normalizer")
        }
        var definition = TokenizerDefinition(model: "gpt2")
        vocabulary.fill(&definition, isByteLevel: true)
        definition.merges = try vocabulary.mergeTexts(model)
        definition.preTokenizer = try PreTokenizerRecognition.name(
            steps("pre_tokenizer", "pretokenizers"))
        definition.ignoresMerges = model["ignore_merges"]?.asBool ?? false
        definition.addsBeginToken = false
        return definition
    }

    private func sentencePiece(
        _ model: JSONValue, _ vocabulary: TokenizerJSONVocabulary
    ) throws(TokenizerError) -> TokenizerDefinition {
        var escapes = false
        var addsPrefix = false
        let normalizers = try steps("normalizer", "normalizers")
        for step in normalizers + (try steps("pre_tokenizer", "pretokenizers")) {
            switch step.type {
            case "Prepend" where step.value["prepend"]?.asString == "\u{2581}":
                addsPrefix = true
            case "Replace" where step.isSpaceReplacement:
                escapes = true
            case "Metaspace" where step.isPlainMetaspace:
                escapes = true
                addsPrefix = step.value["prepend_scheme"]?.asString != "never"
            case "Split" where step.isSpaceSplit:
                // Spaces are gone at the split, because the normalizer replaced them.
                continue
            default:
                throw unsupported(
                    "the step \"\(printable(step.type))\" in this form",
                    "spaces replaced by U+2581, perhaps with one in front", step.place)
            }
        }
        guard escapes else {
            throw unsupported("spaces that stay", "spaces replaced by U+2581", "normalizer")
        }
        var definition = TokenizerDefinition(model: "llama")
        vocabulary.fill(&definition, isByteLevel: false)
        definition.scores = try vocabulary.scores(model)
        definition.addsSpacePrefix = addsPrefix
        definition.addsBeginToken = false
        return definition
    }

    /// Flattens a tree of steps, sequences in order. No steps for null.
    func steps(_ key: String, _ inner: String) throws(TokenizerError) -> [TokenizerStep] {
        guard let value = root[key], !value.isNull else { return [] }
        var result: [TokenizerStep] = []
        var rest = [value]
        while let next = rest.popLast() {
            guard let type = next["type"]?.asString else {
                throw TokenizerError.structure(next, "an object with a type", key)
            }
            if type == "Sequence" {
                rest += (next[inner].map { Array($0.elements) } ?? []).reversed()
            } else {
                result.append(TokenizerStep(type: type, value: next, place: key))
            }
        }
        return result
    }

    private func object(_ key: String, in value: JSONValue) throws(TokenizerError) -> JSONValue {
        guard let found = value[key], found.isObject else {
            throw TokenizerError.structure(value[key] ?? value, "an object \"\(key)\"", key)
        }
        return found
    }

    private func unsupported(_ found: String, _ allowed: String, _ place: String)
        -> TokenizerError
    {
        TokenizerError.unsupported(found, allowed, place)
    }
}

/// One normalizer or pre-tokenizer.
struct TokenizerStep {
    let type: String
    let value: JSONValue
    /// The top-level key above the step.
    let place: String

    /// `Replace` of each space by U+2581.
    var isSpaceReplacement: Bool {
        value["pattern"]?["String"]?.asString == " "
            && value["content"]?.asString == "\u{2581}"
    }

    /// `Metaspace` that only replaces spaces. A splitting Metaspace is refused.
    var isPlainMetaspace: Bool {
        value["replacement"]?.asString == "\u{2581}" && value["split"]?.asBool == false
    }

    /// `Split` at spaces.
    var isSpaceSplit: Bool {
        place == "pre_tokenizer" && value["pattern"]?["String"]?.asString == " "
            && value["invert"]?.asBool != true
    }
}

extension TokenizerError {
    static func structure(_ value: JSONValue, _ allowed: String, _ place: String)
        -> TokenizerError
    {
        TokenizerError(
            .jsonStructureInvalid, tried: "reading tokenizer.json at byte \(value.byteOffset)",
            found: value.typeName, allowed: allowed, location: place)
    }

    static func unsupported(_ found: String, _ allowed: String, _ place: String)
        -> TokenizerError
    {
        TokenizerError(
            .featureUnsupported, tried: "reading tokenizer.json", found: found, allowed: allowed,
            location: place)
    }
}
