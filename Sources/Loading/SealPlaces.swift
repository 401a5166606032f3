// Possible places of a model's seals, derived from its files and not from the spelling of its path.
//
//   /models/tiny.gguf                   /models/tiny.gguf.seal
//   /models/big-00002-of-00003.gguf     the seal of any part
//   a link to a model file              beside the link, and beside the file itself
//   a hard link of a model file         the seal of each name in the folder
//   /models/folder, a file in it        /models/folder/assay.seal, unless of another model
//
// Guarantees: every seal found in these places must match. The places are found once, when the
// model is opened.
// Does not: read seals unless asked. `SealFile` opens seals.

import Glibc
import ModelFiles

/// Possible places of a model's seals. See the head of the file. A value. Any thread.
package struct SealPlaces: Sendable {
    /// Distinct paths at which a seal counts.
    package let candidates: [String]
    /// Among the candidates, the seals of folders with several models, each with the paths of the
    /// foreign models. A folder's seal counts unless it belongs to a foreign model.
    private let shared: [String: [String]]
    /// Path for a new seal: beside the model's first weight file, or in the folder given as the
    /// model.
    package let target: String

    private static let nameInFolder = "assay.seal"
    /// Largest number of links followed to a file, as in the kernel.
    private static let linkCountMax = 40
    /// Largest numbers of names and of foreign models examined in a folder.
    private static let folderNameCountMax = 4096
    private static let otherModelCountMax = 16

    /// Finds the places from the files of an open model and their folders. Blocking.
    package init(_ files: ModelFileSet) {
        var paths: [String] = []
        let spelled = Self.resolved(files.path) ?? files.path
        let isFolder = Self.isFolder(spelled)
        if !isFolder { paths += [files.path + ".seal", spelled + ".seal"] }
        var folders = isFolder ? [spelled] : []
        for file in files.files where file.format != nil || file === files.indexFile {
            let path = Self.resolved(file.path) ?? file.path
            let names = Self.links(from: file.path) + [path]
            paths += names.map { $0 + ".seal" }
            paths += Self.otherNames(of: path, file.identity).map { $0 + ".seal" }
            for folder in names.map({ Self.folder(of: $0) }) where !folders.contains(folder) {
                folders.append(folder)
            }
        }
        var shared: [String: [String]] = [:]
        for folder in folders {
            let seal = folder + (folder.hasSuffix("/") ? "" : "/") + Self.nameInFolder
            // Most folders have no such seal and need no search for foreign models.
            guard folder != spelled, Self.exists(seal) else {
                if folder == spelled { paths.append(seal) }
                continue
            }
            let others = Self.otherModels(in: folder, files)
            if !others.isEmpty { shared[seal] = others }
            paths.append(seal)
        }
        self.shared = shared
        var seen: Set<String> = []
        candidates = paths.filter { seen.insert($0).inserted }
        let first = files.weights[0].path
        target =
            isFolder
            ? spelled + "/" + Self.nameInFolder : (Self.resolved(first) ?? first) + ".seal"
    }

    /// A seal and its path.
    package struct Found: Sendable {
        package let path: String
        package let seal: Seal
    }

    /// Reads the seals at the candidate paths. Blocking. Throws `seal_invalid` for an unusable
    /// seal.
    package func read() throws(AssayRejection) -> [Found] {
        var found: [Found] = []
        for path in candidates {
            guard let seal = try SealFile.read(at: path) else { continue }
            found.append(Found(path: path, seal: seal))
        }
        return found
    }

    /// Returns the distinct seals of `found`, without the seals of foreign models. Blocking: for a
    /// folder's seal with another fingerprint than `own`, reads the foreign models of the folder,
    /// until `isCancelled` returns true.
    package func seals(
        _ found: [Found], of own: Fingerprint, isCancelled: () -> Bool = { false }
    ) -> [Seal] {
        var seals: [Seal] = []
        for (path, seal) in found.map({ ($0.path, $0.seal) }) where !seals.contains(seal) {
            if seal.fingerprint != own, let others = shared[path],
                Self.isSeal(seal, ofOneOf: others, isCancelled)
            {
                continue
            }
            seals.append(seal)
        }
        return seals
    }

    // MARK: - Names

    /// Returns the hard links to the file within its folder. A file with a single name has none.
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

    /// Returns `path` and the target of each link on the way. The last path is not a link.
    private static func links(from path: String) -> [String] {
        var names = [path]
        while names.count < linkCountMax {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(names[names.count - 1], &buffer, buffer.count)
            guard count > 0, count < buffer.count else { break }
            let target = String(
                decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let folder = folder(of: names[names.count - 1])
            names.append(target.hasPrefix("/") ? target : folder + "/" + target)
        }
        return names
    }

    /// Returns the paths of foreign models in the folder, or none where the whole folder is the
    /// model.
    private static func otherModels(in folder: String, _ files: ModelFileSet) -> [String] {
        if let whole = try? ModelFileSet(path: folder),
            whole.weights.map(\.identity) == files.weights.map(\.identity)
        {
            return []
        }
        let own = Set(files.weights.map(\.identity.inode))
        let names = (try? FolderListing.names(folder, countMax: folderNameCountMax)) ?? []
        return names.sorted().map { folder + "/" + $0 }.filter { path in
            guard let other = try? ModelFile(path: path) else { return false }
            return !own.contains(other.identity.inode)
        }
    }

    /// Returns true if the seal carries the fingerprint of a model at `paths`. Reads the models.
    private static func isSeal(
        _ seal: Seal, ofOneOf paths: [String], _ isCancelled: () -> Bool
    ) -> Bool {
        // Each part of a split model opens the whole model, so a model is read only once.
        var read: Set<UInt64> = []
        var count = 0
        for path in paths where count < otherModelCountMax {
            guard let files = try? ModelFileSet(path: path) else { continue }
            let inodes = files.weights.map(\.identity.inode)
            guard read.isDisjoint(with: inodes) else { continue }
            read.formUnion(inodes)
            count += 1
            let found = try? Fingerprint.compute(of: files, isCancelled: isCancelled)
            if found == seal.fingerprint { return true }
        }
        return false
    }

    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
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
