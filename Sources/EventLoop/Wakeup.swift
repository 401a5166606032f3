// The only way into a loop from another thread.
//
// Guarantees: `send()` may be called from any thread at any time, also after the loop has closed;
// at least one call of the handler follows every send that returned true, unless the wake-up is
// closed first; sends coalesce, so the handler must take everything there is to take. Carries no
// data: pair it with a locked queue.

import CLibUV
import Synchronization

/// A thread-safe, coalescing wake-up of a loop.
///
/// Safety of `@unchecked Sendable`: the inherited state and `handler` are touched by the loop's
/// thread only (asserted by `Handle` and `Loop`), except `memory`, which `send()` reads under
/// `gate` and only while `gate` says open; `willClose` shuts the gate under the same lock before
/// uv_close, so no send can reach a handle that is closing. `isPending` is atomic.
public final class Wakeup: Handle, @unchecked Sendable {
    private var handler: (() -> Void)?
    private let isPending = Atomic<Bool>(false)
    private let gate = Mutex<Bool>(true)

    private var async: UnsafeMutablePointer<uv_async_t> {
        memory.assumingMemoryBound(to: uv_async_t.self)
    }

    /// Creates a wake-up that keeps the loop running until it is closed. Loop thread only;
    /// `handler` always runs there.
    public init(loop: Loop, _ handler: @escaping () -> Void) throws(EventLoopError) {
        self.handler = handler
        try super.init(
            loop: loop, type: UV_ASYNC, operation: "uv_async_init", tried: "creating a wake-up"
        ) {
            uv_async_init($0, $1.assumingMemoryBound(to: uv_async_t.self)) {
                recover($0?.pointee.data, as: Wakeup.self)?.arrived()
            }
        }
    }

    /// Asks the loop to call the handler soon. Any thread.
    ///
    /// Returns false when the wake-up is closed: nobody will come. A send that finds another still
    /// undelivered costs one atomic operation; otherwise a lock and an eventfd write.
    @discardableResult
    public func send() -> Bool {
        if isPending.exchange(true, ordering: .acquiringAndReleasing) { return true }
        return gate.withLock { isOpen in
            guard isOpen else {
                isPending.store(false, ordering: .releasing)
                return false
            }
            // uv_async_send is the one libuv function that is safe from any thread. It promises
            // at least one callback after the call, not one per call.
            return uv_async_send(async) == 0
        }
    }

    /// The flag falls before the handler looks at the queue: what is queued after that look
    /// comes with a send that finds the flag down, and so wakes the loop again. An exchange and
    /// not a store, because it must also acquire what a sender queued before it found the flag up.
    private func arrived() {
        _ = isPending.exchange(false, ordering: .acquiringAndReleasing)
        loop.callback { handler?() }
    }

    override func willClose() {
        gate.withLock { $0 = false }
        isPending.store(false, ordering: .releasing)
    }

    override func didClose() { handler = nil }
}
