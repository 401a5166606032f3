// What makes a file "the same file": device, inode, size and modification time.
//
// Guarantees: two equal identities mean that no ordinary write, truncation or replacement
// happened between.
// Does not: detect a writer that restores size and time on purpose. The fingerprint does.

import Glibc

/// Device, inode, size and modification time of an open file.
public struct FileIdentity: Sendable, Equatable {
    /// Device number.
    public let device: UInt64
    /// Inode number.
    public let inode: UInt64
    /// Bytes.
    public let size: Int
    /// Nanoseconds since 1970.
    public let modifiedNanoseconds: Int64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        let time = status.st_mtim
        modifiedNanoseconds = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// How the file that a path names now compares with an earlier identity.
    package enum Comparison: Sendable, Equatable {
        case same
        /// `isMissing`: the path names nothing. The reason completes "found …".
        case differs(isMissing: Bool, reason: String)
    }

    /// Looks at what `path` names now. One `stat` call; blocking.
    package static func compare(_ path: String, with identity: FileIdentity) -> Comparison {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let isMissing = errno == ENOENT || errno == ENOTDIR
            let text = systemErrorText(errno)
            return .differs(
                isMissing: isMissing,
                reason: isMissing ? "the path is gone (\(text))" : "stat: \(text)")
        }
        let now = FileIdentity(status)
        return now == identity
            ? .same : .differs(isMissing: false, reason: identity.difference(to: now))
    }

    /// The first difference, as words for an error text.
    func difference(to other: FileIdentity) -> String {
        if device != other.device || inode != other.inode { return "the path names another file" }
        if size != other.size { return "the size went from \(size) to \(other.size) bytes" }
        return "the modification time changed"
    }
}
