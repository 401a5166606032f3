// Opens and writes the seal beside a model. `SealPlaces` knows the possible paths.
//
// Guarantees:
// - Only a regular file is opened, never through a link. Opening never blocks, whatever the path
//   turns out to be.
// - A file of more than 64 KiB is refused.
// - An existing but unusable seal is a refusal and is never ignored.
// - A seal appears whole or not at all. It is written beside its place, synced, then renamed.
// Does not: lock. After two concurrent writers, the seal of either remains.

import Glibc
import ModelFiles

package enum SealFile {
    /// Reads the seal at `path`. Returns nil if no seal is there. Blocking. Throws `seal_invalid`
    /// of the file layer.
    package static func read(at path: String) throws(AssayRejection) -> Seal? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            // A seal cannot have a name that is too long for the system.
            guard [ENOENT, ENOTDIR, ENAMETOOLONG].contains(errno) else {
                throw failure("lstat", errno, path)
            }
            return nil
        }
        try check(status, path)
        // O_NONBLOCK and O_NOFOLLOW let `open` return even if the path was exchanged after the
        // check.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw failure("open", errno, path) }
        defer { close(descriptor) }
        guard fstat(descriptor, &status) == 0 else { throw failure("fstat", errno, path) }
        try check(status, path)
        return try Seal(content(descriptor, path), path: path)
    }

    private static func check(_ status: stat, _ path: String) throws(AssayRejection) {
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG else {
            let names: [mode_t: String] = [
                S_IFDIR: "a directory", S_IFLNK: "a symbolic link", S_IFIFO: "a FIFO (named pipe)",
                S_IFSOCK: "a socket", S_IFCHR: "a character device", S_IFBLK: "a block device",
            ]
            throw invalid(
                path, found: names[kind] ?? "a special file", allowed: "a regular file, no link")
        }
        guard status.st_size <= SealLimits.sizeMax else {
            throw invalid(
                path, found: "\(status.st_size) bytes",
                allowed: "at most \(SealLimits.sizeMax) bytes")
        }
    }

    /// Returns the content of the file, and an extra byte if the file has grown beyond the bound.
    private static func content(
        _ descriptor: Int32, _ path: String
    ) throws(AssayRejection) -> [UInt8] {
        var failed: Int32 = 0
        let capacity = SealLimits.sizeMax + 1
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            while count < capacity {
                let got = Glibc.read(
                    descriptor, buffer.baseAddress.map { $0 + count }, capacity - count)
                if got > 0 { count += got }
                if got == 0 { return }
                if got < 0, errno != EINTR {
                    failed = errno
                    return
                }
            }
        }
        guard failed == 0 else { throw failure("read", failed, path) }
        return bytes
    }

    private static func invalid(
        _ path: String, found: String, allowed: String
    ) -> AssayRejection {
        AssayRejection(
            .file, .sealInvalid, tried: "opening the seal", found: found, allowed: allowed,
            location: ModelFileError.Location(path: path).description)
    }

    private static func failure(_ call: String, _ number: Int32, _ path: String) -> AssayRejection {
        let error = ModelFileError.system(
            SystemCallFailure(call: call, number: number), tried: "opening the seal",
            location: .init(path: path))
        return AssayRejection(
            .file, .sealInvalid, tried: error.tried, found: error.found, allowed: error.allowed,
            location: error.location.description, cause: error, isTransient: error.code.isTransient)
    }
}

extension SealFile {
    /// Writes `seal` at `path` and returns the path. Blocking. The permissions are 0644 less the
    /// process's mask. Refuses an existing seal unless `replaces`.
    package static func write(
        _ seal: Seal, to path: String, replaces: Bool
    ) throws(SealingError) -> String {
        var status = stat()
        if !replaces, lstat(path, &status) == 0 {
            throw SealingError(
                .sealExists,
                "writing the seal: found one at \"\(printable(path))\"; allowed: none there, or "
                    + "the word to replace it")
        }
        let bytes = Array(seal.text.utf8)
        guard bytes.count <= SealLimits.sizeMax else {
            throw SealingError(
                .promptUnusable,
                "writing the seal: found \(bytes.count) bytes with this prompt; allowed: "
                    + "\(SealLimits.sizeMax)")
        }
        let folder = folder(of: path)
        let (descriptor, temporary) = try create(in: folder, path)
        var isInPlace = false
        defer { if !isInPlace { unlink(temporary) } }
        do throws(SealingError) {
            try write(bytes, to: descriptor, path)
            guard fsync(descriptor) == 0 else { throw .system("fsync", errno, path) }
        } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 else { throw .system("close", errno, path) }
        guard rename(temporary, path) == 0 else { throw .system("rename", errno, path) }
        isInPlace = true
        syncFolder(folder)
        return path
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Creates a file with a random name. The name is short even if the model's name is long.
    private static func create(
        in folder: String, _ path: String
    ) throws(SealingError) -> (descriptor: Int32, name: String) {
        while true {
            let number = String(UInt64.random(in: 0 ... .max), radix: 36)
            let name = "\(folder)/.assay-seal-\(number)"
            let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
            if descriptor >= 0 { return (descriptor, name) }
            guard errno == EEXIST || errno == EINTR else { throw .system("open", errno, path) }
        }
    }

    private static func write(
        _ bytes: [UInt8], to descriptor: Int32, _ path: String
    ) throws(SealingError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(
                    descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset)
            }
            if count > 0 { offset += count }
            if count <= 0, errno != EINTR { throw .system("write", errno, path) }
        }
    }

    /// Makes the new name durable, where the file system can.
    private static func syncFolder(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// Failure to seal an accepted model. No seal was written.
public struct SealingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A stable reason.
    public struct Code: Sendable, Hashable {
        /// The stable snake_case name.
        public let name: String
        /// The text gives no token, or more tokens than a seal or the model's context holds.
        public static let promptUnusable = Code(name: "prompt_unusable")
        /// A seal already exists.
        public static let sealExists = Code(name: "seal_exists")
        /// The process may not write beside the model.
        public static let sealNotWritable = Code(name: "seal_not_writable")
        /// Writing, hashing or computing failed.
        public static let sealingFailed = Code(name: "sealing_failed")
    }

    /// The stable reason.
    public let code: Code
    /// A sentence with tried, found and allowed.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static func system(_ call: String, _ number: Int32, _ path: String) -> SealingError {
        // Errors within the caller's control: the place, its permissions, its present content.
        let isAboutThePlace = [EACCES, EPERM, EROFS, ENOENT, ENOTDIR, ENAMETOOLONG, EISDIR]
            .contains(number)
        return SealingError(
            isAboutThePlace ? .sealNotWritable : .sealingFailed,
            "writing the seal: \(call) found \(systemErrorText(number)); allowed: a folder this "
                + "process may write to (\"\(printable(path))\")")
    }

    /// Code and sentence.
    public var description: String { "\(code.name): \(message)" }
}
