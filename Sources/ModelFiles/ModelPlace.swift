// Resolves the path of a model: a GGUF file, the parts of a split GGUF model, a SafeTensors file,
// or a shard index.
//
// A file is resolved by name:
//
//      X.gguf, X.safetensors          the file alone
//      X-00002-of-00003.gguf          all three parts, for any named part
//      X-00002-of-00003.safetensors   X.safetensors.index.json
//      X.safetensors.index.json       the files in the index
//
// A folder resolves to the only model inside. `model.safetensors` and
// `model.safetensors.index.json` go before SafeTensors files with other names, because the folder
// of a model may also hold adapters, or the weights in the maker's own form.
//
// Guarantees: a folder with no model or with several models is refused, and the error lists the
// names found. Nothing is guessed.
// Does not: open files, or search folders inside the folder.

import Glibc

/// Paths of a model's weights, or of the index that names them.
enum ModelPlace {
    /// The parts in order. A plain file is a single part.
    case files([String])
    case index(String)

    private static let indexSuffix = ".safetensors.index.json"

    /// - Throws: a `file` layer error, or `splitNameInvalid` for a part number or a total out of
    ///   range.
    init(_ path: String, limits: FileLimits, partCountMax: Int) throws(ModelFileError) {
        try FileOpening(path: path, limits: limits).checkPath()
        guard JSONFile.isFolder(path) else {
            try self.init(name: path, partCountMax)
            return
        }
        let folder = path.hasSuffix("/") ? path : path + "/"
        let names = try FolderListing.names(path, countMax: limits.folderEntryCountMax)
        let models = Self.models(names)
        guard models.count == 1 else { throw Self.undecided(path, models, names) }
        try self.init(name: folder + models[0], partCountMax)
    }

    private init(name path: String, _ partCountMax: Int) throws(ModelFileError) {
        let lowercased = path.lowercased()
        if lowercased.hasSuffix(Self.indexSuffix) {
            self = .index(path)
            return
        }
        guard let part = PartName(path), part.count > 1 || part.number != 1 else {
            self = .files([path])
            return
        }
        switch part.suffix.lowercased() {
        case ".gguf": self = .files(try part.paths(countMax: partCountMax))
        case ".safetensors": self = .index(part.prefix + Self.indexSuffix)
        default: self = .files([path])
        }
    }

    // MARK: Folders

    /// The models in a folder, each by the name of the file to open, sorted.
    private static func models(_ names: [String]) -> [String] {
        let usual = names.filter {
            $0 == SafeTensorsModel.fileName || $0 == SafeTensorsModel.indexName
        }
        var found = Set(usual)
        for name in names {
            let lowercased = name.lowercased()
            if lowercased.hasSuffix(".gguf") {
                found.insert(PartName(name).map { $0.path(1) } ?? name)
            } else if usual.isEmpty, lowercased.hasSuffix(indexSuffix) {
                found.insert(name)
            } else if usual.isEmpty, lowercased.hasSuffix(".safetensors") {
                let part = PartName(name).flatMap { $0.count > 1 ? $0 : nil }
                found.insert(part.map { $0.prefix + indexSuffix } ?? name)
            }
        }
        // The index goes first where it covers the file. `ModelFileSet` checks that it does.
        if usual.count == 2 { found.remove(SafeTensorsModel.fileName) }
        return found.sorted()
    }

    private static func undecided(
        _ path: String, _ models: [String], _ names: [String]
    ) -> ModelFileError {
        ModelFileError(
            models.isEmpty ? .isDirectory : .severalModels, tried: "looking for a model",
            found: models.isEmpty
                ? "a directory without one (\(list(names)))"
                : "a directory with \(models.count): \(list(models))",
            allowed: "a directory with one .gguf model, or with model.safetensors or "
                + "\(SafeTensorsModel.indexName)",
            location: .init(path: path))
    }

    private static func list(_ names: [String]) -> String {
        guard !names.isEmpty else { return "empty" }
        let shown = names.sorted().prefix(8).map { printable($0, countMax: 60) }
        return shown.joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }
}

/// The names in a folder.
package enum FolderListing {
    /// Every name except `.` and `..`. Blocking. Throws a `file` layer error.
    package static func names(_ path: String, countMax: Int) throws(ModelFileError) -> [String] {
        guard let directory = opendir(path) else {
            throw .system(
                SystemCallFailure(call: "opendir", number: errno), tried: "opening the directory",
                location: .init(path: path))
        }
        defer { closedir(directory) }
        var names: [String] = []
        // readdir(3): the end and an error both give NULL, but only an error changes errno.
        errno = 0
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
            guard names.count <= countMax else {
                throw ModelFileError(
                    .severalModels, tried: "reading the directory",
                    found: "more than \(countMax) names", allowed: "a directory of one model",
                    location: .init(path: path))
            }
            errno = 0
        }
        guard errno == 0 else {
            throw .system(
                SystemCallFailure(call: "readdir", number: errno), tried: "reading the directory",
                location: .init(path: path))
        }
        return names
    }
}
