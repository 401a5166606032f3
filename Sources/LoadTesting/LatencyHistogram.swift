// Times in a histogram of high dynamic range: three significant digits from 1 ns to an hour.
//
// The HdrHistogram package counts. This file adds the units, the exact extremes, and the bounds
// within which a percentile is known. A time above an hour counts as an hour.

import Histogram

/// Times of one sort, nanoseconds.
package struct LatencyHistogram: Sendable {
    /// The longest recorded time, one hour.
    package static let ceiling: Int64 = 3_600_000_000_000
    /// A value read from the histogram is at most this share above the true value: 2^-10.
    package static let resolution = 1.0 / 1_024

    package private(set) var counts = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
    /// The exact extremes.
    package private(set) var smallest = Int64.max
    package private(set) var largest = Int64(0)
    private var sum = 0.0

    package init() {}

    package var count: Int { Int(counts.totalCount) }
    package var isEmpty: Bool { counts.totalCount == 0 }
    /// The exact mean, 0 when empty.
    package var mean: Double { isEmpty ? 0 : sum / Double(count) }

    /// Counts a time. A negative time counts as 0.
    package mutating func record(_ nanoseconds: Int64) {
        let time = min(max(nanoseconds, 0), Self.ceiling)
        counts.record(UInt64(time))
        smallest = min(smallest, time)
        largest = max(largest, time)
        sum += Double(time)
    }

    /// Adds the counts of another histogram.
    package mutating func add(_ other: LatencyHistogram) {
        guard !other.isEmpty else { return }
        counts.add(other.counts)
        smallest = min(smallest, other.smallest)
        largest = max(largest, other.largest)
        sum += other.sum
    }

    /// Table for reading percentiles. Make the table once for several reads.
    package var table: PercentileTable { PercentileTable(self) }

    /// The time that `percentile` percent of all times do not exceed, within `resolution`. Zero
    /// when empty.
    package func value(at percentile: Double) -> Int64 { table.value(at: percentile) }

    /// Number of times of at most `nanoseconds`, within `resolution`.
    package func count(atMost nanoseconds: Int64) -> Int { table.count(atMost: nanoseconds) }
}

/// The buckets in use, in order, each with the count up to its end. Making the table walks the
/// histogram once, and each read takes a few steps.
package struct PercentileTable: Sendable {
    /// The smallest and the largest time of each bucket in use.
    private var begins: [Int64] = []
    private var values: [Int64] = []
    /// Number of times up to the end of each bucket.
    private var sums: [Int] = []
    private let smallest: Int64
    private let largest: Int64
    private var count: Int { sums.last ?? 0 }

    init(_ histogram: LatencyHistogram) {
        smallest = histogram.smallest
        largest = histogram.largest
        guard !histogram.isEmpty else { return }
        let counts = histogram.counts
        var value = counts.lowestEquivalentForValue(UInt64(smallest))
        var sum = 0
        while value <= UInt64(largest) {
            let begin = Int64(value)
            let here = Int(counts.countForValue(value))
            value = counts.nextNonEquivalentForValue(value)
            guard here > 0 else { continue }
            sum += here
            begins.append(begin)
            values.append(Int64(value - 1))
            sums.append(sum)
        }
    }

    /// The time that `percentile` percent of all times do not exceed, 0 when empty.
    package func value(at percentile: Double) -> Int64 {
        value(rank: Self.rank(of: percentile, among: count))
    }

    /// Rank of a percentile among `count` times, from 1: the smallest rank that covers `percentile`
    /// percent.
    static func rank(of percentile: Double, among count: Int) -> Int {
        max(1, Int((percentile / 100 * Double(count) - 1e-9).rounded(.up)))
    }

    /// The `rank`th smallest time, from 1, clipped to the recorded times. Zero when empty.
    package func value(rank: Int) -> Int64 {
        let wanted = min(max(rank, 1), count)
        if wanted == count { return largest }
        let index = Self.first(sums.count) { sums[$0] >= wanted }
        return min(max(values[index], smallest), largest)
    }

    /// Number of times of at most `nanoseconds`. A bucket counts when it begins by `nanoseconds`.
    package func count(atMost nanoseconds: Int64) -> Int {
        guard count > 0, nanoseconds >= smallest else { return 0 }
        guard nanoseconds < largest else { return count }
        // The first bucket begins by `nanoseconds`. The last one begins by `largest`, perhaps
        // later.
        let beyond = Self.first(begins.count) { begins[$0] > nanoseconds }
        return begins[beyond] > nanoseconds ? sums[beyond - 1] : sums[beyond]
    }

    /// The first index below `count` where `holds` is true, or the last index if there is none.
    /// Once true, `holds` must stay true for all higher indices.
    private static func first(_ count: Int, where holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = count - 1
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
