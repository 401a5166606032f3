// The `file` layer for models of any form: finds and opens every file of the model at a path.
//
// GGUF: a single file, or all parts of a split model. SafeTensors: the weights, their index if
// present, and the texts beside them: config.json and tokenizer.json (required),
// tokenizer_config.json, chat_template.jinja, additional_chat_templates/*.jinja,
// generation_config.json and the texts of sentence-transformers (read if present).
//
// Guarantees: each file passed the checks of `ModelFile`. All later reads use the descriptors
// opened here, so a single `checkUnchanged` at the end covers every read. The shard index is
// parsed here, because the index names the files. Errors in the index have codes of the `parse`
// layer.
// Does not: look at the content of files besides the index.

/// Every file of a model. A value for any thread. Files stay open until `close`.
public struct ModelFileSet: Sendable {
    /// The form of the weights.
    public enum Container: Sendable, Equatable, CustomStringConvertible {
        case gguf(partCount: Int)
        case safetensors(shardCount: Int)

        /// `gguf`, `gguf split 3`, `safetensors`, `safetensors 2 shards`.
        public var description: String {
            switch self {
            case .gguf(1): "gguf"
            case .gguf(let count): "gguf split \(count)"
            case .safetensors(1): "safetensors"
            case .safetensors(let count): "safetensors \(count) shards"
            }
        }
    }

    /// A text beside SafeTensors weights. The raw value is the file name.
    package enum Companion: String, Sendable, CaseIterable {
        case configuration = "config.json"
        case tokenizer = "tokenizer.json"
        case tokenizerConfiguration = "tokenizer_config.json"
        case chatTemplate = "chat_template.jinja"
        case templateDocument = "chat_template.json"
        case generation = "generation_config.json"
        case sentenceModules = "modules.json"
        case sentencePooling = "1_Pooling/config.json"
        case sentenceEncoder = "sentence_bert_config.json"
        case sentencePrompts = "config_sentence_transformers.json"

        var isRequired: Bool { self == .configuration || self == .tokenizer }
    }

    /// The path as given.
    public let path: String
    /// The form of the weights.
    public let container: Container
    /// The files that hold tensors, in the order of their parts.
    public let weights: [ModelFile]
    package let companions: [Companion: ModelFile]
    /// Templates in additional_chat_templates by the stems of their files, sorted.
    package let additionalTemplates: [(name: String, file: ModelFile)]
    let index: ShardIndex?

    /// Finds and opens the files of the model at `path`. Blocking. Any thread.
    ///
    /// - Parameter path: a `.gguf` file or any part of a split model, a `.safetensors` file or any
    ///   shard, a `.safetensors.index.json`, or a folder that holds a single model.
    /// - Throws: a `file` layer error with the path of the file at fault, `splitNameInvalid`, or a
    ///   `parse` layer error about the index.
    public init(
        path: String, limits: FileLimits = .default, parseLimits: ParseLimits = .default
    ) throws(ModelFileError) {
        self.path = path
        let place = try ModelPlace(
            path, limits: limits, partCountMax: parseLimits.partCountMax)
        var weights: [ModelFile] = []
        switch place {
        case .files(let paths):
            for path in paths { weights.append(try ModelFile(path: path, limits: limits)) }
            index = nil
        case .index(let path):
            let index = try ShardIndex(
                ModelFile(companion: path, limits: limits), limits: parseLimits)
            try Self.checkCover(index, limits)
            for name in index.fileNames {
                weights.append(try ModelFile(path: index.folder + name, limits: limits))
            }
            self.index = index
        }
        self.weights = weights
        guard weights[0].format == .safetensors else {
            container = .gguf(partCount: weights.count)
            companions = [:]
            additionalTemplates = []
            return
        }
        container = .safetensors(shardCount: weights.count)
        companions = try Self.companions(beside: weights[0].path, limits)
        additionalTemplates = try Self.additionalTemplates(beside: weights[0].path, limits)
    }

    private static let templateFolder = "additional_chat_templates"

    /// Every file called NAME.jinja in the folder of further templates, as transformers finds them.
    private static func additionalTemplates(
        beside path: String, _ limits: FileLimits
    ) throws(ModelFileError) -> [(name: String, file: ModelFile)] {
        let folder = folder(of: path) + templateFolder
        guard JSONFile.isFolder(folder) else { return [] }
        let suffix = ".jinja"
        let names = try FolderListing.names(folder, countMax: limits.folderEntryCountMax)
            .filter { $0.hasSuffix(suffix) && !JSONFile.isFolder("\(folder)/\($0)") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        guard names.count <= limits.additionalTemplateCountMax else {
            throw ModelFileError(
                .severalModels, tried: "looking for further chat templates",
                found: "\(names.count) files",
                allowed: "at most \(limits.additionalTemplateCountMax)",
                location: .init(path: folder))
        }
        var limits = limits
        limits.companionSizeMax = min(limits.companionSizeMax, limits.additionalTemplateSizeMax)
        var found: [(name: String, file: ModelFile)] = []
        for name in names {
            let file = try ModelFile(companion: "\(folder)/\(name)", limits: limits)
            found.append((String(name.dropLast(suffix.count)), file))
        }
        return found
    }

    /// Refuses a `model.safetensors` beside an index that leaves the file out: one of the two is
    /// another model.
    private static func checkCover(
        _ index: ShardIndex, _ limits: FileLimits
    ) throws(ModelFileError) {
        let name = SafeTensorsModel.fileName
        guard index.file.path == index.folder + SafeTensorsModel.indexName,
            !index.fileNames.contains(name), JSONFile.exists(index.folder + name)
        else { return }
        throw ModelFileError(
            .severalModels, tried: "looking for a model",
            found: "\(name), and an index that does not name it",
            allowed: "an index that covers \(name), or only one of the two",
            location: .init(path: index.file.path))
    }

    private static func companions(
        beside path: String, _ limits: FileLimits
    ) throws(ModelFileError) -> [Companion: ModelFile] {
        let folder = folder(of: path)
        var found: [Companion: ModelFile] = [:]
        for companion in Companion.allCases {
            let path = folder + companion.rawValue
            if !JSONFile.exists(path) {
                guard companion.isRequired else { continue }
                throw missing(companion, folder)
            }
            found[companion] = try ModelFile(companion: path, limits: limits)
        }
        return found
    }

    private static func missing(_ companion: Companion, _ folder: String) -> ModelFileError {
        let name = companion.rawValue
        let other = "tokenizer.model"
        let hasOther = companion == .tokenizer && JSONFile.exists(folder + other)
        return ModelFileError(
            .notFound, tried: "looking for \(name) beside the weights",
            found: hasOther ? "only \(other), which is not read" : "no such file",
            allowed: "\(name) in the folder of the weights", location: .init(path: folder + name))
    }

    /// The path up to and including the last slash, or empty for a plain name.
    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    // MARK: All files

    /// The shard index, or nil for a model without an index.
    package var indexFile: ModelFile? { index?.file }

    /// Every file of the model: weights, index and texts.
    public var files: [ModelFile] {
        weights + (index.map { [$0.file] } ?? []) + Companion.allCases.compactMap { companions[$0] }
            + additionalTemplates.map(\.file)
    }

    /// The files with their names in the model's folder, sorted by the bytes of the names.
    package var named: [(name: String, file: ModelFile)] {
        let templates = Set(additionalTemplates.map { ObjectIdentifier($0.file) })
        let others = files.filter { !templates.contains(ObjectIdentifier($0)) }
            .map { (String($0.path.dropFirst(Self.folder(of: $0.path).count)), $0) }
        return
            (others
            + additionalTemplates.map { ("\(Self.templateFolder)/\($0.name).jinja", $0.file) })
            .sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    }

    /// Bytes of all files.
    public var size: Int { files.reduce(0) { $0 + $1.size } }

    /// Checks that no file changed since opening. See `ModelFile.checkUnchanged`.
    public func checkUnchanged() throws(ModelFileError) {
        for file in files { try file.checkUnchanged() }
    }

    /// Closes all descriptors after the last read.
    package func close() {
        for file in files { file.close() }
    }
}
