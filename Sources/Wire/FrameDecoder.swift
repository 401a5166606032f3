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
// - After `settle()` nothing is kept but the bytes of an unfinished frame. `keptSize` is the room
//   they take, and is 0 between frames.
// - A compressed frame that was not agreed is refused with the header, before the body is awaited.
// - Memory that the system refuses is an error like damage, and never ends the process.
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
    /// True when compressed frames are accepted, as both sides agreed in Hello. Takes effect at the
    /// next header.
    public var acceptsCompression: Bool

    private var chunk = UnsafeRawBufferPointer(start: nil, count: 0)
    private var chunkOffset = 0
    private var pending = RawStorage()
    private var pendingHeader: FrameHeader?
    private var pendingIsSpent = false
    private var raw = RawStorage()
    /// The error that ended decoding, or nil. `settle()` may set it as well: no memory was left for
    /// the rest of the chunk.
    public private(set) var failure: WireError?
    /// The first bytes of the frame that failed, at most `Stranger.sampleSize`.
    public private(set) var failedStart: [UInt8] = []

    /// A decoder for one connection. Starts with the limit before Hello when reading requests.
    public init(
        _ direction: FrameDirection, bodySizeMax: Int? = nil, acceptsCompression: Bool = true
    ) {
        self.direction = direction
        self.acceptsCompression = acceptsCompression
        let strict = Limits.frameSizeMaxBeforeHello - Limits.headerSize
        self.bodySizeMax =
            bodySizeMax ?? (direction == .request ? strict : Limits.bodySizeMax)
    }

    /// Copied bytes of an incomplete frame.
    public var pendingSize: Int { pendingIsSpent ? 0 : pending.count }

    /// Bytes of memory that the decoder holds for frames, at least `pendingSize`. 0 after
    /// `settle()` when no frame is unfinished.
    public var keptSize: Int { pending.capacity + raw.capacity }

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
            if pendingIsSpent { forgetPending() }
            return pending.count == 0 ? try nextInChunk() : try nextInPending()
        } catch {
            fail(error)
            throw error
        }
    }

    /// Ends the loan, copies the unread bytes and frees everything else. Frames from `next()`
    /// become invalid. Without memory for the copy the decoder is failed from then on, see
    /// `failure`.
    public func settle() {
        if pendingIsSpent { forgetPending() }
        raw.release()
        // The room of the last frame may be large, and the next frame has hardly begun.
        if pending.count == 0 { pending.release() }
        if chunkOffset < chunk.count {
            do throws(WireError) {
                try pending.append(
                    UnsafeRawBufferPointer(rebasing: chunk[chunkOffset...]), sizeMax: pendingSizeMax
                )
            } catch {
                fail(error)
            }
        }
        chunk = UnsafeRawBufferPointer(start: nil, count: 0)
        chunkOffset = 0
    }

    private func fail(_ error: WireError) {
        failure = error
        let start =
            pending.count > 0
            ? pending.bytes : UnsafeRawBufferPointer(rebasing: chunk[chunkOffset...])
        failedStart = Array(start.prefix(Stranger.sampleSize))
        chunkOffset = chunk.count
        forgetPending()
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
        if let thrown = thrown ?? failure { throw thrown }
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
        let header = try verifiedHeader(start)
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
            try take(until: Limits.headerSize)
            guard let start = pending.bytes.baseAddress else { return nil }
            guard pending.count >= Limits.headerSize else {
                try verifyPrefix(start, count: pending.count)
                return nil
            }
            header = try verifiedHeader(start)
            pendingHeader = header
        }
        try take(until: header.frameSize)
        guard pending.count >= header.frameSize else { return nil }
        pendingIsSpent = true
        return try frame(
            header, UnsafeRawBufferPointer(rebasing: pending.bytes[Limits.headerSize...]))
    }

    /// Moves bytes from the chunk to `pending`, up to `size` bytes in `pending`.
    private func take(until size: Int) throws(WireError) {
        let count = min(size - pending.count, chunk.count - chunkOffset)
        guard count > 0 else { return }
        try pending.append(
            UnsafeRawBufferPointer(rebasing: chunk[chunkOffset..<(chunkOffset + count)]),
            sizeMax: pendingSizeMax)
        chunkOffset += count
    }

    /// Most bytes that the unfinished frame can come to.
    private var pendingSizeMax: Int { pendingHeader?.frameSize ?? bodySizeMax + Limits.headerSize }

    /// Forgets the frame and keeps the room until `settle()`.
    private func forgetPending() {
        pending.removeAll()
        pendingHeader = nil
        pendingIsSpent = false
    }

    // MARK: - Shared

    private func verifiedHeader(_ start: UnsafeRawPointer) throws(WireError) -> FrameHeader {
        try FrameHeader.verified(
            start, direction: direction, bodySizeMax: bodySizeMax,
            acceptsCompression: acceptsCompression)
    }

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
        let target = try raw.resized(to: header.rawSize)
        try BodyCompression.decompress(body, into: target)
        return Frame(header: header, body: UnsafeRawBufferPointer(target))
    }
}
