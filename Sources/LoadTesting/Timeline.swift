// Percentiles over the time of a run, each over windows with enough samples.
//
//     intervals   |40|40|40|40|40|40|      samples of each
//     p50         |40|40|40|40|40|40|      needs 20
//     p90         |  120   |  120   |      needs 100
//     p99                                  needs 1,000: no window has them
//
// A window never crosses the beginning of a step. A window short of samples has no point.

import PlainText

/// A percentile over a window of the run.
package struct TimelinePoint: Sendable, Equatable, Codable {
    /// Seconds from the end of warm-up.
    package var start: Double
    package var seconds: Double
    package var samples: Int
    package var milliseconds: Double
}

/// One percentile of one sort of time, over the run.
package struct TimelineSeries: Sendable, Equatable, Codable {
    /// `latency`, `ttft` or `itl`, the names of thresholds.
    package var sort: String
    /// `p50`, `p90`, `p99` or `max`.
    package var name: String
    package var points: [TimelinePoint]
}

/// Makes the series of a report.
enum Timeline {
    private static let percentiles: [(name: String, value: Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99),
    ]

    /// - Parameter starts: the beginnings of steps, seconds from the end of warm-up.
    static func series(_ intervals: [TimedInterval], starts: [Double]) -> [TimelineSeries] {
        let sorts: [(String, (IntervalRecord) -> LatencyHistogram)] = [
            ("latency", { $0.latency }), ("ttft", { $0.timeToFirstToken }),
            ("itl", { $0.interToken }),
        ]
        return sorts.flatMap { sort, pick -> [TimelineSeries] in
            let parts = intervals.map { ($0.start, $0.seconds, pick($0.record)) }
            guard parts.contains(where: { !$0.2.isEmpty }) else { return [] }
            return percentiles.map { name, value in
                TimelineSeries(
                    sort: sort, name: name, points: windows(parts, value, starts: starts))
            } + [
                TimelineSeries(
                    sort: sort, name: "max",
                    points: parts.filter { !$0.2.isEmpty }.map { start, seconds, times in
                        TimelinePoint(
                            start: start, seconds: seconds, samples: times.count,
                            milliseconds: Double(times.largest) / 1e6)
                    })
            ]
        }
    }

    private static func windows(
        _ parts: [(start: Double, seconds: Double, times: LatencyHistogram)],
        _ percentile: Double, starts: [Double]
    ) -> [TimelinePoint] {
        let needed = EnoughSamples.needed(for: percentile)
        var points: [TimelinePoint] = []
        var window: (start: Double, step: Int, times: LatencyHistogram)?
        for part in parts {
            let step = starts.count { $0 <= part.start + 1e-6 }
            if window?.step != step { window = nil }
            // A window of a single interval needs no sum.
            var times = part.times
            if let earlier = window?.times { times.add(earlier) }
            let start = window?.start ?? part.start
            guard times.count >= needed else {
                window = (start, step, times)
                continue
            }
            points.append(
                TimelinePoint(
                    start: start, seconds: part.start + part.seconds - start,
                    samples: times.count,
                    milliseconds: Double(times.value(at: percentile)) / 1e6))
            window = nil
        }
        return points
    }
}
