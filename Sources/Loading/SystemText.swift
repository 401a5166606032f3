// Small text files in which Linux says how it is.
//
// Guarantees: an unreadable file reads as empty text, so that callers treat it as "not known".
// Does not: read files of any size; 8 KiB is more than each of them has.

import Glibc

enum SystemText {
    /// The first 8 KiB of the file, or nothing.
    static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        return String(unsafeUninitializedCapacity: 8192) { buffer in
            max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
        }
    }
}
