// A SafeTensors model as people download it: a folder with one file, or shards and their index.
//
// Facts (from transformers): `model.safetensors.index.json` holds `weight_map`, tensor name -> file
// name in the same folder; `metadata.total_size` is written by converters and often wrong after
// edits, so it is not compared.
//
// Guarantees: shard names stay inside the folder; every tensor of the index is in its file and
// every tensor of the files is in the index; no tensor is in two files.
// Does not: read config.json or tokenizer.json, or look for files of other names.

/// The tensors of a SafeTensors model, one file or many. A value; any thread.
public struct SafeTensorsModel: TensorSource {
    private let combined: CombinedTensors<SafeTensorsFile>

    /// The parsed files: one, or the shards in the order of their names.
    public var parts: [SafeTensorsFile] { combined.parts }
    /// Tensors of the first file, then of the second, and so on.
    public var tensors: [TensorInfo] { combined.tensors }
    /// The mapped files, in the order of `parts`.
    public var files: [MappedFile] { combined.files }

    /// The name of a shard index.
    public static let indexName = "model.safetensors.index.json"
    /// The name of a model in one file.
    public static let fileName = "model.safetensors"

    /// Opens a model. Blocking; costs as much as opening each file.
    ///
    /// - Parameter path: a folder (an index in it goes before a single file), an index (a name
    ///   that ends in `.json`), or one SafeTensors file.
    /// - Throws: `jsonInvalid` and its kin, `shardNameInvalid`, `partsInconsistent`, or what
    ///   opening and parsing a file throws.
    public init(
        path: String, fileLimits: FileLimits = .default, limits: ParseLimits = .default
    ) throws(ModelFileError) {
        let place = ModelPlace(path)
        switch place {
        case .file(let path):
            let file = try MappedFile(path: path, limits: fileLimits)
            combined = try CombinedTensors([SafeTensorsFile(file, limits: limits)])
        case .index(let path):
            let index = try ShardIndex(path: path, limits: limits)
            var parts: [SafeTensorsFile] = []
            for name in index.fileNames {
                let file = try MappedFile(path: index.folder + name, limits: fileLimits)
                parts.append(try SafeTensorsFile(file, limits: limits))
            }
            combined = try CombinedTensors(parts)
            try index.check(combined)
        }
    }

    /// The tensor with this name in any file, or nil.
    public func tensor(_ name: String) -> TensorInfo? { combined.tensor(name) }

    /// The stored bytes of a tensor of any file.
    public func bytes(of tensor: TensorInfo) -> UnsafeRawBufferPointer {
        combined.bytes(of: tensor)
    }
}

/// What a path given for a model stands for.
private enum ModelPlace {
    case file(String)
    case index(String)

    init(_ path: String) {
        if JSONFile.isFolder(path) {
            let folder = path.hasSuffix("/") ? path : path + "/"
            let index = folder + SafeTensorsModel.indexName
            self =
                JSONFile.exists(index)
                ? .index(index) : .file(folder + SafeTensorsModel.fileName)
        } else {
            self = path.hasSuffix(".json") ? .index(path) : .file(path)
        }
    }
}

/// `weight_map`, checked.
private struct ShardIndex {
    let path: String
    /// With a slash at the end, or empty.
    let folder: String
    /// In ascending order, each once.
    let fileNames: [String]
    private let weightMap: [(tensor: String, file: String)]

    init(path: String, limits: ParseLimits) throws(ModelFileError) {
        self.path = path
        folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var jsonLimits = JSONLimits()
        jsonLimits.sizeMax = limits.metadataSizeMax
        let root = try JSONFile.read(path: path, limits: jsonLimits)
        guard let map = root["weight_map"], map.isObject, map.count > 0 else {
            throw Self.structure(
                path, root["weight_map"] ?? root, "an object weight_map, tensor name -> file name")
        }
        guard map.count <= limits.tensorCountMax else {
            throw ModelFileError(
                .tensorCountInvalid, tried: "counting the tensors of the index",
                found: "\(map.count)", allowed: "at most \(limits.tensorCountMax)",
                location: .init(path: path, key: "weight_map"))
        }
        var weightMap: [(tensor: String, file: String)] = []
        for (key, value) in map.members {
            guard let name = value.asString else {
                throw Self.structure(path, value, "a file name for each tensor")
            }
            weightMap.append((String(decoding: key, as: UTF8.self), name))
        }
        self.weightMap = weightMap
        fileNames = Set(weightMap.map(\.file)).sorted()
        try checkNames(limits)
    }

    /// Plain names only: an index must not lead out of its folder.
    private func checkNames(_ limits: ParseLimits) throws(ModelFileError) {
        guard fileNames.count <= limits.partCountMax else {
            throw nameError("\(fileNames.count) files", "at most \(limits.partCountMax)")
        }
        for name in fileNames
        where name.utf8.contains(UInt8(ascii: "/")) || name.utf8.contains(0)
            || !name.hasSuffix(".safetensors") || name.utf8.count > 255
        {
            throw nameError(
                "\"\(printable(name))\"", "the name of a .safetensors file beside the index")
        }
    }

    /// Files and index name the same tensors in the same places.
    func check(_ combined: CombinedTensors<SafeTensorsFile>) throws(ModelFileError) {
        for (tensor, file) in weightMap {
            let part = combined.part(tensor)
            guard let part, part.file.path == folder + file else {
                throw ModelFileError(
                    .partsInconsistent, tried: "comparing the index with the files",
                    found: part.map { "the tensor in \"\(printable($0.file.path))\"" }
                        ?? "the tensor in no file",
                    allowed: "the tensor in \"\(printable(file))\"",
                    location: .init(path: path, tensor: printable(tensor)))
            }
        }
        guard combined.tensors.count == weightMap.count else {
            let named = Set(weightMap.map(\.tensor))
            let extra = combined.tensors.first { !named.contains($0.name) }
            throw ModelFileError(
                .partsInconsistent, tried: "comparing the files with the index",
                found: "a tensor that the index does not name",
                allowed: "the \(weightMap.count) tensors of the index",
                location: .init(path: path, tensor: extra.map { printable($0.name) }))
        }
    }

    private func nameError(_ found: String, _ allowed: String) -> ModelFileError {
        ModelFileError(
            .shardNameInvalid, tried: "reading the file names of the index", found: found,
            allowed: allowed, location: .init(path: path, key: "weight_map"))
    }

    private static func structure(
        _ path: String, _ value: JSONValue, _ allowed: String
    ) -> ModelFileError {
        ModelFileError(
            .jsonStructureInvalid, tried: "reading the shard index", found: value.typeName,
            allowed: allowed, location: .init(path: path, offset: value.byteOffset))
    }
}
