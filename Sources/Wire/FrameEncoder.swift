// Encodes messages as frames, back to back in a growing array.
//
// Guarantees:
// - Every response has a `Provenance`, because every method for answers to requests takes the
//   provenance without a default.
// - Flag bits follow from the message (more, degraded) and from the bytes (compressed). Callers
//   cannot set flags.
// - A frame is written whole, or not at all when the call throws.
// - In steady state nothing is allocated, because the array keeps its room.
//
// Not here: queues, sockets, splitting of answers beyond the size limit.

/// Builds frames. A value, not shared between threads.
public struct FrameEncoder {
    private var writer = BodyWriter()
    private var scratch: [UInt8] = []

    /// True to compress bodies that shrink enough. Set only after both sides agreed in Hello.
    public var compresses = false

    /// Largest body before compression that the peer accepts.
    public var bodySizeMax: Int

    /// Revision agreed in Hello. Fields and codes of later revisions are not sent.
    public var revision: UInt64 {
        get { writer.revision }
        set { writer.revision = newValue }
    }

    /// Creates an encoder for one connection and reserves `capacity` bytes.
    public init(bodySizeMax: Int = Limits.bodySizeMax, capacity: Int = 512) {
        self.bodySizeMax = bodySizeMax
        writer.bytes.reserveCapacity(capacity)
    }

    /// The frames written since the last `removeAll`, ready to send.
    public var bytes: [UInt8] { writer.bytes }

    /// Number of bytes ready to send.
    public var count: Int { writer.bytes.count }

    /// Lends the frames to `body` without a copy.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        writer.bytes.withUnsafeBytes(body)
    }

    /// Removes all frames. Frees an array larger than an idle connection may keep.
    public mutating func removeAll() {
        let keeps = writer.bytes.capacity <= Limits.idleBufferSizeMax
        writer.bytes.removeAll(keepingCapacity: keeps)
    }

    /// Returns the frames and starts a new array.
    public mutating func take() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &writer.bytes)
        return taken
    }

    // MARK: - Requests

    /// Appends a request. `requestID` is above 0 and not in flight. Throws `body_too_large`.
    public mutating func appendRequest<Message: RequestMessage>(
        _ message: Message, requestID: UInt64, deadlineMilliseconds: UInt32 = 0
    ) throws(WireError) {
        precondition(requestID != 0, "request id 0 belongs to GoAway")
        let start = begin()
        message.encode(into: &writer)
        try finish(
            start,
            Head(
                kindByte: Message.kind.requestByte, flags: [], provenanceByte: 0,
                requestID: requestID, statusWord: deadlineMilliseconds, generation: 0))
    }

    // MARK: - Responses

    /// Appends one frame of a successful response. Throws `body_too_large`.
    public mutating func appendResponse<Message: ResponseMessage>(
        _ message: Message, to requestID: UInt64, provenance: Provenance, generation: UInt32 = 0
    ) throws(WireError) {
        precondition(
            (requestID == 0) == (Message.kind == .goAway), "request id 0 belongs to GoAway")
        var flags: FrameFlags = []
        if Message.isFollowed { flags.insert(.more) }
        if message.isDegraded { flags.insert(.degraded) }
        let start = begin()
        message.encode(into: &writer)
        try finish(
            start,
            Head(
                kindByte: Message.kind.responseByte, flags: flags,
                provenanceByte: provenance.rawValue, requestID: requestID, statusWord: 0,
                generation: generation))
    }

    /// Appends the last frame of a failed response. `kindByte` is the kind of the request, known or
    /// unknown.
    ///
    /// Long sentences are clipped, so the call cannot fail.
    public mutating func appendError(
        _ error: ErrorBody, status: Status, toKind kindByte: UInt8, requestID: UInt64,
        provenance: Provenance, generation: UInt32 = 0
    ) {
        precondition(status != .ok && status.isOnWire, "\(status) is no failure on the wire")
        let start = begin()
        var error = error
        error.code = DatedCodes.name(of: error.code, in: revision)
        error.clipped().encode(into: &writer)
        store(
            start, wireSize: writer.bytes.count - start - Limits.headerSize,
            rawSize: writer.bytes.count - start - Limits.headerSize,
            Head(
                kindByte: kindByte | MessageKind.responseBit, flags: [],
                provenanceByte: provenance.rawValue, requestID: requestID,
                statusWord: status.rawValue, generation: generation))
    }

    /// Appends a GoAway with the `error` that ends the connection. Provenance is real, because no
    /// model is involved.
    public mutating func appendGoAway(_ error: ErrorBody, status: Status) {
        appendError(
            error, status: status, toKind: MessageKind.goAway.requestByte, requestID: 0,
            provenance: .real)
    }

    /// Appends the answer to a Ping: the request's body, checked and copied. The fast path.
    ///
    /// Throws the errors of `PingRequest.init(decoding:)`, or `body_too_large`.
    public mutating func appendPing(
        echoing body: UnsafeRawBufferPointer, to requestID: UInt64, provenance: Provenance
    ) throws(WireError) {
        try PingRequest.verify(body)
        let start = begin()
        writer.bytes.append(contentsOf: body)
        try finish(
            start,
            Head(
                kindByte: MessageKind.ping.responseByte, flags: [],
                provenanceByte: provenance.rawValue, requestID: requestID, statusWord: 0,
                generation: 0))
    }

    // MARK: - Framing

    /// The parts of a frame header besides the sizes.
    private struct Head {
        let kindByte: UInt8
        let flags: FrameFlags
        let provenanceByte: UInt8
        let requestID: UInt64
        let statusWord: UInt32
        let generation: UInt32
    }

    /// Leaves room for a header and returns the header's position.
    private mutating func begin() -> Int {
        let start = writer.bytes.count
        Swift.withUnsafeBytes(of: (UInt64(0), UInt64(0), UInt64(0), UInt64(0))) {
            writer.bytes.append(contentsOf: $0)
        }
        return start
    }

    /// Compresses the body if compression pays, and fills in the header.
    private mutating func finish(_ start: Int, _ head: Head) throws(WireError) {
        let rawSize = writer.bytes.count - start - Limits.headerSize
        if rawSize > bodySizeMax {
            writer.bytes.removeLast(writer.bytes.count - start)
            throw .body(
                .bodyTooLarge, "writing a body of kind \(head.kindByte)",
                found: "\(rawSize) bytes", allowed: "at most \(bodySizeMax), the peer's limit")
        }
        let wireSize = compresses ? compressBody(from: start + Limits.headerSize) : nil
        store(start, wireSize: wireSize ?? rawSize, rawSize: rawSize, head)
    }

    /// Replaces the body at `offset` by a compressed block and returns the block's size. Returns
    /// nil when compression does not pay.
    private mutating func compressBody(from offset: Int) -> Int? {
        guard writer.bytes.count - offset >= Limits.compressionSizeMin else { return nil }
        var block = scratch
        scratch = []
        let size = writer.bytes.withUnsafeBytes { all in
            BodyCompression.compress(UnsafeRawBufferPointer(rebasing: all[offset...]), into: &block)
        }
        if let size {
            writer.bytes.replaceSubrange(offset..., with: block[..<size])
        }
        if block.count <= Limits.idleBufferSizeMax { scratch = block }
        return size
    }

    private mutating func store(_ start: Int, wireSize: Int, rawSize: Int, _ head: Head) {
        let header = FrameHeader(
            wireSize: wireSize, kindByte: head.kindByte,
            flags: wireSize == rawSize ? head.flags : head.flags.union(.compressed),
            provenanceByte: head.provenanceByte, requestID: head.requestID,
            statusWord: head.statusWord, rawSize: rawSize, generation: head.generation)
        writer.bytes.withUnsafeMutableBytes { all in
            guard let base = all.baseAddress else { return }
            header.store(to: base + start)
        }
    }
}

extension Limits {
    /// Most bytes of working memory that an encoder keeps when it has nothing to send.
    static let idleBufferSizeMax = 64 << 10
}
