// One-shot and repeating timers of a loop, with libuv's millisecond resolution.
//
// Guarantees: by the monotonic clock a timer never fires early by more than one millisecond of
// rounding, and never fires after `stop()` or `close()`.
// Not here: wall-clock time.

import CLibUV

/// A restartable timer. Loop thread only.
package final class Timer: Handle {
    private var handler: (() -> Void)?

    private var timer: UnsafeMutablePointer<uv_timer_t> {
        memory.assumingMemoryBound(to: uv_timer_t.self)
    }

    /// Creates a stopped timer. Close the timer when done, because an open handle keeps itself
    /// alive.
    package init(loop: Loop) throws(EventLoopError) {
        try super.init(
            loop: loop, type: UV_TIMER, operation: "uv_timer_init", tried: "creating a timer"
        ) { uv_timer_init($0, $1.assumingMemoryBound(to: uv_timer_t.self)) }
    }

    /// Fires `handler` after `delay`, and then every `interval` if one is given. Replaces an
    /// earlier start. Durations are rounded up to whole milliseconds. Does nothing once closed.
    package func start(
        after delay: Duration, repeating interval: Duration? = nil,
        _ handler: @escaping () -> Void
    ) {
        loop.assertConfined()
        guard isOpen else { return }
        self.handler = handler
        // libuv counts from a time cached at the start of the iteration. A long callback would make
        // the timer early by the length of the callback, so the cache is refreshed first.
        uv_update_time(loop.raw)
        let repeatMilliseconds = interval.map { max(1, Timer.milliseconds($0)) } ?? 0
        let status = uv_timer_start(
            timer, { recover($0?.pointee.data, as: Timer.self)?.fired() },
            Timer.milliseconds(delay), repeatMilliseconds)
        // The only documented failures are a closing handle and a missing callback. Both are bugs
        // of `Timer`.
        precondition(status == 0, "uv_timer_start: \(status)")
    }

    /// Stops without closing. The timer can be started again.
    package func stop() {
        loop.assertConfined()
        guard isOpen else { return }
        uv_timer_stop(timer)
        handler = nil
    }

    private func fired() {
        loop.callback { handler?() }
    }

    override func didClose() { handler = nil }

    private static func milliseconds(_ duration: Duration) -> UInt64 {
        let nanoseconds = Loop.nanoseconds(duration)
        return nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1)
    }
}
