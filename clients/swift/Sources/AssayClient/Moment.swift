// Time of the client: nanoseconds of the monotonic clock.
//
// Not here: dates. A value is meaningful only within the process.

import Glibc

/// A point in time by the monotonic clock.
package struct Moment: Comparable, Sendable {
    private let nanoseconds: UInt64

    /// Earlier than all moments of the clock.
    package static let past = Moment(nanoseconds: 0)
    /// Later than all moments of the clock.
    package static let never = Moment(nanoseconds: .max)

    /// The present moment.
    package static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    package static func < (one: Moment, other: Moment) -> Bool {
        one.nanoseconds < other.nanoseconds
    }

    /// The moment `added` nanoseconds later. `never` stays `never`.
    package func after(nanoseconds added: UInt64) -> Moment {
        let (sum, overflows) = nanoseconds.addingReportingOverflow(added)
        return overflows ? .never : Moment(nanoseconds: sum)
    }

    /// The moment `milliseconds` later. `never` stays `never`.
    package func after(milliseconds: some UnsignedInteger) -> Moment {
        let (product, overflows) = UInt64(milliseconds).multipliedReportingOverflow(by: 1_000_000)
        return after(nanoseconds: overflows ? .max : product)
    }

    /// Nanoseconds since `earlier`. 0 when `earlier` is not earlier.
    package func nanoseconds(since earlier: Moment) -> UInt64 {
        self > earlier ? nanoseconds - earlier.nanoseconds : 0
    }

    /// Milliseconds since `earlier`, rounded up. 0 when `earlier` is not earlier.
    func milliseconds(since earlier: Moment) -> UInt64 {
        let (whole, rest) = nanoseconds(since: earlier).quotientAndRemainder(dividingBy: 1_000_000)
        return rest == 0 ? whole : whole + 1
    }
}
