// Times of round trips, and as much of them as their number allows to say.
//
// A percentile is told of enough round trips (see EnoughSamples), the median of any number. Memory
// is bounded: percentiles are those of the latest `timesMax` round trips.

/// Answered and lost round trips.
package struct RoundTrips: Sendable {
    /// Times kept for percentiles.
    package static let timesMax = 1_000_000

    private var times: [Double] = []
    private var least = Double.infinity
    private var most = 0.0
    /// Number of answers.
    package private(set) var answered = 0
    /// Number of round trips without an answer.
    package private(set) var lost = 0

    package init() {}

    package mutating func add(milliseconds: Double) {
        if times.count < Self.timesMax {
            times.append(milliseconds)
        } else {
            times[answered % Self.timesMax] = milliseconds
        }
        answered += 1
        (least, most) = (min(least, milliseconds), max(most, milliseconds))
    }

    package mutating func addLost() { lost += 1 }

    /// Milliseconds below which `percent` of the times lie. Nil of too few round trips.
    package func percentile(_ percent: Int) -> Double? {
        let isEnough = times.count >= EnoughSamples.needed(for: Double(percent))
        guard !times.isEmpty, percent <= 50 || isEnough else { return nil }
        return times.sorted()[min(times.count - 1, times.count * percent / 100)]
    }

    /// Numbers and times, for the end of the output.
    package var summary: String {
        let counts =
            lost > 0
            ? "\(answered) of \(answered + lost) round trips, \(lost) lost"
            : "\(answered) round trip\(answered == 1 ? "" : "s")"
        guard answered > 0 else { return counts }
        let middle = [50, 90, 99].compactMap { percent in
            percentile(percent).map { ("p\(percent)", $0) }
        }
        let shown = ([("min", least)] + middle + [("max", most)])
            .map { "\($0.0) \(Quantity.time(milliseconds: $0.1))" }
        return counts + ": " + shown.joined(separator: ", ")
    }
}
