// The only way into a loop from another thread.
//
// Guarantees: `send()` may be called from any thread at any time, also after the loop has closed.
// At least one call of the handler follows every send that returned true, unless the wake-up is
// closed first. Sends coalesce, so the handler must empty its queue.
// Does not: carry data. Pair a wake-up with a locked queue.

import CLibUV
import Synchronization

/// A thread-safe, coalescing wake-up of a loop.
///
/// Safety of `@unchecked Sendable`: only the loop's thread touches the inherited state and
/// `handler` (asserted by `Handle` and `Loop`). The exception is `memory`: `send()` reads `memory`
/// under `gate`, and only while `gate` is open. `willClose` shuts the gate under the lock before
/// uv_close, so no send can reach a closing handle. `isPending` is atomic.
package final class Wakeup: Handle, @unchecked Sendable {
    private var handler: (() -> Void)?
    private let isPending = Atomic<Bool>(false)
    private let gate = Mutex<Bool>(true)

    private var async: UnsafeMutablePointer<uv_async_t> {
        memory.assumingMemoryBound(to: uv_async_t.self)
    }

    /// Creates a wake-up that keeps the loop running until the wake-up is closed. Loop thread only.
    /// `handler` always runs on the loop's thread.
    package init(loop: Loop, _ handler: @escaping () -> Void) throws(EventLoopError) {
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
    /// Returns false when the wake-up is closed and the handler will not run. A send during an
    /// undelivered send costs one atomic operation, any other send a lock and an eventfd write.
    @discardableResult
    package func send() -> Bool {
        if isPending.exchange(true, ordering: .acquiringAndReleasing) { return true }
        return gate.withLock { isOpen in
            guard isOpen else {
                isPending.store(false, ordering: .releasing)
                return false
            }
            // uv_async_send is the one libuv function that is safe from any thread. libuv promises
            // at least one callback after the call, not one callback per call.
            return uv_async_send(async) == 0
        }
    }

    /// Lowers the flag before the handler looks at the queue. An entry queued after the look comes
    /// with a send that finds the flag down, and so wakes the loop again. An exchange is used and
    /// not a store, because the flag must also acquire the entries that a sender queued before
    /// finding the flag up.
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
