// One connection as decisions: bytes and events in, bytes and effects out.
//
//      start ──> greeting ── Hello's answer ──> open ── GoAway (OK) ──> draining ──> over
//                   └──────── damage, end of stream, GoAway with a status ────────────^
//
// Guarantees: no socket, clock or thread in here: time comes in as a value, bytes go out through
// `write`, and who is to be told what stands in `effects`. Nothing is written that the agreed
// revision or the server's limits forbid. A frame is taken only when it answers a request in
// flight, with that request's kind and with the provenance and generation of its earlier frames
// (Load excepted, whose progress comes before its model); anything else is damage, after which the
// connection is over. A mock's frame is refused before a failure is looked at: nobody should act on
// a mock's words unawares. Frames of a request that was given up are dropped until its last one.
// Not here: how many requests at once (see Pool), repeating them (see RetryRule).

import Wire

/// What a connection wants done after an event.
package struct ConnectionEffects {
    /// To be resumed once no lock is held.
    package var answers: [any Answer] = []
    /// Requests that are no longer in flight.
    package var ended = 0
    /// The server has said Hello.
    package var opened: HelloResponse?
    /// The server takes no new requests.
    package var drains = false
    /// The socket is to be closed; why.
    package var over: AssayError?
}

/// The state of one connection.
package struct ConnectionMachine {
    private enum Phase {
        case greeting
        case open
        case draining
        case over(AssayError)
    }

    /// One request in flight.
    private struct Entry {
        let kind: MessageKind
        /// Nil once the request was given up, and for those of the connection itself.
        var answer: (any Answer)?
        /// When the client gives it up by itself.
        let end: Moment
        /// When something was last heard of it.
        var heard: Moment
        /// Position of its first byte in all that this connection writes.
        let position: UInt64
        /// What its first frame said.
        var marks: (provenance: Provenance?, generation: UInt32)?
    }

    private let options: Options
    private var phase = Phase.greeting
    private var server = HelloResponse(server: "-")
    private var decoder: FrameDecoder
    private var encoder = FrameEncoder()
    private var entries: [UInt64: Entry] = [:]
    private var nextID: UInt64 = 1
    private var written: UInt64 = 0
    private var queued: UInt64 = 0
    private var heard: Moment
    private var effects = ConnectionEffects()

    /// When `expire` has something to do; may be too early, never too late.
    package private(set) var nextMoment: Moment

    /// What was read that long ago says nothing about now; nanoseconds.
    private static let staleAfter: UInt64 = 20_000
    /// After that long without a byte a connection with a request overdue is given up, too.
    private static let deadAfter: UInt64 = 10_000_000_000

    /// A connected socket that has not said anything; Hello is to be written at once.
    package init(_ options: Options, helloEnd: Moment, now: Moment) {
        self.options = options
        decoder = FrameDecoder(.response, bodySizeMax: options.bodySizeMax)
        heard = now
        nextMoment = helloEnd
        let hello = HelloRequest(
            client: options.name, compression: options.compression,
            bodySizeMax: UInt64(options.bodySizeMax))
        // The name was checked with the options: this fits.
        try? append(hello, nil, end: helloEnd, header: 0, now)
    }

    // MARK: - What is asked of it

    /// True when nothing is in flight and what may have come was not just read: GoAway or an end
    /// may lie unread.
    package func isStale(now: Moment) -> Bool {
        entries.isEmpty && now.nanoseconds(since: heard) > Self.staleAfter
    }

    /// True when it will do nothing more.
    package var isOver: Bool {
        if case .over = phase { true } else { false }
    }

    /// Bytes to be written.
    package var outputCount: Int { Int(queued - written) }

    /// Lends what is to be written; `body` says how much of it was.
    package mutating func write(_ body: (UnsafeRawBufferPointer) -> Int) {
        let start = encoder.count - outputCount
        let count = encoder.withUnsafeBytes { all in
            body(UnsafeRawBufferPointer(rebasing: all[start...]))
        }
        written += UInt64(count)
        if outputCount == 0 { encoder.removeAll() }
    }

    /// What happened since the last time.
    package mutating func takeEffects() -> ConnectionEffects {
        let taken = effects
        effects = ConnectionEffects()
        return taken
    }

    // MARK: - Requests

    /// Writes a request. Throws when it cannot be sent; then nothing was written, and `answer` not
    /// taken.
    package mutating func send<Request: CallRequest>(
        _ request: Request, _ answer: some Answer, _ deadline: Deadline, attempt: Int = 1,
        now: Moment
    ) throws(AssayError) {
        switch phase {
        case .open: break
        case .over(let error) where error.code == .connectionClosed: throw error
        default: throw .closed("sending a request")
        }
        guard request.revisionNeeded <= server.revision else {
            throw AssayError(
                .revisionTooLow,
                "sending \(Request.kind): needs revision \(request.revisionNeeded) of the "
                    + "protocol, the server speaks revision \(server.revision)")
        }
        guard let header = deadline.headerMilliseconds(at: now) else {
            throw .timedOut("sending \(Request.kind)", milliseconds: deadline.milliseconds)
        }
        var request = request
        if attempt > 1 {
            // An older server does not know that there are attempts.
            let numbered = request.numbered(attempt)
            if numbered.revisionNeeded <= server.revision { request = numbered }
        }
        let end = deadline.moment.advanced(byMilliseconds: options.graceMilliseconds)
        do throws(WireError) {
            try append(request, answer, end: end, header: header, now)
        } catch {
            throw .invalid(error)
        }
        nextMoment = min(nextMoment, giveUpMoment(end: end, heard: now))
    }

    private mutating func append<Request: RequestMessage>(
        _ request: Request, _ answer: (any Answer)?, end: Moment, header: UInt32, _ now: Moment
    ) throws(WireError) {
        let before = encoder.count
        try encoder.appendRequest(request, requestID: nextID, deadlineMilliseconds: header)
        entries[nextID] = Entry(
            kind: Request.kind, answer: answer, end: end, heard: now, position: queued)
        nextID += 1
        queued += UInt64(encoder.count - before)
    }

    /// The caller no longer wants an answer: Cancel is sent, the rest of it is dropped.
    package mutating func giveUp(_ answer: any Answer, _ error: AssayError, now: Moment) {
        guard let id = entries.first(where: { $0.value.answer === answer })?.key else { return }
        stop(id, error, now)
    }

    private mutating func stop(_ id: UInt64, _ error: AssayError, _ now: Moment) {
        guard let answer = entries[id]?.answer else { return }
        entries[id]?.answer = nil
        fail(answer, error)
        cancel(id, now)
    }

    private mutating func fail(
        _ answer: any Answer, _ error: AssayError, _ stage: CallFailure.Stage = .sent
    ) {
        answer.fail(CallFailure(error, stage))
        effects.answers.append(answer)
    }

    private mutating func cancel(_ id: UInt64, _ now: Moment) {
        try? append(CancelRequest(target: id), nil, end: .never, header: 0, now)
        // Its own answer is dropped when it comes, and nobody reserved a place for it.
        effects.ended -= 1
    }

    // MARK: - Time

    /// Gives up what is overdue.
    package mutating func expire(now: Moment) {
        guard now >= nextMoment else { return }
        if case .greeting = phase {
            return end(
                .timedOut(
                    "waiting for the server's Hello", milliseconds: options.connectMilliseconds))
        }
        nextMoment = .never
        var isOverdue = false
        for (id, entry) in entries where entry.answer != nil {
            let moment = giveUpMoment(end: entry.end, heard: entry.heard)
            if moment > now {
                nextMoment = min(nextMoment, moment)
                continue
            }
            isOverdue = true
            let waited = UInt32(clamping: now.nanoseconds(since: entry.heard) / 1_000_000)
            stop(
                id, .timedOut("waiting for the answer to \(entry.kind)", milliseconds: waited), now)
        }
        if isOverdue, now.nanoseconds(since: heard) > Self.deadAfter {
            end(.closed("nothing came for 10 seconds, requests being overdue"))
        }
    }

    private func giveUpMoment(end: Moment, heard: Moment) -> Moment {
        let silence = options.answerMilliseconds
        return silence == 0 ? end : min(end, heard.advanced(byMilliseconds: silence))
    }

    // MARK: - Bytes

    /// Takes what was read.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer, now: Moment) {
        if isOver { return }
        heard = now
        decoder.lend(bytes)
        do throws(AssayError) {
            while !isOver, let frame = try nextFrame() {
                if frame.header.kind == .goAway {
                    try receiveGoAway(frame)
                } else {
                    try receiveAnswer(frame.header, frame.body, now)
                }
            }
        } catch {
            end(error)
        }
        if isOver { return }
        decoder.settle()
        if case .draining = phase, entries.isEmpty { end(.closed("the server drains")) }
    }

    private func nextFrame() throws(AssayError) -> Frame? {
        let frame: Frame?
        do throws(WireError) {
            frame = try decoder.next()
        } catch {
            throw .damage(error)
        }
        if let frame, frame.header.flags.contains(.compressed), !server.compression {
            throw .damage(
                "reading a frame", "found a compressed body, allowed: what Hello agreed to")
        }
        return frame
    }

    private mutating func receiveAnswer(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, _ now: Moment
    ) throws(AssayError) {
        guard var entry = entries.removeValue(forKey: header.requestID) else {
            throw .damage(
                "reading the server's answer",
                "found request id \(header.requestID), allowed: one of the \(entries.count) in "
                    + "flight")
        }
        let isLast = !header.flags.contains(.more)
        var isDone = false
        defer { if !isDone { entries[header.requestID] = entry } }
        try check(header, &entry)
        if entry.kind == .hello {
            try receiveHello(header, body)
            isDone = true
            return
        }
        if let answer = entry.answer {
            entry.heard = now
            if let error = try file(header, body, answer) {
                fail(answer, error)
                entry.answer = nil
                if !isLast { cancel(header.requestID, now) }
            }
        }
        isDone = isLast
        if isLast { effects.ended += 1 }
    }

    /// Hands a frame to its answer; the error for the caller when that has no more of it.
    private mutating func file(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, _ answer: any Answer
    ) throws(AssayError) -> AssayError? {
        if let refusal = try refusal(header, body) { return refusal }
        do throws(AssayError) {
            if try answer.take(header, body) { effects.answers.append(answer) }
            return nil
        } catch {
            guard error.code == .givenUp else { throw error }
            return error
        }
    }

    private func check(_ header: FrameHeader, _ entry: inout Entry) throws(AssayError) {
        if header.kindByte != entry.kind.responseByte {
            throw .damage(
                "reading the answer to \(entry.kind)",
                "found kind \(header.kindByte), allowed: \(entry.kind.responseByte)")
        }
        // Load's progress comes before there is a model whose generation it could carry.
        if let marks = entry.marks, entry.kind != .load,
            marks != (header.provenance, header.generation)
        {
            throw .damage(
                "reading the answer to \(entry.kind)",
                "provenance or generation changed between its frames")
        }
        entry.marks = (header.provenance, header.generation)
    }

    /// Why a frame is no answer: a mock where real is wanted, or a status.
    private func refusal(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(AssayError) -> AssayError? {
        let words = header.statusNumber == 0 ? nil : try ErrorBody(server: body)
        let provenance = header.provenance ?? .mock
        if provenance == .mock, !options.allowMock { return .mockRefused }
        return words.map { .refused(header.status, $0, provenance) }
    }

    private mutating func receiveHello(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer
    ) throws(AssayError) {
        if let refusal = try refusal(header, body) { throw refusal }
        if !header.flags.isDisjoint(with: [.more, .degraded]) {
            throw .damage("reading the server's Hello", "found another flag, allowed: none")
        }
        let hello = try HelloResponse(server: body)
        if hello.revision > Limits.revision || (hello.compression && !options.compression) {
            throw .damage("reading the server's Hello", "it agrees to what was not offered")
        }
        server = hello
        encoder.compresses = hello.compression
        encoder.bodySizeMax = Int(clamping: hello.bodySizeMax)
        phase = .open
        nextMoment = .never
        effects.opened = hello
    }

    private mutating func receiveGoAway(_ frame: Frame) throws(AssayError) {
        let header = frame.header
        guard header.statusNumber == 0 else {
            let body = try ErrorBody(server: frame.body)
            throw AssayError(
                .protocolError,
                "the server closes the connection: \(header.status): \(body.message)",
                status: header.status, serverError: body, provenance: .real)
        }
        _ = try GoAway(server: frame.body)
        if case .greeting = phase { throw .closed("waiting for the server's Hello") }
        phase = .draining
        effects.drains = true
    }

    /// The socket is gone, or shall be: everything in flight fails.
    package mutating func end(_ error: AssayError) {
        if isOver { return }
        phase = .over(error)
        nextMoment = .never
        effects.over = error
        for entry in entries.values {
            guard let answer = entry.answer else { continue }
            fail(answer, error, entry.position < written ? .sent : .unsent)
        }
        entries = [:]
    }
}
