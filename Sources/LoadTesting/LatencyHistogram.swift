// Times in a histogram of high dynamic range: three significant digits from 1 ns to an hour.
//
// The counting is the package's (HdrHistogram); here are the units, the exact extremes and the
// bounds within which a percentile is known. A time above an hour counts as an hour.

import Histogram

/// Times of one sort, nanoseconds.
package struct LatencyHistogram: Sendable {
    /// The longest time told apart, one hour.
    package static let ceiling: Int64 = 3_600_000_000_000
    /// A value read from it is at most this much above the true one, as a share: 2^-10.
    package static let resolution = 1.0 / 1_024

    package private(set) var counts = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    /// The extremes, exact.
    package private(set) var smallest = Int64.max
    package private(set) var largest = Int64(0)
    private var sum = 0.0

    package init() {}

    package var count: Int { Int(counts.totalCount) }
    package var isEmpty: Bool { counts.totalCount == 0 }
    /// The mean, exact; 0 when empty.
    package var mean: Double { isEmpty ? 0 : sum / Double(count) }

    /// Counts a time; one below 0 counts as 0.
    package mutating func record(_ nanoseconds: Int64) {
        let time = min(max(nanoseconds, 0), Self.ceiling)
        counts.record(UInt64(time))
        smallest = min(smallest, time)
        largest = max(largest, time)
        sum += Double(time)
    }

    /// Adds what another has counted.
    package mutating func add(_ other: LatencyHistogram) {
        guard !other.isEmpty else { return }
        counts.add(other.counts)
        smallest = min(smallest, other.smallest)
        largest = max(largest, other.largest)
        sum += other.sum
    }

    /// The time that `percentile` percent of all do not exceed, within `resolution`; 0 when empty.
    package func value(at percentile: Double) -> Int64 {
        guard !isEmpty else { return 0 }
        let rank = (percentile / 100 * Double(count) - 1e-9).rounded(.up)
        return value(rank: Int(rank))
    }

    /// The `rank`th smallest time, from 1, clipped to what there is.
    package func value(rank: Int) -> Int64 {
        guard !isEmpty else { return 0 }
        let wanted = UInt64(min(max(rank, 1), count))
        if wanted == UInt64(count) { return largest }
        var seen: UInt64 = 0
        var value: UInt64 = 0
        while value <= UInt64(largest) {
            seen += counts.countForValue(value)
            let next = counts.nextNonEquivalentForValue(value)
            if seen >= wanted { return min(max(Int64(next - 1), smallest), largest) }
            value = next
        }
        return largest
    }

    /// How many were at most `nanoseconds`, within `resolution`.
    package func count(atMost nanoseconds: Int64) -> Int {
        guard !isEmpty, nanoseconds >= smallest else { return 0 }
        guard nanoseconds < largest else { return count }
        var seen: UInt64 = 0
        var value: UInt64 = 0
        while value <= UInt64(nanoseconds) {
            seen += counts.countForValue(value)
            value = counts.nextNonEquivalentForValue(value)
        }
        return Int(seen)
    }
}
