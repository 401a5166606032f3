// Work on a thread of its own that its owner can stop waiting for.
//
// A read from a hung network file system cannot be interrupted: the thread sits in the kernel
// until the system gives up. So blocking work runs on a thread that nobody has to join: the
// owner waits for a bounded time and then leaves; the thread ends by itself when the kernel lets
// it go, and drops its result.
// Guarantees: the owner never waits longer than it said; a late result is released, never
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

    /// Waits up to `limit`; nil means that time ran out and the work has been abandoned.
    func value(within limit: Duration, _ time: TimeSource) -> Value? {
        if time.wait(done, max(limit, .zero)) { return outcome.withLock { $0 } }
        return outcome.withLock { stored in
            // The result may have come between the timeout and this lock: then take it.
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
    // The box is retained for the thread and released by it exactly once, or here if there is none.
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
