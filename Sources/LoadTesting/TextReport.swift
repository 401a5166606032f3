// The report for a terminal: settings, results, and their uncertainty. Plain text without colours.

extension RunReport {
    /// The report as lines of text, at most about 100 columns.
    package var text: String {
        var lines: [String] = []
        if isMock { lines += [Self.mockBanner, ""] }
        if degraded {
            lines += ["*** DEGRADED: some answers were worse than they could be ***", ""]
        }
        lines += heading + [""] + outcome + [""] + table
        if let steps, steps.count > 1 { lines += [""] + Self.table(of: steps) }
        if kinds.count > 1 { lines += [""] + perKind }
        if !errors.isEmpty { lines += [""] + counted("errors by status", errors) }
        if !degradations.isEmpty { lines += [""] + counted("degradations", degradations) }
        if let search { lines += [""] + Self.lines(search) }
        lines += [""] + ownCost
        if let thresholds, !thresholds.isEmpty { lines += [""] + Self.lines(thresholds) }
        if !warnings.isEmpty { lines += [""] + warnings.map { "warning: " + $0 } }
        if !failures.isEmpty { lines += [""] + failures.map { "FAILED: " + $0 } }
        return lines.joined(separator: "\n") + "\n"
    }

    static let mockBanner =
        "*** MOCK: these answers were made up by a mock model; the numbers mean nothing ***"

    private var heading: [String] {
        let models = target.models.map(Self.words).joined(separator: ", ")
        var lines = origin.map(Self.lines) ?? []
        lines += [
            "server     \(target.address), \(target.server)",
            "models     \(models.isEmpty ? "none" : models)",
            "load       \(setup.loop) loop, \(setup.schedule); \(setup.connections) connections "
                + "x depth \(setup.depth)",
            "requests   \(setup.mix)\(setup.prompts.isEmpty ? "" : "; " + setup.prompts)",
            "measured   \(NumberText.fixed(measuredSeconds, 1)) s after "
                + "\(NumberText.fixed(setup.warmupSeconds, 1)) s of warm-up, seed \(setup.seed)",
        ]
        if let endedEarly { lines.append("ended      " + endedEarly) }
        return lines
    }

    private static func lines(_ origin: OriginReport) -> [String] {
        [
            "started    \(origin.started) on \(origin.host), \(origin.processors) processors "
                + "(\(origin.processor)), \(origin.system)",
            "command    \(origin.command)",
        ]
    }

    private static func words(_ model: TargetFacts.Model) -> String {
        "\(model.name)\(model.isMock ? " (MOCK)" : "") generation \(model.generation)"
            + (model.device.isEmpty ? "" : " on \(model.device)")
            + (model.isMock ? "" : ", real")
            + (model.fingerprint.isEmpty ? "" : ", fingerprint \(model.fingerprint.prefix(12))")
    }

    private var outcome: [String] {
        func line(_ name: String, _ count: Int) -> String? {
            guard count > 0 else { return nil }
            let share = NumberText.percent(Double(count) / Double(Swift.max(intended, 1)))
            return NumberText.left(name, 19) + NumberText.right(NumberText.count(count), 13)
                + NumberText.right(share, 10)
        }
        var lines = [
            line("intended", intended), line("succeeded", succeeded), line("failed", failed),
            line("cancelled", cancelled), line("deadline exceeded", deadlineExceeded),
            line("unfinished", unfinished), line("never sent", unsent),
            line("mock answers", mockAnswers), line("degraded answers", degradedAnswers),
        ].compactMap(\.self)
        lines.append(
            "throughput " + NumberText.short(requestsPerSecond) + " requests/s (offered "
                + NumberText.short(offeredPerSecond) + "/s)"
                + (outputTokensPerSecond > 0
                    ? ", \(NumberText.short(outputTokensPerSecond)) output tokens/s" : "")
                + (promptTokensPerSecond > 0
                    ? ", \(NumberText.short(promptTokensPerSecond)) prompt tokens/s" : ""))
        if let goodput {
            lines.append(
                "goodput    " + NumberText.short(goodput.requestsPerSecond) + " requests/s, "
                    + "\(NumberText.percent(goodput.share)) of all (\(goodput.objective))")
        }
        return lines
    }

    private var table: [String] {
        let rows: [(String, Quantiles?)] = [
            ("latency", latency), ("service time", setup.loop == "open" ? service : nil),
            ("first token", timeToFirstToken), ("inter-token", interTokenLatency),
            ("per output token", timePerOutputToken),
        ]
        var lines = Self.table(rows)
        // The first two lines are the header and the latency of the answers.
        if let all = Self.row("latency, all", latency) { lines.insert(all, at: 2) }
        return lines
    }

    private var perKind: [String] {
        Self.table(
            kinds.map { ("\($0.kind) (\(NumberText.count($0.succeeded)))", $0.latency) },
            title: "latency by kind")
            + kinds.compactMap { Self.row("\($0.kind), all", $0.latency) }
    }

    /// Percentiles over all requests, "none" where there is no answer. Nil when all were answered.
    private static func row(_ name: String, _ times: Quantiles?) -> String? {
        guard let times, times.ofAll != nil else { return nil }
        return NumberText.left(name, 19)
            + ([.time(times.min), .few] + times.cellsOfAll.map(\.cell)).map {
                NumberText.right(text($0), 8)
            }.joined()
    }

    private static func text(_ cell: TimeCell) -> String {
        switch cell {
        case .time(let value): NumberText.short(value)
        case .few: "-"
        case .unanswered: "none"
        }
    }

    /// A row per step, or per trial of a search.
    private static func table(of steps: [StepReport]) -> [String] {
        let hasTokens = steps.contains { $0.timeToFirstToken != nil }
        let names =
            ["offered", "achieved", "missing", "p50", "p90", "p99"]
            + (hasTokens ? ["ttft p50", "p99", "itl p50", "p99"] : [])
        return [row("steps", names)]
            + steps.map { step in
                row(
                    RateStep.words(step.from, step.to),
                    cells(step) + (hasTokens ? tokenCells(step) : []))
            }
    }

    private static func row(_ name: String, _ cells: [String]) -> String {
        NumberText.left(name, 17) + cells.map { NumberText.right($0, 9) }.joined()
    }

    private static func cells(_ step: StepReport) -> [String] {
        let times = ["p50", "p90", "p99"].map { name in
            step.latency.map { text($0.cellOfAll(name)) } ?? "-"
        }
        return [
            RateStep.rate(step.offeredPerSecond), RateStep.rate(step.requestsPerSecond),
            "\(step.missing)",
        ] + times
    }

    private static func tokenCells(_ step: StepReport) -> [String] {
        [step.timeToFirstToken, step.interTokenLatency].flatMap { times in
            ["p50", "p99"].map { name in times.map { text($0.cellOfAll(name)) } ?? "-" }
        }
    }

    private static func lines(_ thresholds: [ThresholdReport]) -> [String] {
        let width = min(thresholds.map(\.text.count).max() ?? 0, 40)
        return ["thresholds"]
            + thresholds.map { threshold in
                (threshold.passed ? "passed  " : "BROKEN  ")
                    + NumberText.left(threshold.text, width)
                    + "  found \(threshold.found), allowed \(threshold.allowed)"
            }
    }

    private static func table(
        _ rows: [(String, Quantiles?)], title: String = "milliseconds"
    ) -> [String] {
        let shown = rows.compactMap { name, times in times.map { (name, $0) } }
        guard let first = shown.first else { return ["no answer was measured"] }
        let header =
            NumberText.left(title, 19)
            + (["min", "mean"] + first.1.columns.map(\.name)).map { NumberText.right($0, 8) }
            .joined()
        return [header]
            + shown.map { name, times in
                NumberText.left(name, 19)
                    + ([.time(times.min), .time(times.mean)] + times.cells.map(\.cell)).map {
                        NumberText.right(text($0), 8)
                    }.joined()
            }
    }

    private func counted(_ title: String, _ counts: [NamedCount]) -> [String] {
        [title]
            + counts.prefix(20).map {
                NumberText.right(NumberText.count($0.count), 13) + "  " + $0.name
            }
    }

    private var ownCost: [String] {
        let rows: [(String, Quantiles?)] = [
            ("sent late by", client.sendDelay),
            ("waited for a place", (client.placeWait?.max ?? 0) > 0 ? client.placeWait : nil),
            ("woke late by", client.wakeDelay),
        ]
        let queue = client.runQueueSeconds.map {
            ", waited \(NumberText.fixed($0, 2)) s for a processor"
        }
        return Self.table(rows, title: "the tester itself") + [
            "it used \(NumberText.fixed(client.processorSeconds, 2)) processor seconds and was "
                + "interrupted \(NumberText.count(client.involuntarySwitches)) times\(queue ?? "")"
        ]
    }

    private static func lines(_ search: SearchReport) -> [String] {
        let found = search.rate.map { "\(NumberText.short($0)) requests/s" } ?? "none"
        return ["highest rate with \(search.objective): \(found)"]
            + search.trials.map { trial in
                NumberText.right(NumberText.short(trial.rate), 13) + "/s  "
                    + (trial.held ? "held    " : "failed  ") + trial.finding
            } + [""] + table(of: search.trials.compactMap(\.step))
    }
}

extension IntrinsicLatency {
    /// The measurement as lines of text.
    package var text: String {
        let stolen = Double(gaps.count) * gaps.mean / 1e9
        var lines = [
            "intrinsic latency of this host, nothing else measured",
            "busy thread    \(NumberText.count(looks)) looks at the clock in "
                + "\(NumberText.fixed(seconds, 1)) s; it was away \(NumberText.count(gaps.count)) "
                + "times (1 us or more), \(NumberText.percent(stolen / Swift.max(seconds, 1e-9))) "
                + "of the time",
        ]
        for (name, histogram) in [("away for", gaps), ("woke late by", wakeDelay)] {
            guard let times = Quantiles(histogram) else { continue }
            lines.append(
                NumberText.left(name, 15)
                    + times.cells.compactMap { name, cell in
                        cell.milliseconds.map { "\(name) \(NumberText.time(milliseconds: $0))" }
                    }.joined(separator: "  "))
        }
        lines.append("no latency measured on this host can be trusted below these")
        return lines.joined(separator: "\n") + "\n"
    }
}
