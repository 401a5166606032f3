// The loader's only access to time, replaceable in tests.
//
// Guarantees: `system` is monotonic. Nothing in this module reads a clock or sleeps in another way.
// Does not: know dates.

import Dispatch
import Glibc

/// A clock, a way to pause, and a way to be called later. All closures may be called on any thread.
public struct TimeSource: Sendable {
    /// Time since an arbitrary fixed moment.
    public var now: @Sendable () -> Duration
    /// Blocks the calling thread.
    public var sleep: @Sendable (Duration) -> Void
    /// Blocks until the semaphore is signalled (true) or the time has passed (false).
    public var wait: @Sendable (DispatchSemaphore, Duration) -> Bool
    /// Runs the closure later, once, on any thread.
    public var schedule: @Sendable (Duration, @escaping @Sendable () -> Void) -> Void

    /// Makes a source from closures.
    public init(
        now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) -> Void,
        wait: @escaping @Sendable (DispatchSemaphore, Duration) -> Bool,
        schedule: @escaping @Sendable (Duration, @escaping @Sendable () -> Void) -> Void
    ) {
        self.now = now
        self.sleep = sleep
        self.wait = wait
        self.schedule = schedule
    }

    /// The machine's monotonic clock.
    public static let system: TimeSource = {
        let start = ContinuousClock.now
        return TimeSource(
            now: { ContinuousClock.now - start },
            sleep: { duration in
                _ = DispatchSemaphore(value: 0).wait(timeout: .now() + duration.interval)
            },
            wait: { semaphore, duration in
                semaphore.wait(timeout: .now() + duration.interval) == .success
            },
            schedule: { duration, body in
                DispatchQueue.global(qos: .utility)
                    .asyncAfter(deadline: .now() + duration.interval, execute: body)
            })
    }()
}

extension Duration {
    /// The duration for Dispatch. Saturates at about 290 years.
    fileprivate var interval: DispatchTimeInterval {
        let (seconds, attoseconds) = components
        let scaled = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return scaled.overflow
            ? .never : .nanoseconds(Int(scaled.partialValue + attoseconds / 1_000_000_000))
    }

    /// The duration in milliseconds, for reports.
    package var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) * 1e3 + Double(attoseconds) / 1e15
    }

    /// The duration in microseconds, for the wire. Saturates.
    package var microseconds: UInt64 {
        let value = milliseconds * 1e3
        return value >= 1e18 ? 1_000_000_000_000_000_000 : UInt64(max(0, value))
    }
}
