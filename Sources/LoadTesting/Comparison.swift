// Two reports side by side, with a finding for each difference: beyond chance, or within chance.
//
// A difference is beyond chance when the bounds of the two numbers do not overlap (see Noise).
// Numbers without bounds are shown and not judged. Runs with different setups are compared, with a
// warning that lists the differences.
// Latencies cover all requests: a request without an answer counts as slower than any bound.
// Reports of older testers lack the count of missing requests. Such a report is judged only when
// every request was answered.

import PlainText

/// The comparison of two runs, A before and B after.
package struct Comparison: Sendable, Equatable {
    /// Judgement on one difference.
    package enum Finding: String, Sendable {
        case worse, better
        case withinNoise = "within noise"
        case notJudged = "not judged"
    }

    /// One number in both runs.
    package struct Row: Sendable, Equatable {
        package let name: String
        package let before: Double
        package let after: Double
        package let finding: Finding
        /// True for a time in milliseconds, false for a plain number.
        let isTime: Bool
        /// False for a percentile with too few samples in one of the runs.
        var isShown = true
    }

    package let rows: [Row]
    package let warnings: [String]

    /// Compares two reports.
    ///
    /// - Throws: `report_invalid` when a report has another format or comes from another tool.
    package init(_ before: RunReport, _ after: RunReport) throws(LoadTestError) {
        for (name, report) in [("A", before), ("B", after)]
        where report.format != RunReport.currentFormat || report.tool != "assay-load rpc" {
            throw LoadTestError(
                .reportInvalid,
                "comparing reports: found format \(report.format) of \(report.tool) in \(name), "
                    + "allowed: format \(RunReport.currentFormat) of assay-load rpc")
        }
        rows = Self.rows(before, after)
        warnings = Self.warnings(before, after)
    }

    /// True when a number is worse beyond chance.
    package var isWorse: Bool { rows.contains { $0.finding == .worse } }

    private static func rows(_ before: RunReport, _ after: RunReport) -> [Row] {
        var rows: [Row] = []
        if let left = before.latency, let right = after.latency {
            for name in ["p50", "p90", "p99", "p99.9", "max"] {
                let bounds = (bounds(name, left, before), bounds(name, right, after))
                let needed = EnoughSamples.needed(forColumn: name)
                rows.append(
                    Row(
                        name: "latency " + name, before: value(name, left),
                        after: value(name, right),
                        finding: judge(bounds.0, bounds.1, higherIsWorse: true), isTime: true,
                        isShown: min(left.countOfAll, right.countOfAll) >= needed))
            }
        }
        let times: [(String, Quantiles?, Quantiles?)] = [
            ("first token p50", before.timeToFirstToken, after.timeToFirstToken),
            ("per output token p50", before.timePerOutputToken, after.timePerOutputToken),
            ("send delay p50", before.client.sendDelay, after.client.sendDelay),
        ]
        for (name, left, right) in times {
            guard let left, let right else { continue }
            rows.append(
                Row(
                    name: name, before: value("p50", left), after: value("p50", right),
                    finding: .notJudged, isTime: true))
        }
        return rows + rates(before, after)
    }

    /// A percentile over all requests, infinite when it lies among requests without an answer.
    private static func value(_ name: String, _ times: Quantiles) -> Double {
        times.value(Threshold.name(name)) ?? .infinity
    }

    /// Bounds of chance for a percentile. Nil where nothing is known.
    private static func bounds(
        _ name: String, _ times: Quantiles, _ report: RunReport
    ) -> [Double]? {
        guard let all = times.ofAll else {
            guard times.missing != nil || report.missing == 0, let spread = times.spread
            else { return nil }
            return ["p50": spread.p50, "p90": spread.p90, "p99": spread.p99, "p99.9": spread.p999][
                name]
        }
        guard let spread = all.spread else { return nil }
        let known = [
            "p50": spread.p50, "p90": spread.p90, "p99": spread.p99, "p99.9": spread.p999,
        ]
        return known[name]?.map { $0 ?? .infinity }
    }

    private static func rates(_ before: RunReport, _ after: RunReport) -> [Row] {
        func error(_ report: RunReport) -> Double {
            Double(report.missing) / Double(max(report.expected, 1))
        }
        var rows = [
            Row(
                name: "requests/s", before: before.requestsPerSecond,
                after: after.requestsPerSecond,
                finding: judge(
                    rate(before) { $0.succeeded }, rate(after) { $0.succeeded },
                    higherIsWorse: false), isTime: false),
            Row(
                name: "failed share", before: error(before), after: error(after),
                finding: judge(
                    share(before.missing, before.expected), share(after.missing, after.expected),
                    higherIsWorse: true), isTime: false),
        ]
        if before.outputTokensPerSecond > 0, after.outputTokensPerSecond > 0 {
            rows.append(
                Row(
                    name: "output tokens/s", before: before.outputTokensPerSecond,
                    after: after.outputTokensPerSecond,
                    finding: judge(
                        rate(before) { $0.outputTokens }, rate(after) { $0.outputTokens },
                        higherIsWorse: false), isTime: false))
        }
        return rows
    }

    private static func judge(
        _ before: [Double]?, _ after: [Double]?, higherIsWorse: Bool
    ) -> Finding {
        guard let before, let after, before.count == 2, after.count == 2 else { return .notJudged }
        if after[0] > before[1] { return higherIsWorse ? .worse : .better }
        if after[1] < before[0] { return higherIsWorse ? .better : .worse }
        return .withinNoise
    }

    /// Bounds of a rate: twice the standard error over the intervals. Nil with fewer than five
    /// intervals.
    private static func rate(
        _ report: RunReport, _ count: (IntervalReport) -> Int
    ) -> [Double]? {
        let whole = report.intervals.map(\.seconds).max() ?? 0
        let values = report.intervals.filter { $0.seconds > 0.9 * whole && $0.seconds > 0 }
            .map { Double(count($0)) / $0.seconds }
        guard values.count >= 5 else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let error = (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
        // Half a percent at least, because the end of a run is not sharper.
        let half = max(2 * error, 0.005 * mean)
        return [mean - half, mean + half]
    }

    /// Bounds of a share (Wilson score interval).
    private static func share(_ count: Int, _ all: Int) -> [Double] {
        guard all > 0 else { return [0, 1] }
        let number = Double(all)
        let share = Double(count) / number
        let z = 1.96
        let middle = (share + z * z / (2 * number)) / (1 + z * z / number)
        let half =
            z / (1 + z * z / number)
            * (share * (1 - share) / number + z * z / (4 * number * number)).squareRoot()
        return [middle - half, middle + half]
    }

    private static func warnings(_ before: RunReport, _ after: RunReport) -> [String] {
        var warnings: [String] = []
        for (name, report) in [("A", before), ("B", after)] {
            if report.isMock { warnings.append("MOCK: \(name) measured a mock") }
            if report.degraded { warnings.append("\(name) has degraded answers") }
            if report.endedEarly != nil { warnings.append("\(name) ended early") }
            let missing = report.unfinished + report.unsent
            if missing > 0 { warnings.append("\(name) has \(missing) requests without an end") }
        }
        var left = before.setup
        var right = after.setup
        left.seed = 0
        right.seed = 0
        if left != right {
            warnings.append("the runs were set up differently: " + differing(left, right))
        }
        let prints = (
            before.target.models.map(\.fingerprint), after.target.models.map(\.fingerprint)
        )
        if prints.0 != prints.1 { warnings.append("the runs addressed different model files") }
        return warnings
    }

    private static func differing(_ left: SetupReport, _ right: SetupReport) -> String {
        let pairs: [(String, String, String)] = [
            ("loop", left.loop, right.loop), ("schedule", left.schedule, right.schedule),
            ("mix", left.mix, right.mix),
            ("connections", "\(left.connections)", "\(right.connections)"),
            ("depth", "\(left.depth)", "\(right.depth)"),
            ("warm-up", "\(left.warmupSeconds)", "\(right.warmupSeconds)"),
            ("duration", "\(left.durationSeconds)", "\(right.durationSeconds)"),
            ("prompts", left.prompts, right.prompts),
            ("output tokens", left.outputTokens, right.outputTokens),
            ("cancel share", "\(left.cancelShare)", "\(right.cancelShare)"),
            ("deadline share", "\(left.deadlineShare)", "\(right.deadlineShare)"),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1) and \($0.2)" }
            .joined(separator: "; ")
    }

    /// The comparison as lines of text.
    package var text: String {
        var lines = warnings.map { "warning: " + $0 }
        if !lines.isEmpty { lines.append("") }
        lines.append(
            NumberText.left("", 22) + NumberText.right("A", 12) + NumberText.right("B", 12)
                + NumberText.right("change", 11))
        for row in rows {
            let values = [row.before, row.after].map { value in
                NumberText.right(
                    !row.isShown
                        ? "-"
                        : !value.isFinite
                            ? "no answer"
                            : row.isTime
                                ? NumberText.time(milliseconds: value) : NumberText.short(value),
                    12)
            }
            let change =
                row.isShown && row.before > 0 && row.before.isFinite && row.after.isFinite
                ? (row.after - row.before) / row.before * 100 : 0
            let sign = change > 0 ? "+" : ""
            lines.append(
                NumberText.left(row.name, 22) + values.joined()
                    + NumberText.right(
                        row.isShown ? "\(sign)\(NumberText.fixed(change, 1))%" : "", 11)
                    + "  \(row.isShown ? row.finding.rawValue : "too few samples")"
            )
        }
        lines.append("")
        lines.append(
            "noise is what chance does within one run; repeat both runs to learn what it does "
                + "between runs")
        return lines.joined(separator: "\n") + "\n"
    }
}
