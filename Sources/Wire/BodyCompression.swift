// Compresses bodies to LZ4 blocks and decompresses them. Only this file imports CLZ4.
//
// Guarantees: a body is compressed only when compression pays (Limits.compression…). A block is
// accepted only when the block decodes to exactly the announced raw size. liblz4's safe decoder
// neither writes past the given capacity nor reads past the block. Any negative result is damage.
//
// Not here: dictionaries, the LZ4 frame format, levels.

internal import CLZ4

package enum BodyCompression {
    /// Version of the liblz4 that is loaded, such as `1.9.4`.
    package static var libraryVersion: String { String(cString: LZ4_versionString()) }

    /// Compresses `body` into `scratch` and returns the block's size. Returns nil when compression
    /// does not pay.
    ///
    /// `scratch` grows to at most 90 % of the body. The next call may reuse `scratch`.
    static func compress(_ body: UnsafeRawBufferPointer, into scratch: inout [UInt8]) -> Int? {
        guard body.count >= Limits.compressionSizeMin, body.count <= Limits.bodySizeMax else {
            return nil
        }
        if body.count >= Limits.compressionSampledSizeMin {
            let start = (body.count - Limits.compressionSampleSize) / 2
            let sample = UnsafeRawBufferPointer(
                rebasing: body[start..<(start + Limits.compressionSampleSize)])
            if block(sample, into: &scratch) == nil { return nil }
        }
        return block(body, into: &scratch)
    }

    /// Compresses `raw` with room for the largest block size that still pays.
    private static func block(_ raw: UnsafeRawBufferPointer, into scratch: inout [UInt8]) -> Int? {
        let room = raw.count * Limits.compressionPercentMax / 100
        if scratch.count < room {
            scratch = [UInt8](repeating: 0, count: room)
        }
        // LZ4_compress_default writes at most "dstCapacity" bytes and returns 0 if more are needed.
        let size = scratch.withUnsafeMutableBytes { target in
            LZ4_compress_default(
                raw.baseAddress?.assumingMemoryBound(to: CChar.self),
                target.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(raw.count), Int32(room))
        }
        return size > 0 ? Int(size) : nil
    }

    /// True when a sequence of `block` has match offset 0.
    ///
    /// The format forbids offset 0, but liblz4 up to 1.9.4 accepts the match and leaves the old
    /// bytes in the target, so a peer could read back foreign memory. liblz4 refuses any other
    /// malformed block.
    ///
    ///     token | literal length… | literals | u16 offset | match length… | token | …
    private static func hasZeroOffset(_ block: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at < block.count {
            let token = block[at]
            at += 1
            var literalCount = Int(token >> 4)
            if literalCount == 15 { literalCount += extendedLength(block, &at) }
            at += literalCount
            guard at + 2 <= block.count else { return false }
            if block[at] == 0 && block[at + 1] == 0 { return true }
            at += 2
            if token & 15 == 15 { _ = extendedLength(block, &at) }
        }
        return false
    }

    /// The sum of the length bytes at `at`: all bytes of 255 and the first byte below 255.
    private static func extendedLength(_ block: UnsafeRawBufferPointer, _ at: inout Int) -> Int {
        var sum = 0
        while at < block.count {
            let byte = block[at]
            at += 1
            sum += Int(byte)
            if byte != 255 { break }
        }
        return sum
    }

    /// Decodes `block` into all of `raw`. Throws `compressed_body_damaged` for any other outcome.
    static func decompress(
        _ block: UnsafeRawBufferPointer, into raw: UnsafeMutableRawBufferPointer
    ) throws(WireError) {
        if hasZeroOffset(block) {
            throw .framing(
                .compressedBodyDamaged, "decompressing a body", found: "a match with offset 0",
                allowed: "offsets from 1", at: "the body")
        }
        // LZ4_decompress_safe returns the decoded size, or a negative number for a malformed block.
        let size = LZ4_decompress_safe(
            block.baseAddress?.assumingMemoryBound(to: CChar.self),
            raw.baseAddress?.assumingMemoryBound(to: CChar.self),
            Int32(block.count), Int32(raw.count))
        if size != Int32(raw.count) {
            throw .framing(
                .compressedBodyDamaged, "decompressing a body",
                found: size < 0 ? "a malformed LZ4 block" : "\(size) bytes",
                allowed: "one LZ4 block of exactly \(raw.count) bytes", at: "the body")
        }
    }
}
