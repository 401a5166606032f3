// Adds an entry to a token file, for `assay token new --file`.
//
// Guarantees: the file is the old one or the new one at every moment, with the permissions and,
// where the system allows, the owner of the old one. Writers through this function wait for each
// other. A name that is taken, and a share that differs from the tenant's, are refused.

import Glibc
import ModelFiles
import PlainText

extension TokenFile {
    /// Adds an entry, and makes the file when there is none. Blocking.
    package static func add(_ entry: TokenEntry, to path: String) throws(TokenFileError) {
        let path = resolved(path)
        let folder = folder(of: path)
        let lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else { throw failure("opening the folder \(folder)", errno, path) }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure("locking the folder", errno, path) }
        }
        var status = stat()
        let isThere = stat(path, &status) == 0
        let table = isThere ? try read(path).table : TokenTable([])
        let added = TokenTable(table.entries + [entry])
        // The parser judges the whole file, and with it the new entry beside the others.
        _ = try parse(Array(added.text.utf8), path: path)
        try write(Array(added.text.utf8), to: path, folder, like: isThere ? status : nil)
    }

    /// The file that a link stands for, so that the link stays.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func write(
        _ bytes: [UInt8], to path: String, _ folder: String, like old: stat?
    ) throws(TokenFileError) {
        let temporary = "\(folder)/.assay-tokens-\(UInt64.random(in: 0 ... .max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("writing beside it", errno, path) }
        var isInPlace = false
        defer { if !isInPlace { unlink(temporary) } }
        // Only root may keep another owner.
        if let old, old.st_uid != geteuid() || old.st_gid != getegid() {
            _ = fchown(descriptor, old.st_uid, old.st_gid)
        }
        let mode = old.map { $0.st_mode & 0o755 } ?? 0o644
        var failed = fchmod(descriptor, mode) != 0
        var rest = bytes[...]
        while !failed, !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) }
            failed = count < 0 && errno != EINTR
        }
        failed = failed || fsync(descriptor) != 0
        let number = errno
        close(descriptor)
        guard !failed else { throw failure("writing beside it", number, path) }
        guard rename(temporary, path) == 0 else { throw failure("putting it there", errno, path) }
        isInPlace = true
    }

    private static func failure(
        _ tried: String, _ number: Int32, _ path: String
    ) -> TokenFileError {
        TokenFileError(
            "adding to the token file: \(tried) failed: \(systemErrorText(number)), allowed: a "
                + "file in a folder that this user may write", path)
    }
}
