// The connections of one client: carries out what PoolMachine decides.
//
// Guarantees: nobody is resumed and nothing is closed while the lock is held. Connecting, which
// may wait for a name server, has a thread of its own that ends with it. In a forked process no
// lock is taken.

import Synchronization
import Wire

/// A client's connections and who waits for one.
final class Pool: Sendable, Watched {
    /// Who waits for a connection.
    typealias Waiter = UnsafeContinuation<Result<Connection, CallFailure>, Never>
    private typealias Machine = PoolMachine<Connection, Waiter>

    private struct State {
        var machine: Machine
        var server: HelloResponse?
    }

    let options: Options
    private let address: ServerAddress
    private let loop: Loop
    private let state: Mutex<State>
    private let tickets = Atomic<UInt64>(1)
    private let next = Atomic<UInt64>(.max)

    init(_ address: ServerAddress, _ options: Options, _ loop: Loop) {
        self.address = address
        self.options = options
        self.loop = loop
        state = Mutex(State(machine: Machine(count: options.connections)))
        loop.add(self)
    }

    /// What the latest Hello said.
    var server: HelloResponse? { Fork.isChild ? nil : state.withLock { $0.server } }

    /// True once `close` was called: nothing is worth another attempt.
    var isClosed: Bool { state.withLock { $0.machine.isClosed } }

    // MARK: - Calls

    /// A connection with a place for one request, which the caller must use. Waits for one to be
    /// made or to have room, until `deadline`.
    func connection(until deadline: Deadline) async -> Result<Connection, CallFailure> {
        if Fork.isChild { return .failure(CallFailure(.processForked, .unsent)) }
        let now = Moment.now
        if let connection = state.withLock({ $0.machine.member(now: now) }) {
            return .success(connection)
        }
        let ticket = tickets.wrappingAdd(1, ordering: .relaxed).oldValue
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { caller in
                change { machine, now in
                    machine.wait(
                        Machine.Waiting(ticket: ticket, waiter: caller, end: deadline.moment),
                        now: now)
                }
                // Cancelled before it waited: nobody else would say so.
                if Task.isCancelled { withdraw(ticket) }
            }
        } onCancel: {
            withdraw(ticket)
        }
    }

    private func withdraw(_ ticket: UInt64) {
        if Fork.isChild { return }
        let waiter = state.withLock { $0.machine.withdraw(ticket) }
        waiter?.resume(returning: .failure(CallFailure(.cancelled, .unsent)))
    }

    // MARK: - What connections tell

    /// A request has ended somewhere.
    func hasRoom() {
        guard state.withLock({ !$0.machine.waiting.isEmpty }) else { return }
        change { machine, now in machine.hasRoom(now: now) }
    }

    /// A connection is ready.
    func opened(_ connection: Connection, _ hello: HelloResponse) {
        state.withLock { $0.server = hello }
        let max = Int(clamping: hello.requestsInFlightMax)
        change { machine, now in machine.opened(connection, max: max, now: now) }
    }

    /// A connection takes no new requests; with an error, it is over.
    func retired(_ connection: Connection, _ error: AssayError? = nil) {
        change { machine, now in
            machine.retired(connection, error, pauseEnd: self.pauseEnd(now), now: now)
        }
    }

    /// Ends everything. In a forked process nothing of it is this process's to end.
    func close() {
        if Fork.isChild { return }
        change { machine, _ in machine.close(.clientClosed) }
        loop.remove(self)
    }

    // MARK: - The loop

    /// Only time is of interest here.
    var descriptor: Int32 { -1 }
    var wantsWrite: Bool { false }
    func isReadable(_ buffer: UnsafeMutableRawBufferPointer, _ now: Moment) {}
    func flush() {}

    var nextMoment: UInt64 { next.load(ordering: .relaxed) }

    func due(now: Moment) {
        for waiter in state.withLock({ $0.machine.overdue(now: now) }) {
            let error = AssayError(
                .timedOut, "waiting for a connection: there was none before the deadline")
            waiter.resume(returning: .failure(CallFailure(error, .unsent)))
        }
        change { machine, now in machine.hasRoom(now: now) }
    }

    // MARK: - Carrying out

    private func change(_ body: (inout Machine, Moment) -> Machine.Effects) {
        let now = Moment.now
        var mustWake = false
        let effects = state.withLock { state in
            let effects = body(&state.machine, now)
            let moment = state.machine.nextMoment.nanoseconds
            mustWake = moment < next.exchange(moment, ordering: .relaxed)
            return effects
        }
        if mustWake { loop.wake() }
        for place in effects.connect { connect(place) }
        for connection in effects.close { connection.close(.clientClosed) }
        for (waiter, connection) in effects.granted {
            waiter.resume(returning: .success(connection))
        }
        for (waiter, error) in effects.failed {
            waiter.resume(returning: .failure(CallFailure(error, .connecting)))
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
            do throws(AssayError) {
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
        if status != 0 { failed(place, .exhausted("starting a thread", status)) }
    }

    private func failed(_ place: Int, _ error: AssayError) {
        change { machine, now in
            machine.connectingFailed(place, error, pauseEnd: self.pauseEnd(now))
        }
    }
}
