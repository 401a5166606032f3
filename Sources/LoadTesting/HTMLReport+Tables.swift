// The tables of the page: thresholds, steps, trials, percentiles, counts, errors, own cost.
//
// A percentile with too few samples is "-" (see EnoughSamples).

import PlainText

extension HTMLReport {
    private static let rule =
        "A percentile is shown when at least ten samples lie beyond it: p90 from 100 samples, p99 "
        + "from 1,000."

    /// All thresholds, the kept ones too.
    static func thresholds(_ report: RunReport) -> String {
        HTMLTable(
            title: "Thresholds",
            columns: ["Fails when", "Verdict", "Found", "Allowed", "Samples"],
            rows: (report.thresholds ?? []).map { threshold in
                [
                    .text(threshold.text),
                    threshold.passed ? .good("passed") : .bad("BROKEN"),
                    .text(threshold.found), .text(threshold.allowed),
                    .number(threshold.samples.map(NumberText.count) ?? ""),
                ]
            }
        ).html
    }

    /// A row per step of the rate, and another for its tokens.
    static func steps(_ report: RunReport) -> String {
        let steps = report.steps ?? []
        return HTMLTable(
            title: "Steps", note: Self.about + rule,
            columns: ["Step", "Begins"] + columns,
            rows: steps.map { step in
                [.text(step.words), .number(NumberText.short(step.start) + " s")] + cells(step)
            }
        ).html + tokens("Tokens by step", steps)
    }

    private static let about =
        "Counts and percentiles of the requests due in the step, in milliseconds. Achieved are the "
        + "answers completed in the step, a second. "

    /// A row per trial of a search.
    static func search(_ report: RunReport) -> String {
        guard let search = report.search else { return "" }
        let found = search.rate.map { NumberText.short($0) + " requests/s" } ?? "none"
        let steps = search.trials.compactMap(\.step)
        guard steps.count == search.trials.count else { return "" }
        return HTMLTable(
            title: "Search", note: "Highest rate with \(search.objective): \(found). " + rule,
            columns: ["Rate", "Outcome"] + columns + ["Finding"],
            rows: zip(search.trials, steps).map { trial, step in
                [.text(step.words), trial.held ? .good("held") : .bad("failed")]
                    + cells(step) + [.text(trial.finding)]
            }
        ).html + tokens("Tokens by trial", steps)
    }

    private static let columns = [
        "Offered/s", "Achieved/s", "Due", "Answered", "Failed", "No answer", "p50", "p90", "p99",
    ]

    private static func cells(_ step: StepReport) -> [HTMLCell] {
        [
            .number(RateStep.rate(step.offeredPerSecond)),
            .number(RateStep.rate(step.requestsPerSecond)),
            .number(NumberText.count(step.intended)), .number(NumberText.count(step.succeeded)),
            count(step.failed), count(step.missing),
        ] + times(step.latency)
    }

    private static func tokens(_ title: String, _ steps: [StepReport]) -> String {
        guard steps.contains(where: { $0.timeToFirstToken != nil }) else { return "" }
        let names = ["First token", "Inter-token"].flatMap { name in
            ["p50", "p90", "p99"].map { "\(name) \($0)" }
        }
        return HTMLTable(
            title: title, note: "Milliseconds, of the answers.",
            columns: ["Step", "Tokens/s"] + names,
            rows: steps.map { step in
                [.text(step.words), .number(NumberText.short(step.outputTokensPerSecond))]
                    + times(step.timeToFirstToken) + times(step.interTokenLatency)
            }
        ).html
    }

    private static func count(_ value: Int) -> HTMLCell {
        value > 0 ? .badNumber(NumberText.count(value)) : .number("0")
    }

    private static func times(_ times: Quantiles?) -> [HTMLCell] {
        ["p50", "p90", "p99"].map { name in
            times.map { number($0.cellOfAll(name)) } ?? .number("-")
        }
    }

    /// Milliseconds without the unit.
    private static func number(_ cell: TimeCell) -> HTMLCell {
        switch cell {
        case .time(let value): .number(NumberText.short(value))
        case .few: .number("-")
        case .unanswered: .badNumber("none")
        }
    }

    /// Percentiles of every sort of time.
    static func measures(_ report: RunReport) -> String {
        let rows: [(String, Quantiles?)] = [
            ("latency", report.latency),
            ("service time", report.setup.loop == "open" ? report.service : nil),
            ("first token", report.timeToFirstToken),
            ("inter-token", report.interTokenLatency),
            ("per output token", report.timePerOutputToken),
        ]
        return table("Times", "Milliseconds, of the answers. " + rule, rows)
    }

    private static func table(
        _ title: String, _ note: String, _ rows: [(String, Quantiles?)]
    ) -> String {
        let shown = rows.compactMap { name, times in times.map { (name, $0) } }
        guard let first = shown.first?.1 else { return "" }
        return HTMLTable(
            title: title, note: note,
            columns: ["Time", "Samples", "min", "mean"] + first.cells.map(\.name),
            rows: shown.flatMap { name, times -> [[HTMLCell]] in
                let row = [.time(times.min), .time(times.mean)] + times.cells.map(\.cell)
                let all = [.time(times.min), .few] + times.cellsOfAll.map(\.cell)
                let lines =
                    [(name, times.count, row)]
                    + (times.ofAll == nil ? [] : [(name + ", all", times.countOfAll, all)])
                return lines.map { name, count, cells in
                    [.text(name), .number(NumberText.count(count))] + cells.map(number)
                }
            }
        ).html
    }

    /// The ends of all requests.
    static func counts(_ report: RunReport) -> String {
        let rows = [
            ("due", report.intended), ("succeeded", report.succeeded), ("failed", report.failed),
            ("cancelled on purpose", report.cancelled),
            ("past their deadline", report.deadlineExceeded),
            ("unfinished", report.unfinished), ("never sent", report.unsent),
            ("mock answers", report.mockAnswers), ("degraded answers", report.degradedAnswers),
        ].filter { $0.1 > 0 }
        return HTMLTable(
            title: "Requests", columns: ["Requests", "Count", "Share"],
            rows: rows.map { name, count in
                let share = Double(count) / Double(max(report.intended, 1))
                return [
                    .text(name), .number(NumberText.count(count)),
                    .number(NumberText.percent(share)),
                ]
            }
        ).html
    }

    /// Latency and counts by kind of request, when there are several.
    static func kinds(_ report: RunReport) -> String {
        guard report.kinds.count > 1 else { return "" }
        return HTMLTable(
            title: "Kinds", note: "Latency in milliseconds, of all requests.",
            columns: ["Kind", "Answered", "Failed", "p50", "p90", "p99", "Tokens out"],
            rows: report.kinds.map { kind in
                [.text(kind.kind), .number(NumberText.count(kind.succeeded)), count(kind.failed)]
                    + times(kind.latency) + [.number(NumberText.count(kind.outputTokens))]
            }
        ).html
    }

    /// Errors and degradations by name.
    static func errors(_ report: RunReport) -> String {
        [("Errors", report.errors), ("Degradations", report.degradations)].map { title, counts in
            HTMLTable(
                title: title, columns: ["Name", "Count"],
                rows: counts.map { [.text($0.name), .number(NumberText.count($0.count))] }
            ).html
        }.joined()
    }

    /// The tester's own share of the times.
    static func ownCost(_ report: RunReport) -> String {
        let client = report.client
        return table(
            "The tester itself",
            "Milliseconds. It used \(NumberText.fixed(client.processorSeconds, 2)) processor "
                + "seconds and was interrupted "
                + "\(NumberText.count(client.involuntarySwitches)) times.",
            [
                ("sent late by", client.sendDelay), ("waited for a place", client.placeWait),
                ("woke late by", client.wakeDelay),
            ])
    }
}

extension StepReport {
    /// The rate asked for.
    var words: String { RateStep.words(from, to) }
}
