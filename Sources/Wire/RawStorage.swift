// Room for the bytes of frames. FrameDecoder keeps an unfinished frame and a decompressed body in
// it.
//
// Guarantees: memory that the system refuses is an error (`overloaded`), never the end of the
// process. A peer can make a server ask for memory, so a refusal is normal input.

import Glibc

/// A growable block of bytes. `append` and `resized` move the block, and `release` frees it.
struct RawStorage: ~Copyable {
    private var block: UnsafeMutableRawPointer?
    /// Bytes allocated.
    private(set) var capacity = 0
    /// Bytes in use.
    private(set) var count = 0

    /// The bytes in use. Valid until the next mutation.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: block, count: count) }

    /// Adds bytes. Grows by doubling, at first to what is needed, and never beyond `sizeMax` unless
    /// the bytes need more.
    ///
    /// Throws `overloaded` without memory. The bytes in use then stay.
    mutating func append(_ source: UnsafeRawBufferPointer, sizeMax: Int) throws(WireError) {
        guard let from = source.baseAddress, source.count > 0 else { return }
        try reserve(count + source.count, sizeMax: sizeMax)
        block?.advanced(by: count).copyMemory(from: from, byteCount: source.count)
        count += source.count
    }

    /// Returns room for exactly `size` bytes with undefined values. Throws `overloaded`.
    mutating func resized(to size: Int) throws(WireError) -> UnsafeMutableRawBufferPointer {
        count = 0
        try reserve(size, sizeMax: size)
        count = size
        return UnsafeMutableRawBufferPointer(start: block, count: size)
    }

    /// Forgets the bytes and keeps the room.
    mutating func removeAll() { count = 0 }

    /// Forgets the bytes and gives the room back.
    mutating func release() {
        free(block)
        block = nil
        (capacity, count) = (0, 0)
    }

    private mutating func reserve(_ size: Int, sizeMax: Int) throws(WireError) {
        guard size > capacity else { return }
        if count == 0 { release() }
        let wanted = max(size, min(capacity * 2, sizeMax))
        // realloc(3) leaves the old block as it was when it returns NULL.
        guard let larger = realloc(block, wanted) else { throw .memory(wanted) }
        block = larger
        capacity = wanted
    }

    deinit { free(block) }
}
