// LZ4 blocks for bodies: the only file that imports CLZ4.
//
// Guarantees: a body is compressed only when it pays (Limits.compression…); a block is accepted
// only when it decodes to exactly the announced raw size. liblz4's safe decoder never writes past
// the capacity it is given nor reads past the block; any negative result is damage.
//
// Not here: dictionaries, the LZ4 frame format, levels.

internal import CLZ4

enum BodyCompression {
    /// Compresses `body` into `scratch` and returns the block's size, or nil when it does not pay.
    ///
    /// `scratch` grows to at most 90 % of the body and is reused by the next call.
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

    /// One attempt whose room is the largest size that still pays.
    private static func block(_ raw: UnsafeRawBufferPointer, into scratch: inout [UInt8]) -> Int? {
        let room = raw.count * Limits.compressionPercentMax / 100
        if scratch.count < room {
            scratch = [UInt8](repeating: 0, count: room)
        }
        // LZ4_compress_default: "dstCapacity" bounds what is written; returns 0 when it is not enough.
        let size = scratch.withUnsafeMutableBytes { target in
            LZ4_compress_default(
                raw.baseAddress?.assumingMemoryBound(to: CChar.self),
                target.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(raw.count), Int32(room))
        }
        return size > 0 ? Int(size) : nil
    }

    /// Decodes `block` into exactly `raw`; throws `compressed_body_damaged` on any other outcome.
    static func decompress(
        _ block: UnsafeRawBufferPointer, into raw: UnsafeMutableRawBufferPointer
    ) throws(WireError) {
        // LZ4_decompress_safe: returns the decoded size, or a negative number for a malformed block.
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
