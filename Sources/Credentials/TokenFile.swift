// The file of hashed tokens, as `assayd --token-file` reads it: opened, checked as a file, parsed.
//
// Guarantees:
// - The file is regular, of bounded size, and only its owner may write it. The owner is root or
//   the user of the process. Whoever writes the file gives rights, so any other file is refused.
// - The identity belongs to the very file that was read, and was taken before the first byte. A
//   writer in between makes the next comparison differ.
// Does not: hold secrets. A hash of 256 random bits gives no token away.

import Glibc
import ModelFiles
import PlainText

/// See the head of the file.
package enum TokenFile {
    /// Largest file, in bytes.
    package static let sizeMax = 1 << 20
    /// Most tokens.
    package static let countMax = 1024
    /// Most bytes of a name or a tenant.
    package static let nameSizeMax = 64
    /// Highest priority of a request.
    package static let priorityMax: UInt64 = 9
    /// Weights of a tenant.
    package static let shares = 0.001...1000.0

    /// What tells one state of the file from another.
    package struct Identity: Sendable, Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int
        let modified: [Int]
        let changed: [Int]
        let mode: UInt32
        let owner: UInt32

        init(_ status: stat) {
            (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
            size = Int(status.st_size)
            modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
            changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
            (mode, owner) = (status.st_mode, status.st_uid)
        }
    }

    /// The identity of the file now at `path`, or nil when none can be had. One system call.
    package static func identity(of path: String) -> Identity? {
        var status = stat()
        return stat(path, &status) == 0 ? Identity(status) : nil
    }

    /// Reads the file. Blocking.
    package static func read(
        _ path: String
    ) throws(TokenFileError) -> (table: TokenTable, identity: Identity) {
        // O_NONBLOCK lets `open` return from a FIFO that nobody writes.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            throw refusal(systemErrorText(errno), "a file that assayd can read", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw refusal(systemErrorText(errno), "a file that assayd can read", path)
        }
        try check(status, path)
        let bytes = try content(descriptor, path)
        return (try parse(bytes, path: path), Identity(status))
    }

    private static func check(_ status: stat, _ path: String) throws(TokenFileError) {
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw refusal("something else than a regular file", "a regular file", path)
        }
        guard status.st_size <= sizeMax else {
            throw refusal("\(status.st_size) bytes", "up to \(sizeMax)", path)
        }
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            throw refusal(
                "a file of user \(status.st_uid), who could give rights with it",
                "a file of root or of the server's own user: chown it", path)
        }
        guard status.st_mode & 0o022 == 0 else {
            throw refusal(
                "a file that others than its owner may write, and so give rights "
                    + "(mode \(modeText(status.st_mode)))",
                "a file that only its owner may write: chmod go-w it", path)
        }
    }

    /// Returns the content of the file, bounded whatever the file becomes meanwhile.
    private static func content(
        _ descriptor: Int32, _ path: String
    ) throws(TokenFileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= sizeMax {
            let got = Glibc.read(descriptor, &piece, piece.count)
            if got == 0 { return bytes }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else {
                throw refusal(systemErrorText(errno), "a file that assayd can read", path)
            }
            bytes += piece[..<got]
        }
        throw refusal("more than \(sizeMax) bytes", "up to \(sizeMax)", path)
    }

    static func refusal(
        _ found: String, _ allowed: String, _ location: String
    ) -> TokenFileError {
        TokenFileError("reading the token file: found \(found), allowed: \(allowed)", location)
    }

    /// The permissions of a file as `chmod` takes them.
    static func modeText(_ mode: UInt32) -> String {
        let digits = String(mode & 0o7777, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
