// Conditions that fail a run: `p99>20ms`, `errors>1%`, `generate.ttft.p95>200ms`, `goodput<95%`.
//
// Guarantees: a metric without a measurement fails its threshold instead of passing silently.
// Requests that failed, passed the deadline, had no end or were never sent count as slower than any
// bound. A percentile among them breaks every upper bound. A single missing request breaks every
// upper bound of the mean and the maximum.

import PlainText

/// A condition that fails a run.
package struct Threshold: Sendable, Equatable {
    private enum Unit: Sendable { case time, share, number }

    /// The text given by the user.
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
        let metric = Self.name(String(compact[..<start]))
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

    /// A metric without points in the percentile, because a point separates the parts of a metric.
    static func name(_ metric: String) -> String {
        metric.replacing("p99.99", with: "p9999").replacing("p99.9", with: "p999")
    }

    static let percentiles = [
        "min", "mean", "p50", "p75", "p90", "p95", "p99", "p999", "p9999", "max",
    ]
    static let sorts = ["latency", "service", "ttft", "itl", "tpot", "send_delay", "wake_delay"]
    static let shares = ["errors", "cancelled", "deadline_exceeded", "unfinished", "goodput"]
    static let numbers = ["rate", "goodput_rate", "tokens_per_second", "error_count"]
    static let allowed =
        "a condition such as p99>20ms or errors>1%: [KIND.][SORT.]PERCENTILE, a share or a "
        + "number, then > >= < or <=, then a value; sorts: "
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

    /// The sentence about a broken threshold. Nil when the threshold is not broken.
    package func failure(in report: RunReport) -> String? {
        let result = result(in: report)
        guard !result.passed else { return nil }
        return "threshold \(text): "
            + (result.found == Self.nothing ? "" : "found ") + result.found
    }

    /// The threshold with the found value and the verdict.
    package func result(in report: RunReport) -> ThresholdReport {
        let times = times(in: report)
        let value = times.map { $0.value(path[path.count - 1]) } ?? value(in: report)
        var result = ThresholdReport(
            text: text, value: value.flatMap { $0.isFinite ? $0 : nil }, bound: bound,
            found: Self.nothing, allowed: allowedWords, samples: times?.countOfAll, passed: false)
        guard let value else { return result }
        result.found = value.isFinite ? shown(value) : Self.beyond(times)
        result.passed =
            switch comparison {
            case ">": value <= bound
            case ">=": value < bound
            case "<": value >= bound
            default: value > bound
            }
        return result
    }

    private static let nothing = "nothing of that sort was measured"

    private var allowedWords: String {
        let words =
            switch comparison {
            case ">": "at most"
            case ">=": "less than"
            case "<": "at least"
            default: "more than"
            }
        return "\(words) \(shown(bound))"
    }

    /// Samples that the threshold's percentile needs to be more than a guess.
    var samplesNeeded: Int { EnoughSamples.needed(forColumn: path[path.count - 1]) }

    /// Text for a value beyond every bound.
    private static func beyond(_ times: Quantiles?) -> String {
        let missing = times?.missing ?? 0
        return "\(missing) of \(missing + (times?.count ?? 0)) without an answer, which count as "
            + "slower than any bound"
    }

    private func shown(_ value: Double) -> String {
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
        default: return nil
        }
    }

    /// The times for a threshold on a percentile.
    private func times(in report: RunReport) -> Quantiles? {
        guard Self.unit(path) == .time else { return nil }
        let kind = path.count > 1 ? report.kinds.first { $0.kind == path[0] } : nil
        if path.count > 1, RequestKind(rawValue: path[0]) != nil, kind == nil { return nil }
        let sort =
            path.count > 1 && Self.sorts.contains(path[path.count - 2])
            ? path[path.count - 2] : "latency"
        return kind.map { $0.quantiles(sort) } ?? report.quantiles(sort)
    }

    /// True for a threshold on failures. In this case the default bound on failures does not apply.
    package var isAboutFailures: Bool {
        ["errors", "error_count", "unfinished"].contains(path[path.count - 1])
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
    /// The value called `name` over all requests, infinite among the missing.
    func value(_ name: String) -> Double? {
        if name == "min" { return min }
        guard let ofAll else { return name == "mean" ? mean : columns[name] }
        return name == "mean" ? .infinity : ofAll.columns[name].map { $0 ?? .infinity }
    }
}

extension [(name: String, value: Double)] {
    /// The value under the name that thresholds use for a percentile.
    subscript(_ name: String) -> Double? { first { Threshold.name($0.name) == name }?.value }
}

extension [(name: String, value: Double?)] {
    /// The value under the name that thresholds use. Nil inside for a percentile among the missing.
    subscript(_ name: String) -> Double?? { first { Threshold.name($0.name) == name }?.value }
}
