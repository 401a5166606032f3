// Searches the highest rate that meets an objective: doubles until a rate fails, then halves the
// difference.
//
// Pure: the search proposes a rate and is told the outcome of the trial. A failed trial is repeated
// before it counts, because a single hiccup of the host must not halve the result. A success counts
// at once. Bounded: at most `trialsMax` trials.

/// A percentile of the latency with its bound.
package struct RateObjective: Sendable, Equatable {
    /// Percentile, above 0 and below 100.
    package let percentile: Double
    /// Milliseconds.
    package let bound: Double

    /// Reads an objective such as `p99=20ms`.
    package init(_ text: String) throws(LoadTestError) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts[0].hasPrefix("p"),
            let percentile = NumberText.plain(String(parts[0].dropFirst())), percentile > 0,
            percentile < 100
        else {
            throw .setting(
                "--find-max-rate", found: text, allowed: "pNN=TIME, such as p99=20ms")
        }
        self.percentile = percentile
        bound = try NumberText.objective(parts[1], "--find-max-rate") * 1_000
    }

    package var description: String {
        let number = NumberText.short(percentile)
        return "p\(percentile == percentile.rounded() ? NumberText.fixed(percentile, 0) : number) "
            + "<= \(NumberText.time(milliseconds: bound))"
    }

    /// True when the share `percentile` of *all* requests meant to be sent was answered in time,
    /// and no more than the share `failuresMax` failed, was cut off or was never sent.
    package func holds(
        _ record: RunRecord, failuresMax: Double = 1
    ) -> (held: Bool, finding: String) {
        let expected = record.expected
        let inTime = record.total.latency.count(atMost: Int64(bound * 1e6))
        let share = Double(inTime) / Double(max(expected, 1))
        let failed = record.failureShare
        let held = expected > 0 && share >= percentile / 100 - 1e-12 && failed <= failuresMax
        var finding =
            "\(NumberText.percent(share)) of \(expected) requests answered within "
            + NumberText.time(milliseconds: bound)
        if failed > failuresMax {
            finding +=
                "; \(NumberText.percent(failed)) failed or had no end, allowed: "
                + NumberText.percent(failuresMax)
        }
        let own = Double(record.sendDelay.value(at: percentile)) / 1e6
        if !held, own > bound / 2 {
            finding += "; the tester itself sent \(NumberText.time(milliseconds: own)) late"
        }
        return (held, finding)
    }
}

/// The search as a state machine.
package struct RateSearch: Sendable {
    /// The search ends when the bounds are this close, as a share.
    private let tolerance: Double
    private let rateMax: Double
    private var low: Double?
    private var high: Double?
    private var isRepeat = false
    private var trialCount = 0
    /// The rate to try. Nil when the search is over.
    package private(set) var next: Double?

    /// - Parameter start: the first rate to try, requests per second.
    package init(start: Double, rateMax: Double = LoadLimits.rateMax, tolerance: Double = 0.03) {
        self.rateMax = rateMax
        self.tolerance = tolerance
        next = min(max(start, LoadLimits.rateMin), rateMax)
    }

    /// The highest rate that held. Nil when none did.
    package var best: Double? { low }

    /// Takes the outcome of the trial at `next`.
    package mutating func report(held: Bool) {
        guard let rate = next else { return }
        trialCount += 1
        if held {
            low = max(low ?? 0, rate)
            isRepeat = false
        } else if !isRepeat {
            isRepeat = true
            return limit()
        } else {
            high = min(high ?? .infinity, rate)
            isRepeat = false
        }
        next = following()
        limit()
    }

    private func following() -> Double? {
        switch (low, high) {
        case (let low?, let high?):
            return high - low <= high * tolerance ? nil : (low + high) / 2
        case (let low?, nil): return low >= rateMax ? nil : min(low * 2, rateMax)
        case (nil, let high?): return high / 4 < LoadLimits.rateMin ? nil : high / 4
        case (nil, nil): return nil
        }
    }

    private mutating func limit() {
        if trialCount >= LoadLimits.trialsMax { next = nil }
    }
}
