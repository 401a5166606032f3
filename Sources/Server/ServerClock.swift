// The server's clocks: monotonic microseconds, the unit of every deadline and budget, and the time
// of day, which is for chat templates alone.

import EventLoop
import Glibc

/// Monotonic time. Any thread.
enum ServerClock {
    /// Microseconds since an arbitrary moment.
    static var now: UInt64 { Loop.now() / 1000 }

    /// The day's time, for chat templates that write it: seconds since 1970.
    static var wallSeconds: UInt64 { UInt64(max(0, time(nil))) }
}
