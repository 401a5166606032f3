// One connection: its requests, its state, and the bytes to write.
//
//      connecting ──> greeting ── Hello's answer ──> open ── GoAway (OK) ──> draining ──> over
//           └─────────────┴── no socket, damage, end of stream, GoAway with a status ──────^
//
// Guarantees: no frame is written that the agreed revision or the server's limits forbid.
// Not here: locks and decisions. The lock of the pool guards everything here.

import Wire

/// A received frame of an answer.
struct Received: Sendable {
    let header: FrameHeader
    let body: [UInt8]
    /// Number of the connection that received the frame.
    let connection: Int

    var isLast: Bool { !header.flags.contains(.more) }
    var provenance: Provenance { header.provenance ?? .mock }

    /// The error in a frame with a status. Nil for frames without a status.
    func refusal(
        _ code: AssayError.Code = .serverRefused, _ doing: String = ""
    ) throws(AssayError) -> AssayError? {
        if header.statusNumber == 0 { return nil }
        let words = try ErrorBody(server: body)
        return AssayError(
            code, "\(doing)\(header.status): \(words.message)", status: header.status,
            serverError: words, provenance: provenance)
    }
}

extension WireRecord {
    /// Decodes a body that a server sent. An error in the body is a breach by the server.
    init(server body: [UInt8]) throws(AssayError) {
        self = try Self.decoded(body).mapError { AssayError.damage($0) }.get()
    }

    /// Decodes a body. The initializer for arrays is avoided, because it makes metadata for each
    /// call.
    static func decoded(_ body: [UInt8]) -> Result<Self, WireError> {
        body.withUnsafeBytes { bytes in
            Result { () throws(WireError) in try Self(decoding: bytes) }
        }
    }
}

/// One attempt of a request, as the caller hands it to the pool.
struct Attempt: Sendable {
    let request: any CallRequest
    /// Number of the attempt, from 1.
    var number = 1
    /// Deadline of the caller.
    var deadline = Moment.never
    /// Earliest time to send the attempt.
    var start = Moment.past
}

/// One attempt of a request: it waits for a connection, is sent, and is answered frame by frame.
/// Connections send Hello and Cancel by themselves, as calls without a taker.
final class Call {
    /// Continuation of the caller that waits for the next frame.
    typealias Taker = UnsafeContinuation<Result<Received, AssayError>, Never>

    /// Key by which the caller names the call, 0 without a caller.
    let ticket: UInt64
    let attempt: Attempt
    let kind: MessageKind
    /// Id of the request on its connection, 0 before sending.
    var id: UInt64 = 0
    /// The connection that carries the call, or whose Hello the call waits for. Nil while the call
    /// waits for a connection.
    var connection: Connection?
    /// Position of the request's first byte in the output of the connection.
    var position: UInt64 = 0
    /// Time of sending, or of the latest frame of the answer.
    var heard = Moment.past
    /// Provenance and generation in the frames so far.
    var marks: (provenance: Provenance?, generation: UInt32)?
    /// Size of all frames of the answer, before compression.
    var size = 0
    /// Frames that the caller has not taken yet, then perhaps the error that ends the call.
    var results: ArraySlice<Result<Received, AssayError>> = []
    /// True after the last frame or an error. Later frames are dropped.
    var isOver = false
    var taker: Taker?

    init(_ attempt: Attempt, ticket: UInt64 = 0) {
        self.attempt = attempt
        self.ticket = ticket
        kind = type(of: attempt.request).kind
    }

    /// True once the connection has queued the request for writing.
    var isSent: Bool { id != 0 }
    /// True when the call counts against the number of requests that the server allows.
    var isCounted: Bool { kind != .hello && kind != .cancel }

    /// Compares a frame with the request, and with the earlier frames of the answer.
    func check(_ header: FrameHeader) throws(AssayError) {
        if header.kindByte != kind.responseByte {
            throw .damage(
                "reading the answer to \(kind)",
                "found kind \(header.kindByte), allowed: \(kind.responseByte)")
        }
        // Progress frames of Load and Swap come before the model has a generation.
        let mayChange = kind == .load || kind == .swap
        if let marks, !mayChange, marks != (header.provenance, header.generation) {
            throw .damage(
                "reading the answer to \(kind)",
                "provenance or generation changed between its frames")
        }
        marks = (header.provenance, header.generation)
    }
}

/// A connection of a pool.
final class Connection {
    /// Stage of the connection.
    enum Phase { case connecting, greeting, open, draining, over }

    let number: Int
    var phase = Phase.connecting
    /// The socket, -1 without a socket.
    var descriptor: Int32 = -1
    /// Before the connection is open: the time limit for the next step, and the error if it passes.
    var limit = (end: Moment.never, error: AssayError.clientClosed)
    /// The server's Hello, and its frame.
    var server = HelloResponse(server: "-")
    var hello: Received?
    /// Unanswered requests of callers on this connection.
    var load = 0
    /// All unanswered calls by id.
    var calls: [UInt64: Call] = [:]
    /// Time of the last byte from the server.
    var heard = Moment.past
    let decoder: FrameDecoder
    private(set) var written: UInt64 = 0
    private var encoder = FrameEncoder()
    private var queued: UInt64 = 0
    private var lastID: UInt64 = 0

    /// Nanoseconds after which a finished read no longer shows the present state of the connection.
    private static let staleAfter: UInt64 = 20_000
    /// Nanoseconds without a byte after which an overdue request ends the connection, too.
    private static let deadAfter: UInt64 = 10_000_000_000

    init(_ number: Int, bodySizeMax: Int) {
        self.number = number
        decoder = FrameDecoder(
            .response, bodySizeMax: bodySizeMax, acceptsCompression: false)
    }

    /// True when the connection has room for another request, to be sent at once or after Hello.
    var hasRoom: Bool {
        phase == .open ? load < Int(clamping: server.requestsInFlightMax) : isBeginning
    }
    var isBeginning: Bool { phase == .connecting || phase == .greeting }

    /// True when nothing is in flight and the last read is not recent: a GoAway or an end may lie
    /// unread.
    func isStale(_ now: Moment) -> Bool {
        calls.isEmpty && now.nanoseconds(since: heard) > Self.staleAfter
    }

    /// True when the server has sent no byte for so long that it may be gone.
    func isSilent(_ now: Moment) -> Bool { now.nanoseconds(since: heard) > Self.deadAfter }

    /// Cost of another request on this connection. Components are compared in order.
    var cost: (Int, Int) { (load, phase == .open ? 0 : 1) }

    /// Opens the connection with the parameters of the server's Hello.
    func open(_ server: HelloResponse, _ hello: Received) {
        self.server = server
        self.hello = hello
        encoder.compresses = server.compression
        decoder.acceptsCompression = server.compression
        encoder.bodySizeMax = Int(clamping: server.bodySizeMax)
        phase = .open
    }

    // MARK: - Bytes out

    /// True when bytes wait to be written.
    var hasOutput: Bool { queued > written }

    /// Appends the request of a call to the output. The call's deadline must not have passed. When
    /// the request cannot be sent, throws and appends nothing.
    func append(_ call: Call, _ now: Moment) throws(AssayError) {
        let deadline = call.attempt.deadline
        let left = deadline == .never ? 0 : deadline.milliseconds(since: now)
        var request = call.attempt.request
        if call.attempt.number > 1 {
            // An older server does not know attempt numbers.
            let numbered = request.numbered(call.attempt.number)
            if numbered.revisionNeeded <= server.revision { request = numbered }
        }
        guard request.revisionNeeded <= server.revision else {
            throw AssayError(
                .revisionTooLow,
                "sending \(call.kind): needs revision \(request.revisionNeeded) of the protocol, "
                    + "the server speaks revision \(server.revision)")
        }
        let before = encoder.count
        do throws(WireError) {
            try encoder.appendRequest(
                request, requestID: lastID + 1, deadlineMilliseconds: UInt32(clamping: left))
        } catch {
            throw .invalid(error)
        }
        lastID += 1
        call.id = lastID
        call.position = queued
        call.heard = now
        call.connection = self
        calls[call.id] = call
        queued += UInt64(encoder.count - before)
        if call.isCounted { load += 1 }
    }

    /// Writes queued bytes until the socket takes no more. Returns the last outcome.
    func write() -> Socket.Outcome {
        while hasOutput {
            let start = encoder.count - Int(queued - written)
            let outcome = encoder.withUnsafeBytes { all in
                Socket.write(descriptor, UnsafeRawBufferPointer(rebasing: all[start...]))
            }
            guard case .bytes(let count) = outcome else { return outcome }
            written += UInt64(count)
        }
        encoder.removeAll()
        return .nothing
    }

    // MARK: - Bytes in

    /// The next frame in the bytes lent to the decoder.
    func nextFrame() throws(AssayError) -> Frame? {
        try Result { () throws(WireError) in try decoder.next() }
            .mapError { AssayError.damage($0) }.get()
    }
}
