// Executes a search: each trial is a run.

/// Searches for the highest rate by running.
package enum RateSearchRun {
    /// The report of a search, and the run at the highest rate that held. When no rate held, the
    /// last run.
    package struct Finding: Sendable {
        package let report: SearchReport
        package let result: RunResult
        package let rate: Double
    }

    /// - Parameters:
    ///   - failuresMax: share of a trial's requests that may fail.
    ///   - run: executes a trial at a rate.
    ///   - onTrial: called after each trial.
    package static func find(
        _ objective: RateObjective, from start: Double, failuresMax: Double = 1,
        run: (Double) async throws -> RunResult, onTrial: (TrialReport) -> Void = { _ in }
    ) async throws -> Finding? {
        var search = RateSearch(start: start)
        var trials: [TrialReport] = []
        var best: (rate: Double, result: RunResult)?
        var last: (rate: Double, result: RunResult)?
        while let rate = search.next {
            let result = try await run(rate)
            last = (rate, result)
            // A run that ended early proves nothing about the rate.
            if result.record.earlyEnd != nil { break }
            let (held, finding) = objective.holds(result.record, failuresMax: failuresMax)
            if held { best = (rate, result) }
            trials.append(
                TrialReport(
                    rate: rate, held: held, finding: finding, step: .whole(result.record)))
            onTrial(trials[trials.count - 1])
            search.report(held: held)
        }
        let isCut = last?.result.record.earlyEnd != nil
        guard let shown = isCut ? last : best ?? last else { return nil }
        return Finding(
            report: SearchReport(
                objective: objective.description, rate: search.best, trials: trials),
            result: shown.result, rate: shown.rate)
    }
}
