// tokenizer.json (the tokenizers library of Hugging Face) -> TokenizerDefinition.
//
// Facts: the file holds `model` of type BPE with `vocab` (text -> id) and `merges` ("left right",
// or pairs). Beside `model` stand `added_tokens`, and `normalizer`, `pre_tokenizer`,
// `post_processor` and `decoder` as trees of typed objects, and `truncation` and `padding`.
//
// Guarantees: every part is done as the library does it, or refused by name, never skipped.
// `TokenizerParts` lists both.
// Does not: repeat the checks of `Vocabulary`.

import ModelFiles

extension TokenizerDefinition {
    /// Reads a tokenizer.json and, if given, the tokenizer_config.json beside the file, which names
    /// the tokens that open and close a text. Any thread. The texts are copied.
    ///
    /// - Throws: `jsonInvalid`, `jsonStructureInvalid`, `featureUnsupported` by name,
    ///   `preTokenizerUnsupported` with a pattern, `tokenIDInvalid`, `mergeInvalid`,
    ///   `vocabularyTooLarge`.
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

/// Reads the parts of a tokenizer.json, but for the ids around a text.
struct TokenizerJSONReader {
    let root: JSONValue

    init(_ root: JSONValue) { self.root = root }

    func definition() throws(TokenizerError) -> TokenizerDefinition {
        let model = try object("model", in: root)
        try checkModel(model)
        let vocabulary = try TokenizerJSONVocabulary(root, model)
        var pipeline = PipelineDefinition()
        pipeline.normalizers = try normalizerSteps(TokenizerSteps(root, .normalizer).flat())
        pipeline.steps = try preTokenizerSteps(TokenizerSteps(root, .preTokenizer).flat())
        try checkOrder(pipeline)
        pipeline.addedTokens = vocabulary.addedTokens
        pipeline.isInModel = vocabulary.isInModel
        pipeline.pairs = try vocabulary.pairs(model)
        pipeline.model = try vocabulary.settings(model)
        pipeline.tokenCountMax = try truncation()
        try checkPadding()
        let isByteLevel = pipeline.steps.contains {
            if case .byteLevel = $0 { true } else { false }
        }
        pipeline.decoder =
            try decoder(TokenizerSteps(root, .decoder).flat())
            ?? (isByteLevel
                ? TokenDecoder(readsAlphabet: true)
                : TokenDecoder(
                    replacements: [(Array("\u{2581}".utf8), [0x20])], readsByteTokens: true))
        var definition = TokenizerDefinition(model: isByteLevel ? "gpt2" : "llama")
        vocabulary.fill(&definition)
        definition.preTokenizer = PreTokenizerNames.name(of: pipeline.steps)
        definition.addsBeginToken = false
        definition.pipeline = pipeline
        return definition
    }

    /// Without a type, the library takes a model with `vocab` and `merges` for BPE.
    private func checkModel(_ model: JSONValue) throws(TokenizerError) {
        let isUntyped = model["type"] == nil
        let type = model["type"]?.asString ?? "(none)"
        guard type == "BPE" || isUntyped && model["merges"] != nil else {
            throw .unsupported(
                "a model of type \"\(printable(type.utf8, countMax: 40))\"",
                TokenizerParts.names(.model), "model.type")
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard let value = model[key], !value.isNull, value.asString != "" else { continue }
            throw .unsupported("\(value.typeName)", "null", "model.\(key)")
        }
        if let dropout = model["dropout"], !dropout.isNull, dropout.asDouble != 0 {
            throw .unsupported("\(dropout.typeName) other than 0", "null or 0", "model.dropout")
        }
    }

    /// A space in front of the first piece needs the place of the piece in the raw text.
    private func checkOrder(_ pipeline: PipelineDefinition) throws(TokenizerError) {
        let place = TokenizerParts.Place.preTokenizer.rawValue
        var isWritten = false
        for step in pipeline.steps {
            switch step {
            case .metaspace(let metaspace) where metaspace.prefix == .first:
                if !pipeline.normalizers.isEmpty {
                    throw .unsupported(
                        "prepend_scheme first behind a normalizer", "always or never", place)
                }
                if isWritten {
                    throw .unsupported(
                        "prepend_scheme first behind a step that changes the text",
                        "always or never", place)
                }
                isWritten = true
            case .metaspace, .byteLevel: isWritten = true
            case .split, .fixedLength: break
            }
        }
    }

    /// The most ids of a text that the file does not want cut.
    private func truncation() throws(TokenizerError) -> Int? {
        guard let value = root["truncation"], !value.isNull else { return nil }
        guard let countMax = value["max_length"]?.asInteger, countMax >= 0 else {
            throw .structure(value, "an object with max_length", "truncation")
        }
        return countMax
    }

    /// Padding to the longest text of a batch leaves a single text as it is.
    private func checkPadding() throws(TokenizerError) {
        guard let value = root["padding"], !value.isNull else { return }
        if value["strategy"]?.asString == "BatchLongest",
            value["pad_to_multiple_of"].map({ $0.isNull || $0.asInteger == 1 }) ?? true
        {
            return
        }
        throw .unsupported("padding to a fixed length or multiple", "BatchLongest", "padding")
    }

    private func object(_ key: String, in value: JSONValue) throws(TokenizerError) -> JSONValue {
        guard let found = value[key], found.isObject else {
            throw TokenizerError.structure(value[key] ?? value, "an object \"\(key)\"", key)
        }
        return found
    }
}

/// One step of a tree of steps.
struct TokenizerStep {
    let type: String
    let value: JSONValue
    let place: TokenizerParts.Place

    /// A text of the step.
    func text(_ key: String) throws(TokenizerError) -> [UInt8] {
        guard let bytes = value[key]?.asBytes else {
            throw .structure(value[key] ?? value, "a text \"\(key)\"", place.rawValue)
        }
        return Array(bytes)
    }

    /// A flag of the step.
    func flag(_ key: String, default usual: Bool) throws(TokenizerError) -> Bool {
        guard let found = value[key] else { return usual }
        guard let flag = found.asBool else {
            throw .structure(found, "true or false as \"\(key)\"", place.rawValue)
        }
        return flag
    }

    /// A refusal of the step or of a parameter.
    func unsupported(_ found: String, _ allowed: String) -> TokenizerError {
        .unsupported("\(type): \(found)", allowed, place.rawValue)
    }

    /// The refusal of a step without a row.
    var unknown: TokenizerError {
        let reason = TokenizerParts.reason(place, type).map { ", \($0)" } ?? ""
        return .unsupported(
            "the step \"\(printable(type.utf8, countMax: 40))\"\(reason)",
            TokenizerParts.names(place), place.rawValue)
    }
}

/// A tree of steps under a top-level key.
struct TokenizerSteps {
    private static let countMax = 64

    private let root: JSONValue
    private let place: TokenizerParts.Place

    init(_ root: JSONValue, _ place: TokenizerParts.Place) {
        self.root = root
        self.place = place
    }

    /// The steps in order. None for null.
    func flat() throws(TokenizerError) -> [TokenizerStep] {
        guard let value = root[place.rawValue], !value.isNull else { return [] }
        var result: [TokenizerStep] = []
        var rest = [value]
        while let next = rest.popLast() {
            guard let type = next["type"]?.asString else {
                throw .structure(next, "an object with a type", place.rawValue)
            }
            if type == "Sequence" {
                guard let inner = next[place.innerKey], inner.isArray else {
                    throw .structure(next, "a list \"\(place.innerKey)\"", place.rawValue)
                }
                rest += Array(inner.elements).reversed()
            } else {
                result.append(TokenizerStep(type: type, value: next, place: place))
            }
            guard result.count <= Self.countMax else {
                throw .unsupported(
                    "more than \(Self.countMax) steps", "\(Self.countMax)", place.rawValue)
            }
        }
        return result
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
