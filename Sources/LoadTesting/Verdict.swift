// Verdict on a finished run: an exit status for the calling script, and sentences.

/// Exit statuses of `assay-load rpc`. The numbers are those of the whole project.
package enum Verdict: Int32, Sendable {
    case passed = 0
    /// A threshold was broken, too many requests failed, an answer was degraded, or nothing
    /// succeeded.
    case failed = 1
    /// The server cannot be reached, or went away.
    case unreachable = 69
    /// A mock answered, or a mock was addressed.
    case mock = 79
    /// The user ended the run.
    case interrupted = 130
}

extension RunReport {
    /// Applies the rules and `thresholds`: fills `failures` and returns the verdict.
    ///
    /// - Parameter failuresMax: share of the requests that may fail, have no end, or never be sent.
    ///   The bound does not apply to a run that was cut short.
    package mutating func judge(
        _ thresholds: [Threshold], earlyEnd: EarlyEnd?, allowMock: Bool, allowDegraded: Bool,
        failuresMax: Double = LoadLimits.failureShareMax
    ) -> Verdict {
        failures = thresholds.compactMap { $0.failure(in: self) }
        let rules = failuresMax < 1 ? [failureRule(failuresMax)] : []
        self.thresholds = thresholds.map { $0.result(in: self) } + rules
        warnings += thresholds.compactMap { ReportWarnings.few($0, self) }
        if earlyEnd == nil, succeeded > 0, failureShare > failuresMax {
            failures.append(
                "\(missing - deadlineExceeded) of \(expected) requests failed or had no end: "
                    + "\(NumberText.percent(failureShare)), allowed: "
                    + "\(NumberText.percent(failuresMax)) (--failures-max)")
        }
        if isMock, !allowMock {
            failures.insert("a mock answered; only --allow-mock measures one", at: 0)
        }
        if degraded, !allowDegraded, !isMock {
            failures.insert(
                "a degraded answer came; only --allow-degraded measures those", at: 0)
        }
        if succeeded == 0 { failures.append("no request succeeded") }
        switch earlyEnd {
        case .mock: return .mock
        case .degraded where failures.isEmpty:
            failures.append("a degraded answer came; only --allow-degraded measures those")
        case .unreachable(let words):
            failures.append(words)
            return .unreachable
        case .interrupted where failures.isEmpty: return .interrupted
        default: break
        }
        if isMock, !allowMock { return .mock }
        return failures.isEmpty ? .passed : .failed
    }

    private func failureRule(_ bound: Double) -> ThresholdReport {
        ThresholdReport(
            text: "--failures-max " + NumberText.percent(bound), value: failureShare, bound: bound,
            found: NumberText.percent(failureShare) + " failed or had no end",
            allowed: "at most " + NumberText.percent(bound), samples: nil,
            passed: failureShare <= bound)
    }
}
