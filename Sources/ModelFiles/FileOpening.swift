// Opens a regular file at a path, cheapest check first.
//
// Order: the text of the path, the kind of the file, opening, the kind of the open file, the size,
// and the magic of a file without a known extension.
// The kind is checked before opening, because opening a FIFO or a device can block or have
// effects. The kind of the open file is checked too, because the path may have been exchanged
// in between.
// Does not: read more than a magic.

import Glibc

struct FileOpening {
    struct Opened {
        let descriptor: Int32
        let identity: FileIdentity
        let format: ModelFileFormat?
    }

    let path: String
    let limits: FileLimits

    private var location: ModelFileError.Location { .init(path: path) }

    func open() throws(ModelFileError) -> Opened {
        try checkPath()
        try checkKind(of: statusOfPath())
        if let format = formatOfExtension() {
            let (descriptor, identity) = try openRegularFile()
            return Opened(descriptor: descriptor, identity: identity, format: format)
        }
        let (descriptor, identity) = try openRegularFile()
        guard Self.beginsAsGGUF(descriptor) else {
            close(descriptor)
            throw withoutFormat()
        }
        return Opened(descriptor: descriptor, identity: identity, format: .gguf)
    }

    /// Opens a regular file of any extension, for reading.
    func openRegularFile() throws(ModelFileError) -> (descriptor: Int32, identity: FileIdentity) {
        try checkPath()
        try checkKind(of: statusOfPath())
        // With O_NONBLOCK, opening returns at once if a FIFO replaced the file since the check.
        let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            throw .system(
                SystemCallFailure(call: "open", number: errno), tried: "opening the file",
                location: location)
        }
        do throws(ModelFileError) {
            return (descriptor, try checkOpen(descriptor))
        } catch {
            close(descriptor)
            throw error
        }
    }

    func checkPath() throws(ModelFileError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw ModelFileError(
                .pathInvalid, tried: "using the path",
                found: path.isEmpty ? "an empty path" : "a NUL byte in the path",
                allowed: "a path of a regular file", location: location)
        }
    }

    private func statusOfPath() throws(ModelFileError) -> stat {
        var status = stat()
        if stat(path, &status) == 0 { return status }
        let failure = SystemCallFailure(call: "stat", number: errno)
        if failure.number == ENOENT, lstat(path, &status) == 0 {
            throw ModelFileError(
                .danglingLink, tried: "looking up the path",
                found: "a symbolic link whose target does not exist",
                allowed: "a regular file, or a link to one", location: location, cause: failure)
        }
        throw .system(failure, tried: "looking up the path", location: location)
    }

    private func checkOpen(_ descriptor: Int32) throws(ModelFileError) -> FileIdentity {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .system(
                SystemCallFailure(call: "fstat", number: errno), tried: "examining the open file",
                location: location)
        }
        try checkKind(of: status)
        let identity = FileIdentity(status)
        guard identity.size > 0 else {
            throw ModelFileError(
                .emptyFile, tried: "examining the open file", found: "0 bytes",
                allowed: "a file with content", location: location)
        }
        guard identity.size <= limits.fileSizeMax else {
            throw ModelFileError(
                .fileTooLarge, tried: "examining the open file", found: "\(identity.size) bytes",
                allowed: "at most \(limits.fileSizeMax) bytes", location: location)
        }
        return identity
    }

    private func checkKind(of status: stat) throws(ModelFileError) {
        let refused: (code: ModelFileError.Code, found: String)
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: refused = (.isDirectory, "a directory")
        case S_IFIFO: refused = (.isFIFO, "a FIFO (named pipe)")
        case S_IFSOCK: refused = (.isSocket, "a socket")
        case S_IFCHR: refused = (.isDevice, "a character device")
        default: refused = (.isDevice, "a block device or another special file")
        }
        throw ModelFileError(
            refused.code, tried: "examining what the path names", found: refused.found,
            allowed: "a regular file, or a link to one", location: location)
    }

    private var suffix: String? {
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last ?? path.utf8[...]
        return name.lastIndex(of: UInt8(ascii: "."))
            .map { String(decoding: name[name.index(after: $0)...], as: UTF8.self) }
    }

    /// The format of the file extension, in upper or lower case, or nil for another extension.
    private func formatOfExtension() -> ModelFileFormat? {
        suffix.flatMap { ModelFileFormat(rawValue: $0.lowercased()) }
    }

    /// Returns true for a file with GGUF's magic. Stores of models name files by their hashes, and
    /// GGUF is the only format with a magic.
    private static func beginsAsGGUF(_ descriptor: Int32) -> Bool {
        var magic: UInt32 = 0
        let count = pread(descriptor, &magic, 4, 0)
        return count == 4 && UInt32(littleEndian: magic) == 0x4655_4747
    }

    private func withoutFormat() -> ModelFileError {
        ModelFileError(
            .extensionUnsupported, tried: "choosing a format by the file name's extension",
            found: (suffix.map { "\".\(printable($0, countMax: 40))\"" } ?? "no extension")
                + " and a file without GGUF's magic",
            allowed: ModelFileFormat.allCases.map { ".\($0.rawValue)" }.joined(separator: ", ")
                + ", .safetensors.index.json, a GGUF file of any name, or a folder",
            location: location)
    }
}
