// What makes a file "the same file": device, inode, size and modification time.
//
// Guarantees: two equal identities mean that no ordinary write, truncation or replacement
// happened between.
// Does not: detect a writer that restores size and time on purpose; the fingerprint does.

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

    /// The first difference, as words for an error text.
    func difference(to other: FileIdentity) -> String {
        if device != other.device || inode != other.inode { return "the path names another file" }
        if size != other.size { return "the size went from \(size) to \(other.size) bytes" }
        return "the modification time changed"
    }
}
