// The server's only clock: monotonic microseconds, the unit of every deadline and budget.

import EventLoop

/// Monotonic time. Any thread.
enum ServerClock {
    /// Microseconds since an arbitrary moment.
    static var now: UInt64 { Loop.now() / 1000 }
}
