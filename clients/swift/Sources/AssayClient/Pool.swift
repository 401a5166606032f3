// The lock around the state of a client, and its entries for calls, for the loop, and for the
// threads that connect.
//
// Guarantees: no task is resumed while the lock is held. Requests of other threads are written by
// those threads. Requests of the loop's own thread are written together, after its tasks have run.
// Connecting may wait for a name server, so each connection attempt has a short-lived thread. In a
// forked process no lock is taken, and nothing happens.

import Glibc
import Synchronization
import Threads
import Wire

/// The connections and calls of a client.
final class Pool: Sendable {
    private let options: Options
    private let address: ServerAddress
    private let loop: PollLoop
    private let state: Mutex<PoolState>
    private let tickets = Atomic<UInt64>(0)

    init(_ address: ServerAddress, _ options: Options, _ loop: PollLoop) {
        self.address = address
        self.options = options
        self.loop = loop
        state = Mutex(PoolState(address, options))
        loop.add(self)
    }

    /// The server's latest Hello.
    var server: HelloResponse? { change { $0.server } ?? nil }

    /// True after `close`. No call is repeated afterwards.
    var isClosed: Bool { change { $0.isClosed } ?? true }

    /// A new name for a call. All attempts of the call share the name.
    func ticket() -> UInt64 { tickets.wrappingAdd(1, ordering: .relaxed).newValue }

    /// The next frame of the answer to an attempt, or the error that ended the attempt: `given_up`
    /// after `giveUp` and when the task is cancelled. Not to be called after the last frame or an
    /// error.
    ///
    /// - Parameter attempt: a new attempt to begin. It is sent as soon as a connection has room.
    func next(
        of ticket: UInt64, beginning attempt: Attempt?
    ) async -> Result<Received, AssayError> {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { taker in
                let isHeard: Void? = change { state in
                    // A task cancelled before the call began had nothing to give up.
                    if let attempt, !Task.isCancelled { state.begin(attempt, ticket) }
                    state.take(ticket, taker)
                }
                if isHeard == nil { taker.resume(returning: .failure(.processForked)) }
            }
        } onCancel: {
            giveUp(ticket)
        }
    }

    /// Gives up a call and tells the server. The connection stays open.
    func giveUp(_ ticket: UInt64) { change { $0.giveUp(ticket) } }

    /// Ends connection `number`, because a frame on it breaks the protocol.
    func end(_ number: Int, _ error: AssayError) { change { $0.end(number, error) } }

    /// Closes all connections. Does nothing in a forked process, because the connections are the
    /// parent's.
    func close() {
        change { $0.close() }
        loop.remove(self)
    }

    /// Runs `body` under the lock, then carries out the effects. Nil in a forked process.
    ///
    /// - Parameter isPreparing: true for the loop when it asks for poll entries.
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
        do {
            try startThread("assay-dial") { [self] in
                do throws(AssayError) {
                    let descriptor = try Socket.connect(
                        to: address, timeoutMilliseconds: options.connectMilliseconds)
                    change { $0.connected(number, descriptor) }
                } catch {
                    end(number, error)
                }
            }
        } catch {
            end(number, .exhausted("starting a thread", error.number))
        }
    }
}
