// Time as the client counts it: nanoseconds of the monotonic clock.
//
// Not here: dates. A value read here means something within this process only.

import Glibc

/// A point in time by the monotonic clock.
package struct Moment: Comparable, Sendable {
    /// Nanoseconds since some point in the past.
    package let nanoseconds: UInt64

    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Later than every other.
    package static let never = Moment(nanoseconds: .max)

    /// Now.
    package static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    package static func < (one: Moment, other: Moment) -> Bool {
        one.nanoseconds < other.nanoseconds
    }

    /// That much later; `never` stays what it is.
    package func advanced(byMilliseconds milliseconds: some BinaryInteger) -> Moment {
        advanced(byNanoseconds: UInt64(clamping: milliseconds) &* 1_000_000)
    }

    /// That much later; `never` stays what it is.
    package func advanced(byNanoseconds added: UInt64) -> Moment {
        let (sum, overflows) = nanoseconds.addingReportingOverflow(added)
        return overflows ? .never : Moment(nanoseconds: sum)
    }

    /// Nanoseconds from `earlier` to this; 0 when that is not earlier.
    package func nanoseconds(since earlier: Moment) -> UInt64 {
        self > earlier ? nanoseconds - earlier.nanoseconds : 0
    }

    /// What poll(2) wants: milliseconds left, rounded up; -1 for ever.
    package func pollMilliseconds(from now: Moment) -> Int32 {
        guard self != .never else { return -1 }
        return Int32(clamping: (nanoseconds(since: now) + 999_999) / 1_000_000)
    }
}

/// The end of one call, as its caller set it.
package struct Deadline: Sendable {
    /// What was asked for, for messages; 0 is none.
    let milliseconds: UInt32
    /// When it is reached.
    let moment: Moment

    package init(milliseconds: UInt32, from start: @autoclosure () -> Moment = .now) {
        self.milliseconds = milliseconds
        moment = milliseconds == 0 ? .never : start().advanced(byMilliseconds: milliseconds)
    }

    /// What goes into a header sent now: milliseconds left, rounded up; 0 for no deadline, and nil
    /// when it has been reached.
    func headerMilliseconds(at now: Moment) -> UInt32? {
        guard moment != .never else { return 0 }
        guard now < moment else { return nil }
        return UInt32(clamping: (moment.nanoseconds(since: now) + 999_999) / 1_000_000)
    }
}
