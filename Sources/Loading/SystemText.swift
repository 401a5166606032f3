// Reads small text files with facts about the system, from /proc and /sys.
//
// Guarantees: an unreadable file reads as empty text, so that callers treat the fact as unknown.
// Does not: read large files. 8 KiB is more than any of these files has.

import Glibc

enum SystemText {
    /// Returns the first 8 KiB of the file, or empty text.
    static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        return String(unsafeUninitializedCapacity: 8192) { buffer in
            max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
        }
    }
}
