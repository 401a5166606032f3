// Where the seals of a model may lie, found by its files and not by the spelling of its path.
//
//   /models/tiny.gguf                   /models/tiny.gguf.seal
//   /models/big-00002-of-00003.gguf     the seal of any part
//   a link to one of them               beside the link, and beside the file itself
//   another name of the same file       the seal of each name in the folder
//   /models/folder, a file in it        /models/folder/assay.seal, where the folder is this model
//
// Guarantees: every seal that lies in one of these places must hold. The places are found once,
// when the model is opened.
// Does not: read seals by itself before it is asked; `SealFile` opens them.

import Glibc
import ModelFiles

/// See the head of the file. A value; any thread.
package struct SealPlaces: Sendable {
    /// Paths at which a seal counts, each once.
    package let candidates: [String]
    /// The path of a new one: beside the first of the model's files, or in the folder that was
    /// named.
    package let target: String

    private static let nameInFolder = "assay.seal"

    /// Looks at the files of an open model and the folders they lie in. Blocking.
    package init(_ files: ModelFileSet) {
        var paths: [String] = []
        let spelled = Self.resolved(files.path) ?? files.path
        let isFolder = Self.isFolder(spelled)
        if !isFolder { paths += [files.path + ".seal", spelled + ".seal"] }
        var folders = isFolder ? [spelled] : []
        for file in files.files where file.format != nil || file === files.indexFile {
            let path = Self.resolved(file.path) ?? file.path
            paths += [file.path + ".seal", path + ".seal"]
            paths += Self.otherNames(of: path, file.identity).map { $0 + ".seal" }
            let folder = Self.folder(of: path)
            if !folders.contains(folder) { folders.append(folder) }
        }
        for folder in folders where folder == spelled || Self.isModel(folder, files) {
            paths.append(folder + (folder.hasSuffix("/") ? "" : "/") + Self.nameInFolder)
        }
        var seen: Set<String> = []
        candidates = paths.filter { seen.insert($0).inserted }
        let first = files.weights[0].path
        target =
            isFolder
            ? spelled + "/" + Self.nameInFolder : (Self.resolved(first) ?? first) + ".seal"
    }

    /// The seals that lie there now. Blocking. Throws `seal_invalid` for one that cannot be used.
    package func read() throws(AssayRejection) -> [Seal] {
        var seals: [Seal] = []
        for path in candidates {
            guard let seal = try SealFile.read(at: path), !seals.contains(seal) else { continue }
            seals.append(seal)
        }
        return seals
    }

    // MARK: - Names

    /// Other names of the same file in its folder; a file with one name has none.
    private static func otherNames(of path: String, _ identity: FileIdentity) -> [String] {
        var status = stat()
        guard stat(path, &status) == 0, status.st_nlink > 1 else { return [] }
        let folder = folder(of: path)
        let names =
            (try? FolderListing.names(folder, countMax: FileLimits.default.folderEntryCountMax))
        return (names ?? []).map { (folder == "/" ? "" : folder) + "/" + $0 }.filter { other in
            other != path && FileIdentity.compare(other, with: identity) == .same
        }
    }

    /// Whether the folder by itself names the same files.
    private static func isModel(_ folder: String, _ files: ModelFileSet) -> Bool {
        // Most folders have no such seal, and then nobody has to know.
        var status = stat()
        guard lstat(folder + "/" + nameInFolder, &status) == 0 else { return false }
        guard let other = try? ModelFileSet(path: folder) else { return false }
        return other.weights.map(\.identity) == files.weights.map(\.identity)
    }

    private static func resolved(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
