// Process signals as ordinary loop events.
//
// Guarantees: the handler runs on the loop's thread as normal code, not in a signal context.
// Closing the watcher restores the previous disposition. Repeated signals may arrive as one.

import CLibUV

/// Watches a signal number, for example SIGTERM. Loop thread only.
package final class SignalWatcher: Handle {
    private var handler: (() -> Void)?

    /// Starts watching. An open watcher alone does not keep the loop running.
    ///
    /// - Throws: an error for a signal that cannot be caught (SIGKILL, SIGSTOP) or does not exist.
    package init(
        loop: Loop, signal number: Int32, _ handler: @escaping () -> Void
    ) throws(EventLoopError) {
        self.handler = handler
        try super.init(
            loop: loop, type: UV_SIGNAL, operation: "uv_signal_init",
            tried: "creating a signal watcher"
        ) { uv_signal_init($0, $1.assumingMemoryBound(to: uv_signal_t.self)) }
        let status = uv_signal_start(
            memory.assumingMemoryBound(to: uv_signal_t.self),
            { signal, _ in recover(signal?.pointee.data, as: SignalWatcher.self)?.raised() },
            number)
        if status < 0 {
            close()
            throw EventLoopError(
                status: status, operation: "uv_signal_start", tried: "watching signal \(number)")
        }
        uv_unref(raw)
    }

    private func raised() {
        loop.callback { handler?() }
    }

    override func didClose() { handler = nil }
}
