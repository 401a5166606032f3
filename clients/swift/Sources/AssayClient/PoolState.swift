// All that one client knows, behind one lock: its connections, and its calls from the time they
// wait to the time their last frame was taken.
//
//      begin ──> waiting ──> on a connection ── frames ──> taken one by one
//                   └──── closed, given up, overdue ────────> taken as the error
//
// Guarantees: a call takes the connection with the fewest requests, one that is not open yet
// counting as empty but coming last among equals; no connection gets more requests than its server
// allows; who must wait is served in order. What has come on an idle connection is read before a
// request is written on it, so that a dead one is noticed. Time comes in as a value. Nobody is
// resumed in here: who is to be stands in `resumed`.
// Not here: what comes in (see PoolState+Frames), what a body says, repeating calls (see Exchange).

import Glibc
import Wire

/// What the lock of a pool guards.
struct PoolState {
    /// What is to be done once the lock is free.
    struct Effects {
        /// Whom to resume, and with what.
        var resumed: [(taker: Call.Taker, result: Result<Received, AssayError>)] = []
        /// Numbers of connections for which a socket is to be connected.
        var dialled: [Int] = []
        /// The loop must ask again what to poll for, and until when.
        var wakes = false
    }

    let options: Options
    /// Where the server listens, for messages.
    let address: ServerAddress
    /// When the change under way began; set before it.
    var now = Moment.past
    /// What came of the changes; taken after each.
    var effects = Effects()
    /// Those that are not over.
    private var connections: [Connection] = []
    /// Those whose sockets the loop polls, and the place of the first among all that it polls.
    private var polled: [Connection] = []
    private var pollStart = 0
    /// Calls whose end was not taken yet, by ticket.
    private var calls: [UInt64: Call] = [:]
    /// Those of them that were not sent, in order.
    var waiting: [Call] = []
    private var lastNumber = 0
    /// When `expire` has something to do; may be too early, never too late.
    private var due = Moment.never
    private(set) var isClosed = false
    /// What the latest Hello said.
    var server: HelloResponse?

    init(_ address: ServerAddress, _ options: Options) {
        self.address = address
        self.options = options
    }

    // MARK: - Calls

    /// Adds a call, which `advance` sends.
    mutating func begin(_ attempt: Attempt, _ ticket: UInt64) {
        let call = Call(attempt, ticket: ticket)
        calls[ticket] = call
        if isClosed { return fail(call, .clientClosed.unsent) }
        waiting.append(call)
        lower(attempt.start > now ? attempt.start : attempt.deadline)
    }

    /// Has `taker` resumed with the next frame of a call, or with why there is none: at once, or
    /// when it has come. Behind the last frame and behind an error nothing may be taken.
    mutating func take(_ ticket: UInt64, _ taker: Call.Taker) {
        guard let call = calls[ticket] else {
            return effects.resumed.append((taker, .failure(.cancelled)))
        }
        guard let result = call.results.popFirst() else {
            call.taker = taker
            return
        }
        if call.isOver, call.results.isEmpty { calls[ticket] = nil }
        effects.resumed.append((taker, result))
    }

    /// Hands a frame, or an error, to whoever waits for it, or keeps it; nothing behind the end.
    mutating func deliver(
        _ result: Result<Received, AssayError>, isLast: Bool = true, to call: Call
    ) {
        if call.isOver { return }
        call.isOver = isLast
        guard let taker = call.taker else { return call.results.append(result) }
        call.taker = nil
        if isLast { calls[call.ticket] = nil }
        effects.resumed.append((taker, result))
    }

    /// Ends a call with an error, which comes behind the frames that were not taken yet.
    mutating func fail(_ call: Call, _ error: AssayError) { deliver(.failure(error), to: call) }

    /// The caller wants no more of an answer: whoever waits for it gets `given_up`.
    mutating func giveUp(_ ticket: UInt64) {
        guard let call = calls.removeValue(forKey: ticket) else { return }
        call.results = []
        stop(call, .cancelled)
    }

    /// Ends a call without its last frame. What comes yet is dropped, and the server is told.
    mutating func stop(_ call: Call, _ error: AssayError) {
        if call.isOver { return }
        fail(call, error)
        if !call.isSent {
            waiting.removeAll { $0 === call }
            call.connection?.load -= 1
        } else if let connection = call.connection, connection.calls[call.id] != nil {
            // Its answer is dropped, too.
            let cancel = Call(Attempt(request: CancelRequest(target: call.id)))
            cancel.isOver = true
            try? connection.append(cancel, now)
        }
    }

    // MARK: - Who is sent where

    /// Gives up what is overdue, sends what can be sent, and writes it when `writes`.
    mutating func advance(writes: Bool) {
        if now >= due { expire() }
        serve()
        for connection in connections where connection.hasOutput {
            // One that is over leaves its place to others.
            if writes, !write(connection) { return advance(writes: true) }
            // The loop writes what is left, when it can.
            if connection.hasOutput { effects.wakes = true }
        }
    }

    /// Gives each call that waits a connection, in order, and sends what can be sent.
    private mutating func serve() {
        var index = 0
        while index < waiting.count {
            let call = waiting[index]
            if call.attempt.start > now || call.connection != nil {
                index += 1
                continue
            }
            guard let connection = choice(for: call.kind) else { return }
            if connection.isBeginning {
                call.connection = connection
                connection.load += 1
                continue
            }
            if connection.isStale(now) { drain(connection) }
            if connection.phase != .open { continue }
            waiting.remove(at: index)
            do throws(AssayError) {
                if call.kind == .hello, let hello = connection.hello {
                    deliver(.success(hello), to: call)
                } else {
                    try connection.append(call, now)
                    lower(end(of: call))
                }
            } catch {
                fail(call, error.unsent)
            }
        }
    }

    /// Those that take new requests, or will.
    private var usable: some Collection<Connection> {
        connections.lazy.filter { $0.phase != .draining }
    }

    /// The connection with the fewest requests; of equals an open one, one that begins, a new one.
    /// Nil when none has room. A Hello, of a caller who wants all to be open, gets one that is not.
    private mutating func choice(for kind: MessageKind) -> Connection? {
        if kind == .hello {
            while usable.count < options.connections { dial() }
            return usable.first(where: \.isBeginning) ?? usable.first
        }
        let best = usable.filter(\.hasRoom).min { $0.cost < $1.cost }
        return best?.load != 0 && usable.count < options.connections ? dial() : best
    }

    // MARK: - Connections

    /// A new connection, which waits for its socket.
    @discardableResult
    private mutating func dial() -> Connection {
        lastNumber += 1
        let connection = Connection(lastNumber, bodySizeMax: options.bodySizeMax)
        connections.append(connection)
        effects.dialled.append(lastNumber)
        let milliseconds = options.connectMilliseconds
        limit(connection, .unreachable(address, "no connection within \(milliseconds) ms"))
        return connection
    }

    /// A connection has its socket, which may come too late.
    mutating func connected(_ number: Int, _ descriptor: Int32) {
        guard let connection = connections.first(where: { $0.number == number }) else {
            return Socket.end(descriptor)
        }
        connection.descriptor = descriptor
        connection.phase = .greeting
        let milliseconds = options.connectMilliseconds
        limit(connection, .timedOut("waiting for the server's Hello", milliseconds: milliseconds))
        let hello = HelloRequest(
            client: options.name, compression: options.compression,
            bodySizeMax: UInt64(options.bodySizeMax))
        // The name was checked with the options: this fits.
        try? connection.append(Call(Attempt(request: hello)), now)
        effects.wakes = true
    }

    /// Ends a connection with `error` unless it comes a step further in time.
    private mutating func limit(_ connection: Connection, _ error: AssayError) {
        connection.limit = (now.after(milliseconds: options.connectMilliseconds), error)
        lower(connection.limit.end)
    }

    /// Ends the connection of that number, if it is not over: a frame of it is damaged.
    mutating func end(_ number: Int, _ error: AssayError) {
        if let connection = connections.first(where: { $0.number == number }) {
            end(connection, error)
        }
    }

    /// Ends a connection: what is in flight on it, and what waits for its Hello, fails.
    mutating func end(_ connection: Connection, _ error: AssayError) {
        guard connection.phase != .over else { return }
        connection.phase = .over
        if connection.descriptor >= 0 { Socket.end(connection.descriptor) }
        connections.removeAll { $0 === connection }
        effects.wakes = true
        for call in connection.calls.values {
            fail(call, call.position < connection.written ? error : error.unsent)
        }
        connection.calls = [:]
        for call in waiting where call.connection === connection { fail(call, error.unsent) }
        waiting.removeAll { $0.connection === connection }
    }

    /// Ends everything: what waits, and what is in flight, fails.
    mutating func close() {
        isClosed = true
        for connection in connections { end(connection, .clientClosed) }
        for call in waiting { fail(call, .clientClosed.unsent) }
        waiting = []
    }

    /// Writes what the socket takes. False when that was the end of the connection.
    private mutating func write(_ connection: Connection) -> Bool {
        guard case .end(let reason) = connection.write() else { return true }
        // The server may have said why before it went.
        drain(connection)
        end(connection, .closed("sending a request", reason))
        return false
    }

    /// Reads what has come, with a small buffer.
    private mutating func drain(_ connection: Connection) {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
            read(connection, buffer)
        }
    }

    // MARK: - The loop

    /// Writes what waits, and appends what the loop shall poll for; when something is due.
    mutating func prepare(_ entries: inout [pollfd]) -> Moment {
        advance(writes: true)
        polled = connections
        pollStart = entries.count
        for connection in polled {
            let events = Int16(POLLIN) | (connection.hasOutput ? Int16(POLLOUT) : 0)
            entries.append(pollfd(fd: connection.descriptor, events: events, revents: 0))
        }
        return due
    }

    /// Reads what `entries` say has come, into `buffer` first.
    mutating func turn(_ entries: [pollfd], _ buffer: UnsafeMutableRawBufferPointer) {
        for (connection, entry) in zip(polled, entries[pollStart...])
        where entry.revents & ~Int16(POLLOUT) != 0 {
            read(connection, buffer)
        }
    }

    /// Has `expire` look no later than then.
    private mutating func lower(_ moment: Moment) {
        guard moment < due else { return }
        due = moment
        effects.wakes = true
    }

    /// When the client gives a call up by itself.
    private func end(of call: Call) -> Moment {
        guard call.isSent else { return call.attempt.deadline }
        let end = call.attempt.deadline.after(milliseconds: options.graceMilliseconds)
        let silence = options.answerMilliseconds
        return silence == 0 ? end : min(end, call.heard.after(milliseconds: silence))
    }

    /// Ends what is overdue, and finds out when the next is.
    private mutating func expire() {
        due = .never
        effects.wakes = true
        for connection in connections where connection.isBeginning {
            if connection.limit.end > now {
                lower(connection.limit.end)
            } else {
                end(connection, connection.limit.error)
            }
        }
        for call in calls.values where !call.isOver {
            let end = self.end(of: call)
            if end > now {
                lower(call.attempt.start > now ? call.attempt.start : end)
            } else if call.isSent, let connection = call.connection {
                stop(
                    call,
                    .timedOut(
                        "waiting for the answer to \(call.kind)",
                        milliseconds: now.milliseconds(since: call.heard)))
                if connection.isSilent(now) {
                    self.end(
                        connection, .closed("nothing came for 10 seconds, requests being overdue"))
                }
            } else {
                let error = AssayError(
                    .timedOut, "waiting for a connection: there was none before the deadline")
                stop(call, error.unsent)
            }
        }
    }
}
