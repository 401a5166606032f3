// One-shot and repeating timers of a loop, with libuv's millisecond resolution.
//
// Guarantees: never fires early by the monotonic clock beyond one millisecond of rounding; never
// fires after `stop()` or `close()`. Not here: wall-clock time.

import CLibUV

/// A restartable timer. Loop thread only.
public final class Timer: Handle {
    private var handler: (() -> Void)?

    private var timer: UnsafeMutablePointer<uv_timer_t> {
        memory.assumingMemoryBound(to: uv_timer_t.self)
    }

    /// Creates a stopped timer. Close it when done: an open handle keeps itself alive.
    public init(loop: Loop) throws(EventLoopError) {
        try super.init(
            loop: loop, type: UV_TIMER, operation: "uv_timer_init", tried: "creating a timer"
        ) { uv_timer_init($0, $1.assumingMemoryBound(to: uv_timer_t.self)) }
    }

    /// Fires `handler` after `delay`, and then every `interval` if there is one; replaces what the
    /// timer was doing. Durations are rounded up to whole milliseconds. Does nothing once closed.
    public func start(
        after delay: Duration, repeating interval: Duration? = nil,
        _ handler: @escaping () -> Void
    ) {
        loop.assertConfined()
        guard isOpen else { return }
        self.handler = handler
        // libuv counts from the time it cached when the iteration began; a long callback would
        // make the timer early by that much, so the cache is refreshed first.
        uv_update_time(loop.raw)
        let repeatMilliseconds = interval.map { max(1, Timer.milliseconds($0)) } ?? 0
        let status = uv_timer_start(
            timer, { recover($0?.pointee.data, as: Timer.self)?.fired() },
            Timer.milliseconds(delay), repeatMilliseconds)
        // The only documented failure is a closing handle or a missing callback: our own bug.
        precondition(status == 0, "uv_timer_start: \(status)")
    }

    /// Stops without closing; the timer may be started again.
    public func stop() {
        loop.assertConfined()
        guard isOpen else { return }
        uv_timer_stop(timer)
        handler = nil
    }

    /// Whether the timer lets the loop run on by itself. A timer that only accompanies other work
    /// sets this to false.
    public func keepsLoopAlive(_ keeps: Bool) {
        loop.assertConfined()
        guard isOpen else { return }
        if keeps { uv_ref(raw) } else { uv_unref(raw) }
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
