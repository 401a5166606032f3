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
        if kinds.count > 1 { lines += [""] + perKind }
        if !errors.isEmpty { lines += [""] + counted("errors by status", errors) }
        if !degradations.isEmpty { lines += [""] + counted("degradations", degradations) }
        if let search { lines += [""] + Self.lines(search) }
        lines += [""] + ownCost
        if !warnings.isEmpty { lines += [""] + warnings.map { "warning: " + $0 } }
        if !failures.isEmpty { lines += [""] + failures.map { "FAILED: " + $0 } }
        return lines.joined(separator: "\n") + "\n"
    }

    static let mockBanner =
        "*** MOCK: these answers were made up by a mock model; the numbers mean nothing ***"

    private var heading: [String] {
        let models = target.models.map { model in
            "\(model.name)\(model.isMock ? " (MOCK)" : "") generation \(model.generation)"
                + (model.device.isEmpty ? "" : " on \(model.device)")
        }
        var lines = [
            "server     \(target.address), \(target.server)",
            "models     \(models.isEmpty ? "none" : models.joined(separator: ", "))",
            "load       \(setup.loop) loop, \(setup.schedule); \(setup.connections) connections "
                + "x depth \(setup.depth)",
            "requests   \(setup.mix)\(setup.prompts.isEmpty ? "" : "; " + setup.prompts)",
            "measured   \(NumberText.fixed(measuredSeconds, 1)) s after "
                + "\(NumberText.fixed(setup.warmupSeconds, 1)) s of warm-up, seed \(setup.seed)",
        ]
        if let endedEarly { lines.append("ended      " + endedEarly) }
        return lines
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
        guard let times, let all = times.ofAll else { return nil }
        let values = [times.min, nil] + all.columns.map(\.value)
        return NumberText.left(name, 19)
            + values.enumerated().map { index, value in
                let text = value.map(NumberText.short) ?? (index == 1 ? "-" : "none")
                return NumberText.right(text, 8)
            }.joined()
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
                    + ([times.min, times.mean] + times.columns.map(\.value)).map {
                        NumberText.right(NumberText.short($0), 8)
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
            }
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
                    + times.columns.map {
                        "\($0.name) \(NumberText.time(milliseconds: $0.value))"
                    }.joined(separator: "  "))
        }
        lines.append("no latency measured on this host can be trusted below these")
        return lines.joined(separator: "\n") + "\n"
    }
}
