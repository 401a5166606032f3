// Process signals as ordinary loop events.
//
// Guarantees: the handler runs on the loop's thread as normal code, not in a signal context; the
// previous disposition returns when the watcher closes. Repeated signals may arrive as one.

import CLibUV

/// Watches one signal number, for example SIGTERM. Loop thread only.
public final class SignalWatcher: Handle {
    private var handler: (() -> Void)?

    /// Starts watching. Does not keep the loop running by itself.
    ///
    /// - Throws: when the signal cannot be caught (SIGKILL, SIGSTOP) or does not exist.
    public init(
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
