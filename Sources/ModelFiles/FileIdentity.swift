// The identity of a file: device, inode, size and modification time.
//
// Guarantees: two equal identities mean that no ordinary write, truncation or replacement
// happened in between.
// Does not: detect a writer that restores size and time on purpose. The fingerprint does.

import Glibc

/// Device, inode, size and modification time of an open file.
public struct FileIdentity: Sendable, Equatable {
    /// Device number.
    public let device: UInt64
    /// Inode number.
    public let inode: UInt64
    /// Size in bytes.
    public let size: Int
    /// Modification time in nanoseconds since 1970.
    public let modifiedNanoseconds: Int64
    /// Time of the last change of content, name or mode, in nanoseconds since 1970. No part of
    /// equality, because a new link to a file changes nothing that is read.
    package let changedNanoseconds: Int64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        modifiedNanoseconds = Self.nanoseconds(status.st_mtim)
        changedNanoseconds = Self.nanoseconds(status.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Compares everything but the time of the last change.
    public static func == (left: FileIdentity, right: FileIdentity) -> Bool {
        left.device == right.device && left.inode == right.inode && left.size == right.size
            && left.modifiedNanoseconds == right.modifiedNanoseconds
    }

    /// Result of comparing the file at a path with an earlier identity.
    package enum Comparison: Sendable, Equatable {
        case same
        /// `isMissing` is true when the path names nothing. `reason` completes "found …".
        case differs(isMissing: Bool, reason: String)
    }

    /// Compares the file now at `path` with `identity`. One `stat` call. Blocking.
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

    /// Describes the first difference for an error text.
    func difference(to other: FileIdentity) -> String {
        if device != other.device || inode != other.inode { return "the path names another file" }
        if size != other.size { return "the size went from \(size) to \(other.size) bytes" }
        return "the modification time changed"
    }
}
