// The head of the page: the figures that matter most, then when, where and how the run was made.

extension HTMLReport {
    /// Boxes with the main figures.
    static func summary(_ report: RunReport) -> String {
        var tiles: [(String, String)] = [
            ("requests/s", NumberText.short(report.requestsPerSecond)),
            ("offered/s", NumberText.short(report.offeredPerSecond)),
        ]
        tiles += latencyTiles(report)
        if let first = report.timeToFirstToken { tiles += tailTile("first token", first) }
        if report.outputTokensPerSecond > 0 {
            tiles.append(("tokens/s", NumberText.short(report.outputTokensPerSecond)))
        }
        if let goodput = report.goodput {
            tiles.append(("goodput", NumberText.percent(goodput.share)))
        }
        tiles.append(("failed", NumberText.count(report.failed)))
        if report.missing > report.failed {
            tiles.append(("without an answer", NumberText.count(report.missing)))
        }
        let boxes = tiles.map { name, value in
            "<div><b>\(escaped(value))</b><span>\(escaped(name))</span></div>"
        }
        return "<div class=\"tiles\">\(boxes.joined())</div>\n"
    }

    private static func latencyTiles(_ report: RunReport) -> [(String, String)] {
        guard let latency = report.latency else { return [] }
        return latency.cellsOfAll.compactMap { name, cell in
            guard ["p50", "p90", "p99", "p99.9", "max"].contains(name), cell != .few
            else { return nil }
            return (latency.ofAll == nil ? name : name + " of all", text(cell))
        }
    }

    /// The highest of p50, p90 and p99 that has enough samples.
    private static func tailTile(_ name: String, _ times: Quantiles) -> [(String, String)] {
        let known = times.cells.last { ["p50", "p90", "p99"].contains($0.name) && $0.cell != .few }
        return known.map { [("\(name) \($0.name)", text($0.cell))] } ?? []
    }

    /// A time with its unit.
    static func text(_ cell: TimeCell) -> String {
        switch cell {
        case .time(let value): NumberText.time(milliseconds: value)
        case .few: "-"
        case .unanswered: "no answer"
        }
    }

    /// Facts on the run, the server and its models.
    static func head(_ report: RunReport) -> String {
        let rows = facts(report).map { name, value in
            "<tr><th scope=\"row\">\(escaped(name))</th><td>\(escaped(value))</td></tr>\n"
        }
        return "<section><h2>Run</h2><table class=\"facts\">\n\(rows.joined())</table></section>\n"
    }

    private static func facts(_ report: RunReport) -> [(String, String)] {
        let setup = report.setup
        var rows: [(String, String)] = []
        if let origin = report.origin {
            rows += [
                ("Date", origin.started), ("Host", origin.host),
                ("Processors", "\(origin.processors), \(origin.processor)"),
                ("System", origin.system), ("Command", origin.command),
            ]
        } else {
            rows.append(("Date", UTCTime.text(report.startedAt)))
        }
        rows.append(("Server", "\(report.target.server) at \(report.target.address)"))
        return rows + models(report) + [
            ("Load", "\(setup.loop) loop, \(setup.schedule)"),
            ("Connections", "\(setup.connections), at most \(setup.depth) requests each"),
            ("Requests", setup.mix + (setup.prompts.isEmpty ? "" : "; " + setup.prompts)),
            (
                "Measured",
                "\(NumberText.fixed(report.measuredSeconds, 1)) s after "
                    + "\(NumberText.fixed(setup.warmupSeconds, 1)) s of warm-up"
            ),
            ("Seed", "\(setup.seed)"),
        ]
    }

    /// Two rows for each model.
    private static func models(_ report: RunReport) -> [(String, String)] {
        report.target.models.flatMap { model in
            let facts = [
                model.name, model.isMock ? "MOCK" : "real", "generation \(model.generation)",
                model.architecture, model.device,
            ]
            return [
                ("Model", facts.filter { !$0.isEmpty }.joined(separator: ", ")),
                ("Fingerprint", model.fingerprint.isEmpty ? "none" : model.fingerprint),
            ]
        }
    }
}
