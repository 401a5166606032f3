// One socket and its machine, behind one lock: the loop reads, whoever has a request writes.
//
// Guarantees: the descriptor is closed exactly once, while the lock is held; callers are resumed
// and the pool is told after it was released. A request of another thread is written by that
// thread; one of the loop's own thread, together with others, when its tasks have run. What has
// come on an idle connection is read before a request is written on it, so that a dead one is
// noticed.

import Glibc
import Synchronization
import Wire

/// A connection of a pool.
final class Connection: Sendable, Watched, PoolMember {
    private struct State {
        var machine: ConnectionMachine
        var isOpen = true
        var isUnwritten = false
    }

    /// For poll(2). Not valid once the connection is over, which the lock tells.
    let descriptor: Int32
    private let load = Atomic<Int>(0)
    private let state: Mutex<State>
    private let loop: Loop
    private let pool: Pool
    private let next: Atomic<UInt64>
    private let waitsToWrite = Atomic<Bool>(false)

    /// Takes over a connected descriptor; says nothing before `start`.
    init(_ descriptor: Int32, _ pool: Pool, _ loop: Loop, helloEnd: Moment) {
        self.descriptor = descriptor
        self.pool = pool
        self.loop = loop
        state = Mutex(
            State(machine: ConnectionMachine(pool.options, helloEnd: helloEnd, now: .now)))
        next = Atomic(helloEnd.nanoseconds)
    }

    /// Says Hello.
    func start() {
        loop.add(self)
        // Closed between the pool's taking it in and now: whoever did that found nothing to remove.
        guard state.withLock({ $0.isOpen }) else { return loop.remove(self) }
        flush()
    }

    var nextMoment: UInt64 { next.load(ordering: .relaxed) }
    /// True while bytes wait for the socket to take them.
    var wantsWrite: Bool { waitsToWrite.load(ordering: .relaxed) }

    // MARK: - Places

    var requestCount: Int { load.load(ordering: .sequentiallyConsistent) }

    func reserve() { load.wrappingAdd(1, ordering: .sequentiallyConsistent) }

    /// Gives places back.
    func release(_ count: Int) {
        load.wrappingSubtract(count, ordering: .sequentiallyConsistent)
        pool.hasRoom()
    }

    // MARK: - Requests

    /// Sends a request of the current task. When it cannot be sent, `answer` fails.
    func send(
        _ request: some CallRequest, _ answer: some Answer, _ deadline: Deadline, attempt: Int
    ) {
        let now = Moment.now
        let isOnLoop = loop.isCurrent
        let refusal = change(now) { state -> AssayError? in
            if Task.isCancelled { return .cancelled }
            if state.machine.isStale(now: now) { self.drain(&state, now) }
            do throws(AssayError) {
                try state.machine.send(request, answer, deadline, attempt: attempt, now: now)
            } catch {
                return error
            }
            if !isOnLoop {
                self.write(&state)
            } else if !state.isUnwritten {
                state.isUnwritten = true
                self.loop.flushLater(self)
            }
            return nil
        }
        guard let refusal else { return }
        release(1)
        answer.fail(CallFailure(refusal, .unsent))
        answer.resume()
    }

    /// The caller no longer wants an answer. In a forked process there is none to be had.
    func giveUp(_ answer: any Answer, _ error: AssayError) {
        if Fork.isChild { return }
        let now = Moment.now
        change(now) { state in
            state.machine.giveUp(answer, error, now: now)
            self.write(&state)
        }
    }

    /// Ends the connection; what is in flight fails with `error`.
    func close(_ error: AssayError) {
        change(.now) { $0.machine.end(error) }
    }

    // MARK: - The loop

    func isReadable(_ buffer: UnsafeMutableRawBufferPointer, _ now: Moment) {
        change(now) { state in self.read(&state, buffer, now) }
    }

    /// Writes what waits to be written.
    func flush() {
        change(.now) { state in
            state.isUnwritten = false
            self.write(&state)
        }
    }

    func due(now: Moment) {
        change(now) { state in
            state.machine.expire(now: now)
            self.write(&state)
        }
    }

    // MARK: - Under the lock

    /// Runs `body` under the lock and carries out what came of it.
    private func change<Value: Sendable>(
        _ now: Moment, _ body: (inout State) -> Value
    ) -> Value {
        var mustWake = false
        let (value, effects) = state.withLock { state in
            let value = body(&state)
            let effects = state.machine.takeEffects()
            if effects.over != nil, state.isOpen {
                state.isOpen = false
                Socket.end(descriptor)
            }
            let moment = state.machine.nextMoment.nanoseconds
            mustWake = moment < next.exchange(moment, ordering: .relaxed)
            let waits = state.isOpen && state.machine.outputCount > 0 && !state.isUnwritten
            if waitsToWrite.exchange(waits, ordering: .relaxed) != waits { mustWake = true }
            return (value, effects)
        }
        if mustWake { loop.wake() }
        carryOut(effects)
        return value
    }

    private func carryOut(_ effects: ConnectionEffects) {
        if effects.ended != 0 { release(effects.ended) }
        if let hello = effects.opened { pool.opened(self, hello) }
        if effects.drains { pool.retired(self) }
        if let error = effects.over {
            loop.remove(self)
            pool.retired(self, error)
        }
        for answer in effects.answers { answer.resume() }
    }

    private func write(_ state: inout State) {
        var isFull = false
        while state.isOpen, state.machine.outputCount > 0, !isFull {
            var outcome = Socket.Outcome.nothing
            state.machine.write { bytes in
                outcome = Socket.write(self.descriptor, bytes)
                guard case .bytes(let count) = outcome else { return 0 }
                isFull = count < bytes.count
                return count
            }
            switch outcome {
            case .bytes: break
            case .nothing: return
            case .end(let reason):
                // The server may have said why before it went.
                drain(&state, .now)
                return state.machine.end(.closed("sending a request", reason))
            }
        }
    }

    /// Reads what is there without waiting, with a small buffer.
    private func drain(_ state: inout State, _ now: Moment) {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { buffer in
            read(&state, buffer, now)
        }
    }

    private func read(
        _ state: inout State, _ buffer: UnsafeMutableRawBufferPointer, _ now: Moment
    ) {
        // Bounded, so that one connection does not keep the loop from the others.
        for _ in 0..<16 {
            guard state.isOpen, !state.machine.isOver else { return }
            switch Socket.read(descriptor, buffer) {
            case .nothing: return
            case .end(let reason):
                return state.machine.end(.closed("waiting for an answer", reason))
            case .bytes(let count):
                state.machine.receive(
                    UnsafeRawBufferPointer(rebasing: buffer[..<count]), now: now)
                if count < buffer.count { return }
            }
        }
    }
}
