// Bytes to frames, incrementally.
//
// A caller lends each chunk it reads, takes frames until there are none, and settles:
//
//      decoder.lend(chunk)
//      while let frame = try decoder.next() { … }      // views; valid until the next call
//      decoder.settle()                                // the unread rest is copied
//
//      chunk lent     |--frame--|--frame--|--fra|      two views on the chunk, no copy
//      settle()                           |--fra|      → pending (the only copy)
//      next lend      pending |--fra|me--|  |--fr…     completed in pending, then views again
//
// Guarantees: the length word is checked at its 4th byte, the version at the 5th, the whole header
// at the 32nd, all before the body is awaited; memory grows with bytes received, never with bytes
// announced; frames that arrive whole are neither copied nor allocated for. After an error the
// decoder stays failed: framing is lost.
//
// Not here: sockets, messages, who may send what.

/// A verified frame whose body is a view: valid until the next call on its decoder.
public struct Frame {
    /// The verified header.
    public let header: FrameHeader
    /// The body, decompressed.
    public let body: UnsafeRawBufferPointer

    /// An owned copy of the body. Allocates.
    public var ownedBody: [UInt8] { [UInt8](body) }
}

/// Turns a byte stream into frames. Confined to one thread at a time; not Sendable.
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

    /// Bytes held back of a frame that is not complete.
    public var pendingSize: Int { pendingIsSpent ? 0 : pending.count }

    /// Lends `bytes` until `settle()`: they must stay valid and unchanged until then.
    public func lend(_ bytes: UnsafeRawBufferPointer) {
        precondition(chunkOffset == chunk.count, "lend before the last chunk was settled")
        chunk = bytes
        chunkOffset = 0
    }

    /// The next whole frame, nil when more bytes are needed. Throws the same error for ever after
    /// the first.
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

    /// Ends the loan: keeps a copy of what was not consumed. Frames handed out become invalid.
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

    /// Feeds a chunk and returns every whole frame with an owned body. For clients and tests;
    /// allocates per frame.
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

    /// Moves bytes from the chunk until `pending` holds `size` or the chunk is used up.
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

    /// The checks that an incomplete header allows.
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

/// A growable block of bytes at an address that only `append` and `resized` move.
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

    /// Room for exactly `size` bytes; their values are undefined.
    mutating func resized(to size: Int) -> UnsafeMutableRawBufferPointer {
        count = 0
        reserve(size)
        count = size
        return UnsafeMutableRawBufferPointer(rebasing: block[..<size])
    }

    mutating func removeAll() { count = 0 }

    /// Gives the memory back when it is larger than an idle connection may keep.
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
    /// Bytes of working memory above which a decoder or an encoder gives it back once it is idle.
    static let idleBufferSizeMax = 64 << 10
}
