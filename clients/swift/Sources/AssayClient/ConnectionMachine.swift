// One connection as decisions: bytes and events in, bytes and effects out.
//
//      start ──> greeting ── Hello's answer ──> open ── GoAway (OK) ──> draining ──> over
//                   └──────── damage, end of stream, GoAway with a status ────────────^
//
// Guarantees: no socket, clock or thread in here: time comes in as a value, bytes go out through
// `output`, and who is to be told what stands in `effects`. Nothing is written that the agreed
// revision or the server's limits forbid. After damage the connection is over: its framing, or its
// order, can no longer be trusted.
// Not here: how many requests at once (see Pool), repeating them (see RetryRule).

import Wire

/// What a connection wants done after an event.
package struct ConnectionEffects {
    /// To be resumed once no lock is held.
    package var answers: [any Waking] = []
    /// Requests that are no longer in flight.
    package var ended = 0
    /// The server has said Hello.
    package var opened: HelloResponse?
    /// The server takes no new requests.
    package var drains = false
    /// The socket is to be closed; why.
    package var over: ClientError?
}

/// The state of one connection.
package struct ConnectionMachine {
    private enum Phase {
        case greeting
        case open
        case draining
        case over(ClientError)
    }

    private let options: ClientOptions
    private let silence: UInt64?
    private var phase = Phase.greeting
    private var server = HelloResponse(server: "-")
    private var decoder: FrameDecoder
    private var encoder = FrameEncoder()
    private var inbox: Inbox
    private var nextID: UInt64 = 1
    private var written: UInt64 = 0
    private var queued: UInt64 = 0
    private var heard: Moment
    private var effects = ConnectionEffects()

    /// When `expire` has something to do; may be too early, never too late.
    package private(set) var nextMoment: Moment

    private static let helloTicket: UInt64 = 0
    /// What was read that long ago says nothing about now; nanoseconds.
    private static let staleAfter: UInt64 = 20_000
    /// After that long without a byte a connection with a request overdue is given up, too.
    private static let deadAfter: UInt64 = 10_000_000_000

    /// A connected socket that has not said anything; Hello lies in `output` at once.
    package init(_ options: ClientOptions, helloEnd: Moment, now: Moment) {
        self.options = options
        silence =
            options.answerMilliseconds == 0
            ? nil : UInt64(options.answerMilliseconds) * 1_000_000
        decoder = FrameDecoder(.response, bodySizeMax: options.bodySizeMax)
        inbox = Inbox(allowMock: options.allowMock)
        heard = now
        nextMoment = helloEnd
        let hello = HelloRequest(
            client: options.name, compression: options.compression,
            bodySizeMax: UInt64(options.bodySizeMax))
        // The name was checked with the options: this fits.
        try? append(hello, ticket: Self.helloTicket, answer: nil, end: helloEnd, header: 0, now)
    }

    // MARK: - What is asked of it

    /// True when nothing is in flight.
    private var isIdle: Bool { inbox.count == 0 }

    /// True when nothing is in flight and what may have come was not just read: GoAway or an end
    /// may lie unread.
    package func isStale(now: Moment) -> Bool {
        isIdle && now.nanoseconds(since: heard) > Self.staleAfter
    }

    /// True when it will do nothing more.
    package var isOver: Bool {
        if case .over = phase { true } else { false }
    }

    /// Bytes to be written.
    package var outputCount: Int { encoder.count - Int(written - base) }
    private var base: UInt64 { queued - UInt64(encoder.count) }

    /// Lends what is to be written; `body` says how much of it was.
    package mutating func write(_ body: (UnsafeRawBufferPointer) -> Int) {
        let start = Int(written - base)
        let count = encoder.withUnsafeBytes { all in
            body(UnsafeRawBufferPointer(rebasing: all[start...]))
        }
        written += UInt64(count)
        if written == queued { encoder.removeAll() }
    }

    /// What happened since the last time.
    package mutating func takeEffects() -> ConnectionEffects {
        let taken = effects
        effects = ConnectionEffects()
        return taken
    }

    // MARK: - Requests

    /// Writes a request. Throws when it cannot be sent; then `answer` was not taken.
    package mutating func send<Request: RequestMessage>(
        _ request: Request, ticket: UInt64, answer: some Answer, deadline: Deadline, now: Moment
    ) throws(CallFailure) {
        switch phase {
        case .open: break
        case .greeting, .draining:
            throw CallFailure(error: .closed("sending a request"), stage: .unsent)
        case .over(let error):
            let isLost = error.code == .connectionClosed
            throw CallFailure(
                error: isLost ? error : .closed("sending a request"), stage: .unsent)
        }
        guard request.revisionNeeded <= server.revision else {
            let error = ClientError(
                .revisionTooLow, .unimplemented,
                "sending \(Request.kind): needs revision \(request.revisionNeeded) of "
                    + "the protocol, the server speaks revision \(server.revision)")
            throw CallFailure(error: error, stage: .unsent)
        }
        guard let header = deadline.headerMilliseconds(at: now) else {
            let error = ClientError.timedOut(
                "sending \(Request.kind)", milliseconds: deadline.milliseconds)
            throw CallFailure(error: error, stage: .unsent)
        }
        let end = deadline.moment.advanced(byMilliseconds: options.graceMilliseconds)
        do throws(WireError) {
            try append(request, ticket: ticket, answer: answer, end: end, header: header, now)
        } catch {
            let error = ClientError(.requestInvalid, .invalidArgument, error.message)
            throw CallFailure(error: error, stage: .unsent)
        }
        nextMoment = min(nextMoment, end)
        if let silence { nextMoment = min(nextMoment, now.advanced(byNanoseconds: silence)) }
    }

    private mutating func append<Request: RequestMessage>(
        _ request: Request, ticket: UInt64, answer: (any Answer)?, end: Moment, header: UInt32,
        _ now: Moment
    ) throws(WireError) {
        let before = encoder.count
        try encoder.appendRequest(request, requestID: nextID, deadlineMilliseconds: header)
        inbox.expect(
            Inbox.Entry(
                kind: Request.kind, ticket: ticket, answer: answer, end: end, heard: now,
                position: queued),
            for: nextID)
        nextID += 1
        queued += UInt64(encoder.count - before)
    }

    /// The caller no longer wants an answer: Cancel is sent, the rest of it is dropped.
    package mutating func giveUp(_ ticket: UInt64, _ error: ClientError, now: Moment) {
        guard let id = inbox.requestID(of: ticket) else { return }
        stop(id, error, now: now)
    }

    private mutating func stop(_ id: UInt64, _ error: ClientError, now: Moment) {
        if let answer = inbox.abandon(id, error) { effects.answers.append(answer) }
        cancel(id, now: now)
    }

    private mutating func cancel(_ id: UInt64, now: Moment) {
        try? append(
            CancelRequest(target: id), ticket: Self.helloTicket, answer: nil, end: .never,
            header: 0, now)
        // Its own answer is dropped when it comes, and nobody reserved a place for it.
        effects.ended -= 1
    }

    /// Gives up what is overdue.
    package mutating func expire(now: Moment) {
        guard now >= nextMoment else { return }
        if case .greeting = phase {
            return end(
                .timedOut(
                    "waiting for the server's Hello", milliseconds: options.connectMilliseconds))
        }
        let overdue = inbox.overdue(at: now, silence: silence)
        for id in overdue {
            let waited = now.nanoseconds(since: inbox.heard(id)) / 1_000_000
            stop(
                id,
                .timedOut(
                    "waiting for the answer to \(inbox.kind(id))",
                    milliseconds: UInt32(clamping: waited)), now: now)
        }
        if !overdue.isEmpty, now.nanoseconds(since: heard) > Self.deadAfter {
            return end(.closed("nothing came for 10 seconds, requests being overdue"))
        }
        nextMoment = inbox.nextEnd(silence: silence)
    }

    // MARK: - Bytes

    /// Takes what was read.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer, now: Moment) {
        if case .over = phase { return }
        heard = now
        decoder.lend(bytes)
        do throws(ClientError) {
            while let frame = try nextFrame() {
                if frame.header.kind == .goAway {
                    try receiveGoAway(frame)
                } else if case .greeting = phase {
                    try receiveHello(frame, now)
                } else {
                    try receiveAnswer(frame, now)
                }
                if case .over = phase { break }
            }
        } catch {
            end(error)
        }
        if case .over = phase { return }
        decoder.settle()
        if case .draining = phase, isIdle { end(.closed("the server drains")) }
    }

    private func nextFrame() throws(ClientError) -> Frame? {
        let frame: Frame?
        do throws(WireError) {
            frame = try decoder.next()
        } catch {
            throw .damage(error)
        }
        if let frame, frame.header.flags.contains(.compressed), !server.compression {
            throw .damage("reading a frame: found a compressed body, allowed: what Hello agreed to")
        }
        return frame
    }

    private mutating func receiveAnswer(_ frame: Frame, _ now: Moment) throws(ClientError) {
        let before = inbox.count
        switch try inbox.receive(frame.header, frame.body, now: now) {
        case .filed: break
        case .news(let taker): effects.answers.append(taker)
        case .finished(let answer): effects.answers.append(answer)
        case .unwanted(let answer):
            effects.answers.append(answer)
            cancel(frame.header.requestID, now: now)
            return
        }
        effects.ended += before - inbox.count
    }

    private mutating func receiveHello(_ frame: Frame, _ now: Moment) throws(ClientError) {
        let hello = try inbox.hello(frame.header, frame.body, now: now)
        if hello.revision > Limits.revision || (hello.compression && !options.compression) {
            throw .damage("reading the server's Hello: it agrees to what was not offered")
        }
        server = hello
        encoder.compresses = hello.compression
        encoder.bodySizeMax = Int(clamping: hello.bodySizeMax)
        phase = .open
        nextMoment = .never
        effects.opened = hello
    }

    private mutating func receiveGoAway(_ frame: Frame) throws(ClientError) {
        guard frame.header.statusNumber == 0 else {
            let body = try ErrorBody(server: frame.body)
            throw .goneAway(frame.header.status, body)
        }
        _ = try GoAway(server: frame.body)
        if case .greeting = phase { throw .closed("waiting for the server's Hello") }
        phase = .draining
        effects.drains = true
    }

    /// The socket is gone, or shall be: everything in flight fails.
    package mutating func end(_ error: ClientError) {
        if case .over = phase { return }
        phase = .over(error)
        nextMoment = .never
        effects.over = error
        effects.answers += inbox.failAll(error, written: written)
    }
}
