// The `parse` layer for models of any form: open files become checked tensors and checked texts.
//
// Guarantees: tensor tables are proved as `GGUFFile` and `SafeTensorsFile` say; JSON texts are
// well-formed objects within their limits.
// Does not: interpret keys, configuration or vocabulary; the compatibility layer does.

/// A parsed model in one of its forms. A value; it keeps what was read of the files; any thread.
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

    /// A file that is not one of several.
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

/// SafeTensors weights and the texts beside them, the form that transformers writes. A value.
public struct CheckpointFiles: Sendable {
    /// The weights under the names of their makers.
    public let tensors: SafeTensorsModel
    /// config.json: an object.
    package let configuration: JSONValue
    /// tokenizer.json: an object.
    package let tokenizer: JSONValue
    /// tokenizer_config.json, if there is one: an object.
    package let tokenizerConfiguration: JSONValue?
    /// chat_template.jinja, if there is one.
    package let chatTemplate: String?
    /// Bytes of all these texts and of the index.
    package let textSize: Int

    init(_ files: ModelFileSet, limits: ParseLimits) throws(ModelFileError) {
        tensors = try SafeTensorsModel(files, limits: limits)
        textSize = files.size - files.weights.reduce(0) { $0 + $1.size }
        guard let configuration = try Self.object(files, .configuration),
            let tokenizer = try Self.object(files, .tokenizer)
        else { preconditionFailure("a set of files without its configuration or tokenizer") }
        self.configuration = configuration
        self.tokenizer = tokenizer
        tokenizerConfiguration = try Self.object(files, .tokenizerConfiguration)
        chatTemplate = try files.companions[.chatTemplate].map { file throws(ModelFileError) in
            let text = try file.head(file.size)
            guard isValidUTF8(text) else {
                throw ModelFileError(
                    .stringNotUTF8, tried: "reading the chat template",
                    found: "bytes that are not UTF-8", allowed: "UTF-8",
                    location: .init(path: file.path))
            }
            return String(decoding: text, as: UTF8.self)
        }
    }

    private static func object(
        _ files: ModelFileSet, _ companion: ModelFileSet.Companion
    ) throws(ModelFileError) -> JSONValue? {
        guard let file = files.companions[companion] else { return nil }
        let root = try JSONFile.parse(file)
        guard root.isObject else {
            throw ModelFileError(
                .jsonStructureInvalid, tried: "reading \(companion.rawValue)",
                found: root.typeName, allowed: "an object", location: .init(path: file.path))
        }
        return root
    }
}
