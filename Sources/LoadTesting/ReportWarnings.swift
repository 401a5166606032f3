// Warnings about facts that the numbers of a report do not show.
//
// The rule of each warning stands at its function. A warning never changes a number.

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

    /// Compares the delay with the latency at p50 and at p99.
    private static func ownDelay(_ report: RunReport) -> String? {
        guard let own = report.client.sendDelay, let latency = report.latency else { return nil }
        let pairs = [("p50", own.p50, latency.p50), ("p99", own.p99, latency.p99)]
        guard let (name, delay, whole) = pairs.first(where: { $0.1 > $0.2 * shareMax })
        else { return nil }
        return "the tester sent late: its own delay at \(name) is "
            + "\(NumberText.time(milliseconds: delay)), \(NumberText.percent(delay / whole)) of "
            + "the latency; lower the rate, or give it more processors"
    }

    private static func unscheduled(_ report: RunReport) -> String? {
        guard let wake = report.client.wakeDelay, let latency = report.latency,
            wake.p99 > latency.p99 * shareMax
        else { return nil }
        return "this process was kept waiting for a processor: a sleeping thread woke up to "
            + "\(NumberText.time(milliseconds: wake.p99)) late (p99; at most "
            + "\(NumberText.time(milliseconds: wake.max))), against a latency of "
            + "\(NumberText.time(milliseconds: latency.p99)) at p99; the host is in these numbers"
    }

    private static func places(_ report: RunReport) -> String? {
        guard let wait = report.client.placeWait, let latency = report.latency,
            wait.p99 > latency.p99 * shareMax
        else { return nil }
        return "due requests waited for a free place (p99 "
            + "\(NumberText.time(milliseconds: wait.p99))): "
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
        return "only \(latency.count) answers: percentiles above "
            + (latency.count < 100 ? "p90" : "p99") + " are guesses"
    }
}
