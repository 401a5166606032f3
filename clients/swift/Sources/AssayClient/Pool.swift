// The lock around what one client knows, and the ways to it: from calls, from the loop, and from
// the threads that connect.
//
// Guarantees: nobody is resumed while the lock is held. A request of another thread is written by
// that thread; one of the loop's own thread, together with others, when its tasks have run.
// Connecting, which may wait for a name server, has a thread of its own that ends with it. In a
// forked process no lock is taken, and nothing happens.

import Glibc
import Synchronization
import Wire

/// A client's connections and calls.
final class Pool: Sendable {
    private let options: Options
    private let address: ServerAddress
    private let loop: Loop
    private let state: Mutex<PoolState>
    private let tickets = Atomic<UInt64>(0)

    init(_ address: ServerAddress, _ options: Options, _ loop: Loop) {
        self.address = address
        self.options = options
        self.loop = loop
        state = Mutex(PoolState(address, options))
        loop.add(self)
    }

    /// What the latest Hello said.
    var server: HelloResponse? { change { $0.server } ?? nil }

    /// True once `close` was called: nothing is worth another attempt.
    var isClosed: Bool { change { $0.isClosed } ?? true }

    /// A new name for a call, whose attempts come one after the other.
    func ticket() -> UInt64 { tickets.wrappingAdd(1, ordering: .relaxed).newValue }

    /// The next frame of the answer to an attempt, or why there is none: `given_up` after `giveUp`
    /// and when the task is cancelled. Not to be asked behind the last frame or an error.
    ///
    /// - Parameter attempt: begins it; it is sent as soon as a connection has room.
    func next(
        of ticket: UInt64, beginning attempt: Attempt?
    ) async -> Result<Received, AssayError> {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { taker in
                let isHeard: Void? = change { state in
                    // Cancelled before it began: there was nothing to give up yet.
                    if let attempt, !Task.isCancelled { state.begin(attempt, ticket) }
                    state.take(ticket, taker)
                }
                if isHeard == nil { taker.resume(returning: .failure(.processForked)) }
            }
        } onCancel: {
            giveUp(ticket)
        }
    }

    /// Tells the server that nobody wants an answer any more. The connection lives on.
    func giveUp(_ ticket: UInt64) { change { $0.giveUp(ticket) } }

    /// Ends the connection of that number: a frame that came on it breaks the protocol.
    func end(_ number: Int, _ error: AssayError) { change { $0.end(number, error) } }

    /// Ends everything. In a forked process nothing of it is this process's to end.
    func close() {
        change { $0.close() }
        loop.remove(self)
    }

    /// Runs `body` under the lock, and does what follows from it; nil in a forked process.
    ///
    /// - Parameter isPreparing: true for the loop that asks what to poll for.
    @discardableResult
    func change<Value: Sendable>(
        isPreparing: Bool = false, _ body: (inout PoolState) -> Value
    ) -> Value? {
        if Fork.isChild { return nil }
        let writes = isPreparing || !loop.isCurrent
        let (value, effects) = state.withLock { state in
            state.now = .now
            let value = body(&state)
            state.advance(writes: writes)
            defer { state.effects = PoolState.Effects() }
            return (value, state.effects)
        }
        if effects.wakes, !isPreparing { loop.wake() }
        for number in effects.dialled { dial(number) }
        for (taker, result) in effects.resumed { taker.resume(returning: result) }
        return value
    }

    private func dial(_ number: Int) {
        let status = Thread.start { [self] in
            do throws(AssayError) {
                let descriptor = try Socket.connect(
                    to: address, timeoutMilliseconds: options.connectMilliseconds)
                change { $0.connected(number, descriptor) }
            } catch {
                end(number, error)
            }
        }
        if status != 0 { end(number, .exhausted("starting a thread", status)) }
    }
}
