// One connection and the requests on it: what is known of them, and the bytes on their way out.
//
//      connecting ──> greeting ── Hello's answer ──> open ── GoAway (OK) ──> draining ──> over
//           └─────────────┴── no socket, damage, end of stream, GoAway with a status ──────^
//
// Guarantees: nothing is written that the agreed revision or the server's limits forbid.
// Not here: locks and decisions. Everything here is confined to the lock of its pool.

import Wire

/// A frame of an answer, by itself.
struct Received: Sendable {
    let header: FrameHeader
    let body: [UInt8]
    /// Number of the connection it came on.
    let connection: Int

    var isLast: Bool { !header.flags.contains(.more) }
    var provenance: Provenance { header.provenance ?? .mock }

    /// What a frame with a status says, nil for others.
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
    /// Decodes a body that a server sent: what is wrong with it is the server's breach.
    init(server body: [UInt8]) throws(AssayError) {
        self = try Self.decoded(body).mapError { AssayError.damage($0) }.get()
    }

    /// What a body says. Not by the initializer for arrays: that makes metadata for each call.
    static func decoded(_ body: [UInt8]) -> Result<Self, WireError> {
        body.withUnsafeBytes { bytes in
            Result { () throws(WireError) in try Self(decoding: bytes) }
        }
    }
}

/// What a caller wants of its pool: one attempt of a request.
struct Attempt: Sendable {
    let request: any CallRequest
    /// Its number, from 1.
    var number = 1
    /// The caller's deadline.
    var deadline = Moment.never
    /// When it may be sent.
    var start = Moment.past
}

/// One attempt of a request: it waits for a connection, is sent, and is answered frame by frame.
/// Hello and Cancel, which the connections send by themselves, are calls without a taker.
final class Call {
    /// Who waits for the next frame.
    typealias Taker = UnsafeContinuation<Result<Received, AssayError>, Never>

    /// By which its caller names it; 0 without one.
    let ticket: UInt64
    let attempt: Attempt
    let kind: MessageKind
    /// The request's id on its connection; 0 before it is sent.
    var id: UInt64 = 0
    /// The connection it is sent on, or whose Hello it waits for; nil: it waits for one.
    var connection: Connection?
    /// Position of its first byte in all that its connection writes.
    var position: UInt64 = 0
    /// When something was last heard of it.
    var heard = Moment.past
    /// What its first frame said.
    var marks: (provenance: Provenance?, generation: UInt32)?
    /// Size of all its frames, before compression.
    var size = 0
    /// What was not taken yet: frames, then perhaps why there are no more.
    var results: ArraySlice<Result<Received, AssayError>> = []
    /// True behind the last frame or an error: what comes yet is dropped.
    var isOver = false
    var taker: Taker?

    init(_ attempt: Attempt, ticket: UInt64 = 0) {
        self.attempt = attempt
        self.ticket = ticket
        kind = type(of: attempt.request).kind
    }

    /// True once it was handed to its connection to be written.
    var isSent: Bool { id != 0 }
    /// True when it takes a place among the requests that the server allows.
    var isCounted: Bool { kind != .hello && kind != .cancel }

    /// Compares a frame with what was asked, and with the answer's earlier frames.
    func check(_ header: FrameHeader) throws(AssayError) {
        if header.kindByte != kind.responseByte {
            throw .damage(
                "reading the answer to \(kind)",
                "found kind \(header.kindByte), allowed: \(kind.responseByte)")
        }
        // Load's progress comes before there is a model whose generation it could carry.
        if let marks, kind != .load, marks != (header.provenance, header.generation) {
            throw .damage(
                "reading the answer to \(kind)",
                "provenance or generation changed between its frames")
        }
        marks = (header.provenance, header.generation)
    }
}

/// One connection of a pool.
final class Connection {
    /// Where it stands.
    enum Phase { case connecting, greeting, open, draining, over }

    let number: Int
    var phase = Phase.connecting
    /// The socket, -1 without one.
    var descriptor: Int32 = -1
    /// Before it is open: until when it must have come a step further, and what it ends with else.
    var limit = (end: Moment.never, error: AssayError.clientClosed)
    /// What the server said in Hello, and the frame it came in.
    var server = HelloResponse(server: "-")
    var hello: Received?
    /// Requests that it was given and that are not answered: those of callers only.
    var load = 0
    /// All that is not answered, by id.
    var calls: [UInt64: Call] = [:]
    /// When a byte was last heard of the server.
    var heard = Moment.past
    let decoder: FrameDecoder
    private(set) var written: UInt64 = 0
    private var encoder = FrameEncoder()
    private var queued: UInt64 = 0
    private var lastID: UInt64 = 0

    /// What was read that long ago says nothing about now; nanoseconds.
    private static let staleAfter: UInt64 = 20_000
    /// After that long without a byte a connection with a request overdue is given up, too;
    /// nanoseconds.
    private static let deadAfter: UInt64 = 10_000_000_000

    init(_ number: Int, bodySizeMax: Int) {
        self.number = number
        decoder = FrameDecoder(.response, bodySizeMax: bodySizeMax)
    }

    /// True when it can be given another request, to be sent at once or behind Hello.
    var hasRoom: Bool {
        phase == .open ? load < Int(clamping: server.requestsInFlightMax) : isBeginning
    }
    var isBeginning: Bool { phase == .connecting || phase == .greeting }

    /// True when nothing is in flight and what may have come was not just read: GoAway or an end
    /// may lie unread.
    func isStale(_ now: Moment) -> Bool {
        calls.isEmpty && now.nanoseconds(since: heard) > Self.staleAfter
    }

    /// True when not a byte has come for so long that nobody may be there.
    func isSilent(_ now: Moment) -> Bool { now.nanoseconds(since: heard) > Self.deadAfter }

    /// What speaks against another request on it, compared in this order.
    var cost: (Int, Int) { (load, phase == .open ? 0 : 1) }

    /// Takes over what the server agreed to.
    func open(_ server: HelloResponse, _ hello: Received) {
        self.server = server
        self.hello = hello
        encoder.compresses = server.compression
        encoder.bodySizeMax = Int(clamping: server.bodySizeMax)
        phase = .open
    }

    // MARK: - Bytes out

    /// True when bytes wait to be written.
    var hasOutput: Bool { queued > written }

    /// Appends the request of a call, whose deadline has not passed, to them. Throws when it cannot
    /// be sent; then nothing is appended.
    func append(_ call: Call, _ now: Moment) throws(AssayError) {
        let deadline = call.attempt.deadline
        let left = deadline == .never ? 0 : deadline.milliseconds(since: now)
        var request = call.attempt.request
        if call.attempt.number > 1 {
            // An older server does not know that there are attempts.
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

    /// Writes what the socket takes at once; what came of it in the end.
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

    /// The next frame of what was lent to the decoder.
    func nextFrame() throws(AssayError) -> Frame? {
        let frame = try Result { () throws(WireError) in try decoder.next() }
            .mapError { AssayError.damage($0) }.get()
        if let frame, frame.header.flags.contains(.compressed), !server.compression {
            throw .damage(
                "reading a frame", "found a compressed body, allowed: what Hello agreed to")
        }
        return frame
    }
}
