// What fails a run: `p99>20ms`, `errors>1%`, `generate.ttft.p95>200ms`, `goodput<95%`.
//
// Guarantees: a metric that was not measured fails its threshold instead of passing silently, and
// requests without an end count as slower than any bound.

/// A condition that must not hold.
package struct Threshold: Sendable, Equatable {
    private enum Unit: Sendable { case time, share, number }

    /// As it was given.
    package let text: String
    private let path: [String]
    private let comparison: String
    private let bound: Double

    /// Reads `METRIC OPERATOR VALUE`, blanks allowed.
    package init(_ given: String) throws(LoadTestError) {
        let compact = String(given.filter { $0 != " " })
        guard let start = compact.firstIndex(where: { $0 == "<" || $0 == ">" }) else {
            throw .setting("--fail-if", found: given, allowed: Self.allowed)
        }
        let rest = compact[start...]
        let comparison =
            rest.dropFirst().first == "=" ? String(rest.prefix(2)) : String(rest.prefix(1))
        let metric = compact[..<start].replacing("p99.99", with: "p9999")
            .replacing("p99.9", with: "p999")
        let path = metric.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let value = String(rest.dropFirst(comparison.count))
        guard let unit = Self.unit(path) else {
            throw .setting("--fail-if", found: given, allowed: Self.allowed)
        }
        switch unit {
        case .time: bound = try NumberText.objective(value, "--fail-if") * 1_000
        case .share: bound = try NumberText.share(value, "--fail-if")
        case .number: bound = try NumberText.number(value, "--fail-if", 0...1e15)
        }
        text = given
        self.path = path
        self.comparison = comparison
    }

    static let percentiles = [
        "min", "mean", "p50", "p75", "p90", "p95", "p99", "p999", "p9999", "max",
    ]
    static let sorts = ["latency", "service", "ttft", "itl", "tpot", "send_delay", "wake_delay"]
    static let shares = ["errors", "cancelled", "deadline_exceeded", "unfinished", "goodput"]
    static let numbers = ["rate", "goodput_rate", "tokens_per_second", "error_count"]
    static let allowed =
        "[KIND.][SORT.]PERCENTILE, a share or a number, then > >= < or <=, then a value; sorts: "
        + sorts.joined(separator: ", ") + "; percentiles: " + percentiles.joined(separator: ", ")
        + "; shares: " + shares.joined(separator: ", ") + "; numbers: "
        + numbers.joined(separator: ", ")

    private static func unit(_ path: [String]) -> Unit? {
        var path = path[...]
        if path.count > 1, let first = path.first, RequestKind(rawValue: first) != nil {
            path = path.dropFirst()
            if path.count == 2, path.first.map({ $0.hasSuffix("_delay") }) == true { return nil }
            if path.count == 1, shares.contains(path[path.startIndex]) { return nil }
        }
        if path.count == 2, sorts.contains(path[path.startIndex]) {
            return percentiles.contains(path[path.startIndex + 1]) ? .time : nil
        }
        guard path.count == 1, let last = path.first else { return nil }
        if percentiles.contains(last) { return .time }
        if shares.contains(last) { return .share }
        return numbers.contains(last) && path.startIndex == 0 ? .number : nil
    }

    /// Why the run fails by it; nil when it does not.
    package func failure(in report: RunReport) -> String? {
        guard let value = value(in: report) else {
            return "threshold \(text): nothing of that sort was measured"
        }
        let breaks =
            switch comparison {
            case ">": value > bound
            case ">=": value >= bound
            case "<": value < bound
            default: value <= bound
            }
        return breaks ? "threshold \(text): found \(shown(value))" : nil
    }

    private func shown(_ value: Double) -> String {
        guard value.isFinite else { return "requests without an end" }
        switch Self.unit(path) {
        case .time: return NumberText.time(milliseconds: value)
        case .share: return NumberText.percent(value)
        default: return NumberText.short(value)
        }
    }

    private func value(in report: RunReport) -> Double? {
        let last = path[path.count - 1]
        let intended = Double(max(report.intended, 1))
        switch last {
        case "errors": return Double(report.failed) / intended
        case "cancelled": return Double(report.cancelled) / intended
        case "deadline_exceeded": return Double(report.deadlineExceeded) / intended
        case "unfinished": return Double(report.unfinished + report.unsent) / intended
        case "goodput": return report.goodput?.share
        case "rate": return report.requestsPerSecond
        case "goodput_rate": return report.goodput?.requestsPerSecond
        case "tokens_per_second": return report.outputTokensPerSecond
        case "error_count": return Double(report.failed)
        default: return time(last, in: report)
        }
    }

    private func time(_ percentile: String, in report: RunReport) -> Double? {
        let kind = path.count > 1 ? report.kinds.first { $0.kind == path[0] } : nil
        if path.count > 1, RequestKind(rawValue: path[0]) != nil, kind == nil { return nil }
        let sort =
            path.count > 1 && Self.sorts.contains(path[path.count - 2])
            ? path[path.count - 2] : "latency"
        guard let times = kind?.quantiles(sort) ?? (kind == nil ? report.quantiles(sort) : nil)
        else { return nil }
        let missing = kind.map(\.unfinished) ?? report.unfinished + report.unsent
        return times.value(percentile, missing: sort.hasSuffix("_delay") ? 0 : missing)
    }
}

extension KindReport {
    func quantiles(_ sort: String) -> Quantiles? {
        switch sort {
        case "service": service
        case "ttft": timeToFirstToken
        case "itl": interTokenLatency
        case "tpot": timePerOutputToken
        default: latency
        }
    }
}

extension RunReport {
    func quantiles(_ sort: String) -> Quantiles? {
        switch sort {
        case "service": service
        case "ttft": timeToFirstToken
        case "itl": interTokenLatency
        case "tpot": timePerOutputToken
        case "send_delay": client.sendDelay
        case "wake_delay": client.wakeDelay
        default: latency
        }
    }
}

extension Quantiles {
    /// The value of that name; infinite when so many are missing that the percentile lies among
    /// them.
    func value(_ name: String, missing: Int) -> Double? {
        let known: [String: (Double, Double)] = [
            "min": (0, min), "mean": (0, mean), "p50": (0.5, p50), "p75": (0.75, p75),
            "p90": (0.9, p90), "p95": (0.95, p95), "p99": (0.99, p99), "p999": (0.999, p999),
            "p9999": (0.9999, p9999), "max": (1, max),
        ]
        guard let (share, value) = known[name] else { return nil }
        let all = Double(count + missing)
        return missing > 0 && share * all > Double(count) ? .infinity : value
    }
}
