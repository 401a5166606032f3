// Decodes frames from a byte stream, chunk by chunk.
//
// A caller lends each chunk, takes frames until `next()` returns nil, and settles:
//
//      decoder.lend(chunk)
//      while let frame = try decoder.next() { … }      // views, valid until the next call
//      decoder.settle()                                // the unread rest is copied
//
//      chunk lent     |--frame--|--frame--|--fra|      two views on the chunk, no copy
//      settle()                           |--fra|      → pending (the only copy)
//      next lend      pending |--fra|me--|  |--fr…     completed in pending, then views again
//
// Guarantees:
// - The length word is checked at the 4th byte of a frame, the version at the 5th and the whole
//   header at the 32nd, all before the body is awaited.
// - Memory grows with bytes received, not with bytes announced. Only a compressed frame that has
//   arrived whole takes the announced raw size.
// - An uncompressed frame that arrives whole is neither copied nor allocated for.
// - After an error the decoder stays failed, because framing is lost.
//
// Not here: sockets, messages, rules about the sender of a message.

/// A verified frame. The body is a view, valid until the next call on the decoder.
public struct Frame {
    /// The verified header.
    public let header: FrameHeader
    /// The body, decompressed.
    public let body: UnsafeRawBufferPointer

    /// An owned copy of the body. Allocates.
    public var ownedBody: [UInt8] { [UInt8](body) }
}

/// Turns a byte stream into frames. Confined to one thread at a time, not Sendable.
public final class FrameDecoder {
    private let direction: FrameDirection
    /// Largest body accepted, before and after decompression. Takes effect at the next header.
    public var bodySizeMax: Int

    private var chunk = UnsafeRawBufferPointer(start: nil, count: 0)
    private var chunkOffset = 0
    private var pending = RawStorage()
    private var pendingHeader: FrameHeader?
    private var pendingIsSpent = false
    private var raw = RawStorage()
    private var failure: WireError?

    /// A decoder for one connection. Starts with the limit before Hello when reading requests.
    public init(_ direction: FrameDirection, bodySizeMax: Int? = nil) {
        self.direction = direction
        let strict = Limits.frameSizeMaxBeforeHello - Limits.headerSize
        self.bodySizeMax =
            bodySizeMax ?? (direction == .request ? strict : Limits.bodySizeMax)
    }

    /// Copied bytes of an incomplete frame.
    public var pendingSize: Int { pendingIsSpent ? 0 : pending.count }

    /// Lends `bytes` to the decoder. The bytes must stay valid and unchanged until `settle()`.
    public func lend(_ bytes: UnsafeRawBufferPointer) {
        precondition(chunkOffset == chunk.count, "lend before the last chunk was settled")
        chunk = bytes
        chunkOffset = 0
    }

    /// Returns the next whole frame, or nil when more bytes are needed. After an error, every call
    /// throws the error again.
    public func next() throws(WireError) -> Frame? {
        if let failure { throw failure }
        do {
            if pendingIsSpent { dropPending() }
            return pending.count == 0 ? try nextInChunk() : try nextInPending()
        } catch {
            failure = error
            chunkOffset = chunk.count
            throw error
        }
    }

    /// Ends the loan and copies the unread bytes. Frames from `next()` become invalid.
    public func settle() {
        if pendingIsSpent { dropPending() }
        if chunkOffset < chunk.count {
            pending.append(UnsafeRawBufferPointer(rebasing: chunk[chunkOffset...]))
        } else if pending.count == 0 {
            raw.shrink()
        }
        chunk = UnsafeRawBufferPointer(start: nil, count: 0)
        chunkOffset = 0
    }

    /// Decodes a chunk and returns every whole frame with an owned body. For clients and tests,
    /// since each frame allocates.
    public func frames(
        in bytes: [UInt8]
    ) throws(WireError) -> [(header: FrameHeader, body: [UInt8])] {
        var result: [(header: FrameHeader, body: [UInt8])] = []
        var thrown: WireError?
        bytes.withUnsafeBytes { view in
            lend(view)
            do throws(WireError) {
                while let frame = try next() { result.append((frame.header, frame.ownedBody)) }
            } catch {
                thrown = error
            }
            settle()
        }
        if let thrown { throw thrown }
        return result
    }

    // MARK: - Whole frames in the lent chunk

    private func nextInChunk() throws(WireError) -> Frame? {
        let available = chunk.count - chunkOffset
        guard available > 0, let base = chunk.baseAddress else { return nil }
        let start = base + chunkOffset
        guard available >= Limits.headerSize else {
            try verifyPrefix(start, count: available)
            return nil
        }
        let header = try FrameHeader.verified(
            start, direction: direction, bodySizeMax: bodySizeMax)
        guard available >= header.frameSize else { return nil }
        chunkOffset += header.frameSize
        return try frame(
            header,
            UnsafeRawBufferPointer(start: start + Limits.headerSize, count: header.wireSize))
    }

    // MARK: - A frame that began in an earlier chunk

    private func nextInPending() throws(WireError) -> Frame? {
        let header: FrameHeader
        if let known = pendingHeader {
            header = known
        } else {
            take(until: Limits.headerSize)
            guard let start = pending.bytes.baseAddress else { return nil }
            guard pending.count >= Limits.headerSize else {
                try verifyPrefix(start, count: pending.count)
                return nil
            }
            header = try FrameHeader.verified(
                start, direction: direction, bodySizeMax: bodySizeMax)
            pendingHeader = header
        }
        take(until: header.frameSize)
        guard pending.count >= header.frameSize else { return nil }
        pendingIsSpent = true
        return try frame(
            header, UnsafeRawBufferPointer(rebasing: pending.bytes[Limits.headerSize...]))
    }

    /// Moves bytes from the chunk to `pending`, up to `size` bytes in `pending`.
    private func take(until size: Int) {
        let count = min(size - pending.count, chunk.count - chunkOffset)
        guard count > 0 else { return }
        pending.append(
            UnsafeRawBufferPointer(rebasing: chunk[chunkOffset..<(chunkOffset + count)]))
        chunkOffset += count
    }

    private func dropPending() {
        pending.removeAll()
        pending.shrink()
        pendingHeader = nil
        pendingIsSpent = false
    }

    // MARK: - Shared

    /// Checks the length word and the version of an incomplete header.
    private func verifyPrefix(_ start: UnsafeRawPointer, count: Int) throws(WireError) {
        guard count >= 4 else { return }
        let length = UInt32(littleEndian: start.loadUnaligned(as: UInt32.self))
        try FrameHeader.verifyLength(length, bodySizeMax: bodySizeMax)
        guard count >= 5 else { return }
        try FrameHeader.verifyVersion(start.load(fromByteOffset: 4, as: UInt8.self))
    }

    private func frame(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(WireError) -> Frame {
        guard header.flags.contains(.compressed) else { return Frame(header: header, body: body) }
        let target = raw.resized(to: header.rawSize)
        try BodyCompression.decompress(body, into: target)
        return Frame(header: header, body: UnsafeRawBufferPointer(target))
    }
}

/// A growable block of bytes. Only `append` and `resized` move the block, and `shrink` frees it.
private struct RawStorage: ~Copyable {
    private var block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private(set) var count = 0

    /// The bytes in use. Valid until the next mutation.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: block.baseAddress, count: count)
    }

    mutating func append(_ source: UnsafeRawBufferPointer) {
        guard let from = source.baseAddress, source.count > 0 else { return }
        reserve(count + source.count)
        block.baseAddress?.advanced(by: count).copyMemory(from: from, byteCount: source.count)
        count += source.count
    }

    /// Returns room for exactly `size` bytes with undefined values.
    mutating func resized(to size: Int) -> UnsafeMutableRawBufferPointer {
        count = 0
        reserve(size)
        count = size
        return UnsafeMutableRawBufferPointer(rebasing: block[..<size])
    }

    mutating func removeAll() { count = 0 }

    /// Frees a block larger than an idle connection may keep.
    mutating func shrink() {
        guard block.count > Limits.idleBufferSizeMax else { return }
        block.deallocate()
        block = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        count = 0
    }

    private mutating func reserve(_ size: Int) {
        guard size > block.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(size, block.count * 2, 256), alignment: 16)
        if count > 0 { larger.copyMemory(from: bytes) }
        block.deallocate()
        block = larger
    }

    deinit { block.deallocate() }
}

extension Limits {
    /// Most bytes of working memory that an idle decoder or encoder keeps.
    static let idleBufferSizeMax = 64 << 10
}
