// The state of a client behind a lock: the connections, and the calls from the first wait until the
// caller takes the last frame.
//
//      begin ──> waiting ──> on a connection ── frames ──> taken one by one
//                   └──── closed, given up, overdue ────────> taken as the error
//
// Guarantees:
// - A call takes the connection with the fewest requests. A connection that is not open yet counts
//   as empty, but comes last among equals.
// - No connection gets more requests than its server allows. Waiting calls are served in order.
// - Bytes on an idle connection are read before a request is written, so that a dead connection is
//   noticed.
// - Time comes in as a value. No task is resumed here: `resumed` lists the tasks to resume.
//
// Not here: incoming frames (see PoolState+Frames), bodies, repeating calls (see Exchange).

import Glibc
import Wire

/// The state that the lock of a pool guards.
struct PoolState {
    /// Actions to take after the lock is released.
    struct Effects {
        /// Takers to resume, each with a result.
        var resumed: [(taker: Call.Taker, result: Result<Received, AssayError>)] = []
        /// Numbers of connections that need a socket.
        var dialled: [Int] = []
        /// The loop must rebuild the poll entries and the time limit.
        var wakes = false
    }

    let options: Options
    /// Listening address of the server, for messages.
    let address: ServerAddress
    /// Start time of the running change, set before the change.
    var now = Moment.past
    /// Effects of the changes, taken after each change.
    var effects = Effects()
    /// Connections that are not over.
    private var connections: [Connection] = []
    /// Connections whose sockets the loop polls, and the index of the first in the loop's poll
    /// entries.
    private var polled: [Connection] = []
    private var pollStart = 0
    /// Calls whose end the caller has not taken yet, by ticket.
    private var calls: [UInt64: Call] = [:]
    /// Calls not sent yet, in order.
    var waiting: [Call] = []
    private var lastNumber = 0
    /// Earliest time at which `expire` has work. May be too early, never too late.
    private var due = Moment.never
    private(set) var isClosed = false
    /// The server's latest Hello.
    var server: HelloResponse?

    init(_ address: ServerAddress, _ options: Options) {
        self.address = address
        self.options = options
    }

    // MARK: - Calls

    /// Adds a call. `advance` sends it.
    mutating func begin(_ attempt: Attempt, _ ticket: UInt64) {
        let call = Call(attempt, ticket: ticket)
        calls[ticket] = call
        if isClosed { return fail(call, .clientClosed.unsent) }
        waiting.append(call)
        lower(attempt.start > now ? attempt.start : attempt.deadline)
    }

    /// Resumes `taker` with the next frame of a call or the error that ended the call, at once or
    /// on arrival. Not to be called after the last frame or an error.
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

    /// Hands a frame or an error to the waiting taker, or keeps it. Does nothing after the end.
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

    /// Ends a call with an error, placed after the frames that the caller has not taken yet.
    mutating func fail(_ call: Call, _ error: AssayError) { deliver(.failure(error), to: call) }

    /// Gives up a call. A waiting taker gets `given_up`.
    mutating func giveUp(_ ticket: UInt64) {
        guard let call = calls.removeValue(forKey: ticket) else { return }
        call.results = []
        stop(call, .cancelled)
    }

    /// Ends a call without its last frame. Later frames are dropped, and the server is told.
    mutating func stop(_ call: Call, _ error: AssayError) {
        if call.isOver { return }
        fail(call, error)
        if !call.isSent {
            waiting.removeAll { $0 === call }
            call.connection?.load -= 1
        } else if let connection = call.connection, connection.calls[call.id] != nil {
            // The answer to Cancel is dropped, too.
            let cancel = Call(Attempt(request: CancelRequest(target: call.id)))
            cancel.isOver = true
            try? connection.append(cancel, now)
        }
    }

    // MARK: - Who is sent where

    /// Ends overdue calls and sends waiting calls. Writes their bytes when `writes` is true.
    mutating func advance(writes: Bool) {
        if now >= due { expire() }
        serve()
        for connection in connections where connection.hasOutput {
            // An ended connection leaves room for a new connection.
            if writes, !write(connection) { return advance(writes: true) }
            // The loop writes the rest when the socket takes more.
            if connection.hasOutput { effects.wakes = true }
        }
    }

    /// Gives each waiting call a connection, in order, and queues its request where possible.
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

    /// Connections that take new requests now or after Hello.
    private var usable: some Collection<Connection> {
        connections.lazy.filter { $0.phase != .draining }
    }

    /// The connection with the fewest requests. Among equals, an open connection comes first, then
    /// a beginning connection, then a new connection. Nil when none has room. A Hello comes from
    /// `Client.connect`, which opens all connections, and gets a connection that is not open yet.
    private mutating func choice(for kind: MessageKind) -> Connection? {
        if kind == .hello {
            while usable.count < options.connections { dial() }
            return usable.first(where: \.isBeginning) ?? usable.first
        }
        let best = usable.filter(\.hasRoom).min { $0.cost < $1.cost }
        return best?.load != 0 && usable.count < options.connections ? dial() : best
    }

    // MARK: - Connections

    /// Adds a connection without a socket.
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

    /// Gives a connection its socket. Closes the socket when the connection is over.
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
            bodySizeMax: UInt64(options.bodySizeMax), token: options.token, tenant: options.tenant)
        // The name was checked with the options, so the request fits.
        try? connection.append(Call(Attempt(request: hello)), now)
        effects.wakes = true
    }

    /// Ends a connection with `error` unless the next stage comes in time.
    private mutating func limit(_ connection: Connection, _ error: AssayError) {
        connection.limit = (now.after(milliseconds: options.connectMilliseconds), error)
        lower(connection.limit.end)
    }

    /// Ends connection `number` because of a damaged frame, if the connection is not
    /// over.
    mutating func end(_ number: Int, _ error: AssayError) {
        if let connection = connections.first(where: { $0.number == number }) {
            end(connection, error)
        }
    }

    /// Ends a connection. Calls in flight on the connection and calls waiting for Hello fail.
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

    /// Ends all connections. Waiting calls and calls in flight fail.
    mutating func close() {
        isClosed = true
        for connection in connections { end(connection, .clientClosed) }
        for call in waiting { fail(call, .clientClosed.unsent) }
        waiting = []
    }

    /// Writes queued bytes until the socket takes no more. False when the connection has ended.
    private mutating func write(_ connection: Connection) -> Bool {
        guard case .end(let reason) = connection.write() else { return true }
        // The server may have sent a reason before closing.
        drain(connection)
        end(connection, .closed("sending a request", reason))
        return false
    }

    /// Reads the available bytes, with a small buffer.
    private mutating func drain(_ connection: Connection) {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
            read(connection, buffer)
        }
    }

    // MARK: - The loop

    /// Writes queued bytes and appends the poll entries for the loop. Returns the next time limit.
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

    /// Reads the connections with ready `entries`, using `buffer`.
    mutating func turn(_ entries: [pollfd], _ buffer: UnsafeMutableRawBufferPointer) {
        for (connection, entry) in zip(polled, entries[pollStart...])
        where entry.revents & ~Int16(POLLOUT) != 0 {
            read(connection, buffer)
        }
    }

    /// Makes `expire` run no later than `moment`.
    private mutating func lower(_ moment: Moment) {
        guard moment < due else { return }
        due = moment
        effects.wakes = true
    }

    /// Time at which the client gives up a call without being asked.
    private func end(of call: Call) -> Moment {
        guard call.isSent else { return call.attempt.deadline }
        let end = call.attempt.deadline.after(milliseconds: options.graceMilliseconds)
        let silence = options.answerMilliseconds
        return silence == 0 ? end : min(end, call.heard.after(milliseconds: silence))
    }

    /// Ends overdue calls and connections, and sets the next time limit.
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
