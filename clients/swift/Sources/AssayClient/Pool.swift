// The connections of one client: carries out what PoolMachine decides.
//
// Guarantees: nobody is resumed and nothing is closed while the lock is held. Connecting, which
// may wait for a name server, has a thread of its own that ends with it. In a forked process no
// lock is taken.

import Synchronization
import Wire

/// A client's connections and who waits for one.
final class Pool: Sendable, Timed {
    /// Who waits for a connection.
    typealias Waiter = UnsafeContinuation<Result<Connection, CallFailure>, Never>
    private typealias Machine = PoolMachine<Connection, Waiter>

    private struct State {
        var machine: Machine
        var server: HelloResponse?
    }

    let options: ClientOptions
    private let address: ServerAddress
    private let loop: Loop
    private let state: Mutex<State>
    private let tickets = Atomic<UInt64>(1)
    private let next = Atomic<UInt64>(.max)
    private let waiterCount = Atomic<Int>(0)
    private let closing = Atomic<Bool>(false)

    init(_ address: ServerAddress, _ options: ClientOptions, _ loop: Loop) {
        self.address = address
        self.options = options
        self.loop = loop
        state = Mutex(State(machine: Machine(count: options.connections)))
        loop.add(self as any Timed)
    }

    /// What the latest Hello said.
    var server: HelloResponse? { Fork.isChild ? nil : state.withLock { $0.server } }

    /// True once `close` was called: nothing is worth another attempt.
    var isClosed: Bool { closing.load(ordering: .sequentiallyConsistent) }

    var nextMoment: UInt64 { next.load(ordering: .relaxed) }

    // MARK: - Calls

    /// A connection with a place for one request, which the caller must use. Waits for one to be
    /// made or to have room, until `deadline`.
    func connection(until deadline: Deadline) async -> Result<Connection, CallFailure> {
        if Fork.isChild { return .failure(Self.unsent(.processForked)) }
        let now = Moment.now
        if let connection = state.withLock({ $0.machine.member(now: now) }) {
            return .success(connection)
        }
        let ticket = tickets.wrappingAdd(1, ordering: .relaxed).oldValue
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { caller in
                wait(ticket, caller, deadline)
            }
        } onCancel: {
            withdraw(ticket)
        }
    }

    private func wait(_ ticket: UInt64, _ caller: Waiter, _ deadline: Deadline) {
        if Task.isCancelled {
            return caller.resume(returning: .failure(Self.unsent(.cancelled)))
        }
        let now = Moment.now
        if deadline.moment <= now {
            return caller.resume(returning: .failure(Self.unsent(Self.late(deadline))))
        }
        // Counted before it is seen whether there is room: see `hasRoom`.
        waiterCount.wrappingAdd(1, ordering: .sequentiallyConsistent)
        change(now) { machine in
            machine.wait(
                Machine.Waiting(ticket: ticket, waiter: caller, end: deadline.moment), now: now)
        }
        // Cancelled between the look above and now: nobody else would say so.
        if Task.isCancelled { withdraw(ticket) }
    }

    private func withdraw(_ ticket: UInt64) {
        if Fork.isChild { return }
        let waiter = state.withLock { $0.machine.withdraw(ticket) }
        guard let waiter else { return }
        waiterCount.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        waiter.resume(returning: .failure(Self.unsent(.cancelled)))
    }

    private static func unsent(_ error: ClientError) -> CallFailure {
        CallFailure(error: error, stage: .unsent)
    }

    private static func late(_ deadline: Deadline) -> ClientError {
        .timedOut("waiting for a connection", milliseconds: deadline.milliseconds)
    }

    // MARK: - What connections tell

    /// A request has ended somewhere.
    func hasRoom() {
        guard waiterCount.load(ordering: .sequentiallyConsistent) > 0 else { return }
        let now = Moment.now
        change(now) { $0.hasRoom(now: now) }
    }

    /// A connection is ready.
    func opened(_ connection: Connection, _ hello: HelloResponse) {
        let now = Moment.now
        state.withLock { $0.server = hello }
        change(now) {
            $0.opened(connection, max: Int(clamping: hello.requestsInFlightMax), now: now)
        }
    }

    /// A connection takes no new requests.
    func retired(_ connection: Connection) {
        let now = Moment.now
        let pauseEnd = pauseEnd(now)
        change(now) { $0.retired(connection, nil, pauseEnd: pauseEnd, now: now) }
    }

    /// A connection is over.
    func ended(_ connection: Connection, _ error: ClientError) {
        let now = Moment.now
        let pauseEnd = pauseEnd(now)
        change(now) { $0.retired(connection, error, pauseEnd: pauseEnd, now: now) }
    }

    /// Ends everything. In a forked process nothing of it is this process's to end.
    func close() {
        if Fork.isChild { return }
        closing.store(true, ordering: .sequentiallyConsistent)
        change(.now) { $0.close(.closed("using a client that was closed")) }
        loop.remove(self as any Timed)
    }

    func due(now: Moment) {
        let late = state.withLock { $0.machine.overdue(now: now) }
        for waiter in late {
            waiterCount.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            let error = ClientError(
                .timedOut, .deadlineExceeded,
                "waiting for a connection: there was none before the deadline")
            waiter.resume(returning: .failure(Self.unsent(error)))
        }
        change(now) { $0.hasRoom(now: now) }
    }

    // MARK: - Carrying out

    private func change(_ now: Moment, _ body: (inout Machine) -> Machine.Effects) {
        var mustWake = false
        let effects = state.withLock { state in
            let effects = body(&state.machine)
            let moment = state.machine.nextMoment.nanoseconds
            mustWake = moment < next.exchange(moment, ordering: .relaxed)
            return effects
        }
        if mustWake { loop.wake() }
        let served = effects.granted.count + effects.failed.count
        if served > 0 { waiterCount.wrappingSubtract(served, ordering: .sequentiallyConsistent) }
        for place in effects.connect { connect(place) }
        for connection in effects.close {
            connection.close(.closed("using a client that was closed"))
        }
        for (waiter, connection) in effects.granted {
            waiter.resume(returning: .success(connection))
        }
        for (waiter, error) in effects.failed {
            waiter.resume(returning: .failure(CallFailure(error: error, stage: .connecting)))
        }
    }

    private func pauseEnd(_ now: Moment) -> Moment {
        var pause = UInt64(options.backoffMilliseconds) * 1_000_000
        if options.waitMilliseconds > 0 { pause = min(pause, RetryRule.waitPauseMax) }
        return now.advanced(byNanoseconds: UInt64(Double(pause) * .random(in: 0.5...1)))
    }

    private func connect(_ place: Int) {
        let status = Thread.start { [self] in
            let helloEnd = Moment.now.advanced(byMilliseconds: options.connectMilliseconds)
            do throws(ClientError) {
                let descriptor = try Socket.connect(
                    to: address, timeoutMilliseconds: options.connectMilliseconds)
                let connection = Connection(descriptor, self, loop, helloEnd: helloEnd)
                if state.withLock({ $0.machine.connected(place, connection) }) {
                    connection.start()
                } else {
                    Socket.close(descriptor)
                }
            } catch {
                failed(place, error)
            }
        }
        if status != 0 { failed(place, .noThread("starting a thread", status)) }
    }

    private func failed(_ place: Int, _ error: ClientError) {
        let now = Moment.now
        let pauseEnd = pauseEnd(now)
        change(now) { $0.connectingFailed(place, error, pauseEnd: pauseEnd) }
    }
}

extension Connection: PoolMember {
    var requestCount: Int { load.load(ordering: .sequentiallyConsistent) }
    func reserve() { load.wrappingAdd(1, ordering: .sequentiallyConsistent) }
}
