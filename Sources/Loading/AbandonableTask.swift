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
import Glibc
import Synchronization

final class AbandonableTask<Value: Sendable>: Sendable {
    private let outcome = Mutex<Value?>(nil)
    private let done = DispatchSemaphore(value: 0)
    private let abandoned = Atomic<Bool>(false)

    /// Starts `body` on a new thread. Throws the errno of thread creation.
    init(
        _ body: @escaping @Sendable (_ isAbandoned: @escaping @Sendable () -> Bool) -> Value
    ) throws(SystemThreadError) {
        try startThread { [self] in
            let value = body { self.abandoned.load(ordering: .acquiring) }
            outcome.withLock { stored in
                if !abandoned.load(ordering: .acquiring) { stored = value }
            }
            done.signal()
        }
    }

    /// Waits up to `limit` and returns the result. Returns nil when time runs out, and abandons the
    /// work.
    func value(within limit: Duration, _ time: TimeSource) -> Value? {
        if time.wait(done, max(limit, .zero)) { return outcome.withLock { $0 } }
        return outcome.withLock { stored in
            // The result may have arrived between the timeout and this lock, and is then returned.
            if stored == nil { abandoned.store(true, ordering: .releasing) }
            return stored
        }
    }
}

/// `pthread_create` failed.
struct SystemThreadError: Error, CustomStringConvertible {
    let number: Int32
    var description: String { "pthread_create failed with error \(number)" }
}

/// Runs `body` on a new detached thread.
func startThread(_ body: @escaping @Sendable () -> Void) throws(SystemThreadError) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    // The box is retained for the thread, and the thread releases it exactly once. Without a
    // thread, the failure path below releases the box.
    let box = Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    let status = pthread_create(
        &thread, nil,
        { pointer in
            guard let pointer else { return nil }
            Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    guard status == 0 else {
        box.release()
        throw SystemThreadError(number: status)
    }
    pthread_detach(thread)
}
