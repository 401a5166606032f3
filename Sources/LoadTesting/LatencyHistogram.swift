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

    /// What has been counted, ready to be asked for percentiles; make it once for several.
    package var table: PercentileTable { PercentileTable(self) }

    /// The time that `percentile` percent of all do not exceed, within `resolution`; 0 when empty.
    package func value(at percentile: Double) -> Int64 { table.value(at: percentile) }

    /// How many were at most `nanoseconds`, within `resolution`.
    package func count(atMost nanoseconds: Int64) -> Int { table.count(atMost: nanoseconds) }
}

/// The buckets in use, in order, with the counts up to and including each: one walk through the
/// histogram, then a few steps per question.
package struct PercentileTable: Sendable {
    /// The smallest and the largest time of each bucket in use.
    private var begins: [Int64] = []
    private var values: [Int64] = []
    /// How many are in the buckets so far.
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

    /// The time that `percentile` percent of all do not exceed; 0 when empty.
    package func value(at percentile: Double) -> Int64 {
        value(rank: Self.rank(of: percentile, among: count))
    }

    /// The rank of a percentile among `count` times: the smallest that `percentile` percent do not
    /// exceed, from 1.
    static func rank(of percentile: Double, among count: Int) -> Int {
        max(1, Int((percentile / 100 * Double(count) - 1e-9).rounded(.up)))
    }

    /// The `rank`th smallest time, from 1, clipped to what there is; 0 when empty.
    package func value(rank: Int) -> Int64 {
        let wanted = min(max(rank, 1), count)
        if wanted == count { return largest }
        let index = Self.first(sums.count) { sums[$0] >= wanted }
        return min(max(values[index], smallest), largest)
    }

    /// How many were at most `nanoseconds`: a bucket counts when it begins by then.
    package func count(atMost nanoseconds: Int64) -> Int {
        guard count > 0, nanoseconds >= smallest else { return 0 }
        guard nanoseconds < largest else { return count }
        // The last bucket begins by `largest`, perhaps beyond `nanoseconds`; the first one by it.
        let beyond = Self.first(begins.count) { begins[$0] > nanoseconds }
        return begins[beyond] > nanoseconds ? sums[beyond - 1] : sums[beyond]
    }

    /// The first index below `count` where `holds`, which never stops holding; the last one if
    /// there is none.
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
