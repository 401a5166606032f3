// Warnings about facts that the numbers of a report do not show.
//
// The rule of each warning stands at its function. A warning never changes a number.

import PlainText

/// Makes the warnings of a report.
enum ReportWarnings {
    /// Share of the measured time above which the tester's own delay is large.
    static let shareMax = 0.1

    static func all(_ report: RunReport) -> [String] {
        [
            mock(report), degraded(report), missing(report),
            ownDelay(report), unscheduled(report), places(report), closedLoop(report), few(report),
        ].compactMap(\.self)
    }

    private static func mock(_ report: RunReport) -> String? {
        report.isMock
            ? "MOCK: a mock made these answers; no number here says anything about a real model"
            : nil
    }

    private static func degraded(_ report: RunReport) -> String? {
        report.degraded
            ? "DEGRADED: answers came that say they are worse than they could be" : nil
    }

    private static func missing(_ report: RunReport) -> String? {
        guard report.missing > 0 else { return nil }
        let share = Double(report.missing) / Double(max(report.expected, 1))
        let sorts = [
            ("failed", report.failed), ("past their deadline", report.deadlineExceeded),
            ("unfinished", report.unfinished), ("never sent", report.unsent),
        ].filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
        return "\(report.missing) of \(report.expected) requests (\(NumberText.percent(share))) "
            + "have no answer (\(sorts.joined(separator: ", "))): \"latency, all\" and thresholds "
            + "count them as slower than any, other latencies leave them out"
    }

    /// Compares the delay with the latency at p50, p90 and p99, where there are enough samples.
    private static func ownDelay(_ report: RunReport) -> String? {
        guard let own = report.client.sendDelay, let latency = report.latency else { return nil }
        let pairs = [
            ("p50", own.p50, latency.p50), ("p90", own.p90, latency.p90),
            ("p99", own.p99, latency.p99),
        ].filter { latency.count >= EnoughSamples.needed(forColumn: $0.0) }
        guard let (name, delay, whole) = pairs.first(where: { $0.1 > $0.2 * shareMax })
        else { return nil }
        return "the tester sent late: its own delay at \(name) is "
            + "\(NumberText.time(milliseconds: delay)), \(NumberText.percent(delay / whole)) of "
            + "the latency; lower the rate, or give it more processors"
    }

    /// The highest of p50, p90 and p99 that has enough samples, else p50.
    private static func highest(_ times: Quantiles) -> (String, KeyPath<Quantiles, Double>) {
        if times.count >= EnoughSamples.needed(for: 99) { return ("p99", \Quantiles.p99) }
        if times.count >= EnoughSamples.needed(for: 90) { return ("p90", \Quantiles.p90) }
        return ("p50", \Quantiles.p50)
    }

    private static func unscheduled(_ report: RunReport) -> String? {
        guard let wake = report.client.wakeDelay, let latency = report.latency else { return nil }
        let (name, tail) = highest(latency)
        guard wake[keyPath: tail] > latency[keyPath: tail] * shareMax else { return nil }
        return "this process was kept waiting for a processor: a sleeping thread woke up to "
            + "\(NumberText.time(milliseconds: wake[keyPath: tail])) late (\(name); at most "
            + "\(NumberText.time(milliseconds: wake.max))), against a latency of "
            + "\(NumberText.time(milliseconds: latency[keyPath: tail])) at \(name); the host is in "
            + "these numbers"
    }

    private static func places(_ report: RunReport) -> String? {
        guard let wait = report.client.placeWait, let latency = report.latency else { return nil }
        let (name, tail) = highest(latency)
        guard wait[keyPath: tail] > latency[keyPath: tail] * shareMax else { return nil }
        return "due requests waited for a free place (\(name) "
            + "\(NumberText.time(milliseconds: wait[keyPath: tail]))): "
            + "\(report.setup.connections) connections "
            + "of depth \(report.setup.depth) did not carry the rate; the wait is in the latency"
    }

    private static func closedLoop(_ report: RunReport) -> String? {
        guard report.setup.loop == "closed" else { return nil }
        return "closed loop: callers wait for answers, so a stall delays few requests and hardly "
            + "shows in the percentiles; measure latency with --rate"
    }

    private static func few(_ report: RunReport) -> String? {
        guard let latency = report.latency, latency.count < 1_000 else { return nil }
        let highest = EnoughSamples.highest(latency.count).map { "the highest shown is \($0)" }
        return "only \(latency.count) answers: a percentile is shown when ten samples lie beyond "
            + "it, p99 from 1,000 on; \(highest ?? "none is shown")"
    }

    /// A threshold on a percentile with too few samples is judged all the same.
    static func few(_ threshold: Threshold, _ report: RunReport) -> String? {
        let result = threshold.result(in: report)
        guard let samples = result.samples, samples < threshold.samplesNeeded else { return nil }
        return "the threshold \(threshold.text) is judged on \(samples) samples; "
            + "\(threshold.samplesNeeded) make it more than a guess"
    }
}
