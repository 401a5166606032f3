// The `parse` layer for models of any form: turns open files into checked tensors and texts.
//
// Guarantees: tensor tables keep the guarantees of `GGUFFile` and `SafeTensorsFile`. JSON texts are
// well-formed objects within their limits.
// Does not: interpret keys, configuration or vocabulary. The compatibility layer does.

/// A parsed GGUF or SafeTensors model. A value for any thread. Keeps the loaded heads of the files.
public enum ParsedModel: Sendable {
    case gguf(any GGUFSource)
    case checkpoint(CheckpointFiles)

    /// Parses every file of `files`. Throws a `parse` layer error.
    public init(
        _ files: ModelFileSet, limits: ParseLimits = .default
    ) throws(ModelFileError) {
        switch files.container {
        case .safetensors: self = .checkpoint(try CheckpointFiles(files, limits: limits))
        case .gguf:
            var parts: [GGUFFile] = []
            for file in files.weights { parts.append(try GGUFFile(file, limits: limits)) }
            self = .gguf(parts.count > 1 ? try SplitGGUFFile(parts) : try Self.whole(parts[0]))
        }
    }

    /// Returns `file`, or throws if `file` is a part of a split model.
    private static func whole(_ file: GGUFFile) throws(ModelFileError) -> GGUFFile {
        guard SplitGGUFFile.isPart(file) else { return file }
        throw ModelFileError(
            .splitNameInvalid, tried: "looking for the other parts of the model",
            found: "a part in a file without numbers in its name",
            allowed: "NAME-00001-of-0000N.gguf",
            location: .init(
                path: file.file.path, offset: file.metadata.byteOffset(of: "split.count"),
                key: "split.count"))
    }
}

/// SafeTensors weights and the texts beside them, as transformers writes a model. A value.
public struct CheckpointFiles: Sendable {
    /// The weights, under their original tensor names.
    public let tensors: SafeTensorsModel
    /// The object in config.json.
    package let configuration: JSONValue
    /// The object in generation_config.json, or nil without the file.
    package let generation: JSONValue?
    /// The texts of sentence-transformers.
    package let sentences: SentenceFiles
    /// The object in tokenizer.json.
    package let tokenizer: JSONValue
    /// The object in tokenizer_config.json, or nil without the file.
    package let tokenizerConfiguration: JSONValue?
    /// The text of chat_template.jinja, or nil without the file.
    package let chatTemplate: String?
    /// The texts in additional_chat_templates by name, sorted.
    package let additionalTemplates: [(name: String, text: String)]
    /// The object in chat_template.json, or nil without the file.
    package let templateDocument: JSONValue?
    /// Bytes of the texts and of the index together.
    package let textSize: Int

    init(_ files: ModelFileSet, limits: ParseLimits) throws(ModelFileError) {
        tensors = try SafeTensorsModel(files, limits: limits)
        textSize = files.size - files.weights.reduce(0) { $0 + $1.size }
        guard let configuration = try Self.object(files, .configuration),
            let tokenizer = try Self.object(files, .tokenizer)
        else { preconditionFailure("a set of files without its configuration or tokenizer") }
        self.configuration = configuration
        self.tokenizer = tokenizer
        generation = try Self.object(files, .generation)
        sentences = SentenceFiles(
            modules: try Self.value(files, .sentenceModules),
            pooling: try Self.object(files, .sentencePooling),
            encoder: try Self.object(files, .sentenceEncoder),
            prompts: try Self.object(files, .sentencePrompts))
        tokenizerConfiguration = try Self.object(files, .tokenizerConfiguration)
        templateDocument = try Self.object(files, .templateDocument)
        chatTemplate = try files.companions[.chatTemplate].map(Self.template)
        additionalTemplates = try files.additionalTemplates.map { entry throws(ModelFileError) in
            (entry.name, try Self.template(entry.file))
        }
    }

    private static func template(_ file: ModelFile) throws(ModelFileError) -> String {
        let text = try file.head(file.size)
        guard isValidUTF8(text) else {
            throw ModelFileError(
                .stringNotUTF8, tried: "reading the chat template",
                found: "bytes that are not UTF-8", allowed: "UTF-8",
                location: .init(path: file.path))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func object(
        _ files: ModelFileSet, _ companion: ModelFileSet.Companion
    ) throws(ModelFileError) -> JSONValue? {
        guard let root = try value(files, companion) else { return nil }
        guard root.isObject else {
            throw ModelFileError(
                .jsonStructureInvalid, tried: "reading \(companion.rawValue)",
                found: root.typeName, allowed: "an object",
                location: .init(path: files.companions[companion]?.path ?? companion.rawValue))
        }
        return root
    }

    /// Python writes these texts, so its words for numbers that are not finite are read.
    private static func value(
        _ files: ModelFileSet, _ companion: ModelFileSet.Companion
    ) throws(ModelFileError) -> JSONValue? {
        guard let file = files.companions[companion] else { return nil }
        var limits = JSONLimits()
        limits.allowsNonFinite = true
        return try JSONFile.parse(file, limits: limits)
    }
}

/// The texts that sentence-transformers keeps beside a model of embeddings, each nil without its
/// file.
package struct SentenceFiles: Sendable {
    /// modules.json: the stages from text to vector.
    package let modules: JSONValue?
    /// 1_Pooling/config.json.
    package let pooling: JSONValue?
    /// sentence_bert_config.json: the stage of the transformer.
    package let encoder: JSONValue?
    /// config_sentence_transformers.json: prompts and versions.
    package let prompts: JSONValue?
}
