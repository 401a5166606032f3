// Time as the client counts it: nanoseconds of the monotonic clock.
//
// Not here: dates. A value read here means something within this process only.

import Glibc

/// A point in time by the monotonic clock.
package struct Moment: Comparable, Sendable {
    private let nanoseconds: UInt64

    /// Earlier than every other.
    package static let past = Moment(nanoseconds: 0)
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
    package func after(nanoseconds added: UInt64) -> Moment {
        let (sum, overflows) = nanoseconds.addingReportingOverflow(added)
        return overflows ? .never : Moment(nanoseconds: sum)
    }

    /// That much later; `never` stays what it is.
    package func after(milliseconds: some UnsignedInteger) -> Moment {
        let (product, overflows) = UInt64(milliseconds).multipliedReportingOverflow(by: 1_000_000)
        return after(nanoseconds: overflows ? .max : product)
    }

    /// Nanoseconds from `earlier` to this; 0 when that is not earlier.
    package func nanoseconds(since earlier: Moment) -> UInt64 {
        self > earlier ? nanoseconds - earlier.nanoseconds : 0
    }

    /// Milliseconds from `earlier` to this, rounded up; 0 when that is not earlier.
    func milliseconds(since earlier: Moment) -> UInt64 {
        let (whole, rest) = nanoseconds(since: earlier).quotientAndRemainder(dividingBy: 1_000_000)
        return rest == 0 ? whole : whole + 1
    }
}
