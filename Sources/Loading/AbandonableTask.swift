// Work on a separate thread. The owner can stop waiting for the work.
//
// A read from a hung network file system cannot be interrupted: the thread sits in the kernel until
// the system gives up. Blocking work therefore runs on a thread that nobody joins. The owner waits
// for a bounded time and then leaves. The thread ends when the kernel releases it, and drops the
// late result.
// Guarantees: the owner never waits longer than the given limit. A late result is released, never
// delivered.
// Does not: stop the thread. `isAbandoned` lets the work stop at its next step.

import Dispatch
import Synchronization
import Threads

final class AbandonableTask<Value: Sendable>: Sendable {
    private let outcome = Mutex<Value?>(nil)
    private let done = DispatchSemaphore(value: 0)
    private let abandoned = Atomic<Bool>(false)

    /// Starts `body` on a new thread. Throws when the system refuses a thread.
    init(
        _ body: @escaping @Sendable (_ isAbandoned: @escaping @Sendable () -> Bool) -> Value
    ) throws(ThreadRefusal) {
        try startThread("assay-layers") { [self] in
            run(body)
            done.signal()
        }
    }

    /// Keeps nothing of the value beside the stored one, so that it lives only with its taker.
    private func run(_ body: (_ isAbandoned: @escaping @Sendable () -> Bool) -> Value) {
        let value = body { self.abandoned.load(ordering: .acquiring) }
        outcome.withLock { stored in
            if !abandoned.load(ordering: .acquiring) { stored = value }
        }
    }

    /// Waits up to `limit` and returns the result. Returns nil when time runs out, and abandons the
    /// work.
    func value(within limit: Duration, _ time: TimeSource) -> Value? {
        if time.wait(done, max(limit, .zero)) {
            return outcome.withLock { stored in
                defer { stored = nil }
                return stored
            }
        }
        return outcome.withLock { stored in
            // The result may have arrived between the timeout and this lock, and is then returned.
            if stored == nil { abandoned.store(true, ordering: .releasing) }
            return stored
        }
    }
}
