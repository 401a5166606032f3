// The index of a sharded SafeTensors model: the file name of each tensor.
//
// Facts (from transformers): `weight_map` is tensor name -> name of a file in the folder of the
// index. `metadata.total_size` is written by converters and often wrong after edits, so it is not
// compared.
//
// Guarantees: file names stay inside the folder and are bounded in number.
// Does not: open the files. `check` compares the parsed files with the index.

struct ShardIndex: Sendable {
    let file: ModelFile
    /// Folder of the index with a slash at the end, or empty.
    let folder: String
    /// Names of the shards in ascending order, without duplicates.
    let fileNames: [String]
    private let weightMap: [(tensor: String, file: String)]

    init(_ file: ModelFile, limits: ParseLimits) throws(ModelFileError) {
        self.file = file
        folder = ModelFileSet.folder(of: file.path)
        var jsonLimits = JSONLimits()
        jsonLimits.sizeMax = limits.metadataSizeMax
        let root = try JSONFile.parse(file, limits: jsonLimits)
        guard let map = root["weight_map"], map.isObject, map.count > 0 else {
            throw Self.structure(
                file, root["weight_map"] ?? root, "an object weight_map, tensor name -> file name")
        }
        guard map.count <= limits.tensorCountMax else {
            throw ModelFileError(
                .tensorCountInvalid, tried: "counting the tensors of the index",
                found: "\(map.count)", allowed: "at most \(limits.tensorCountMax)",
                location: .init(path: file.path, key: "weight_map"))
        }
        var weightMap: [(tensor: String, file: String)] = []
        for (key, value) in map.members {
            guard let name = value.asString else {
                throw Self.structure(file, value, "a file name for each tensor")
            }
            weightMap.append((String(decoding: key, as: UTF8.self), name))
        }
        self.weightMap = weightMap
        fileNames = Set(weightMap.map(\.file)).sorted()
        try checkNames(limits)
    }

    /// Accepts plain names only, because an index must not lead out of its folder.
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

    /// Checks that the index and the parsed files agree on the tensors of each file.
    func check(_ combined: CombinedTensors<SafeTensorsFile>) throws(ModelFileError) {
        for (tensor, name) in weightMap {
            let part = combined.part(tensor)
            guard let part, part.file.path == folder + name else {
                throw ModelFileError(
                    .partsInconsistent, tried: "comparing the index with the files",
                    found: part.map { "the tensor in \"\(printable($0.file.path))\"" }
                        ?? "the tensor in no file",
                    allowed: "the tensor in \"\(printable(name))\"",
                    location: .init(path: file.path, tensor: printable(tensor)))
            }
        }
        guard combined.tensors.count == weightMap.count else {
            let named = Set(weightMap.map(\.tensor))
            let extra = combined.tensors.first { !named.contains($0.name) }
            throw ModelFileError(
                .partsInconsistent, tried: "comparing the files with the index",
                found: "a tensor that the index does not name",
                allowed: "the \(weightMap.count) tensors of the index",
                location: .init(path: file.path, tensor: extra.map { printable($0.name) }))
        }
    }

    private func nameError(_ found: String, _ allowed: String) -> ModelFileError {
        ModelFileError(
            .shardNameInvalid, tried: "reading the file names of the index", found: found,
            allowed: allowed, location: .init(path: file.path, key: "weight_map"))
    }

    private static func structure(
        _ file: ModelFile, _ value: JSONValue, _ allowed: String
    ) -> ModelFileError {
        ModelFileError(
            .jsonStructureInvalid, tried: "reading the shard index", found: value.typeName,
            allowed: allowed, location: .init(path: file.path, offset: value.byteOffset))
    }
}
