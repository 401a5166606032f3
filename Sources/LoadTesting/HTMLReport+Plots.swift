// The plots of the page: times over time with a mark where a step begins, latency against rate,
// throughput, and latency by percentile.
//
// A line over time is a staircase: each stair is a window with enough samples for its percentile.

import PlainText

extension HTMLReport {
    /// Times and throughput over the run, and latency by percentile. Tokens where there are some.
    static func plots(_ report: RunReport) -> [Plot] {
        let sorts = [
            ("latency", "Latency over time"), ("ttft", "Time to first token over time"),
            ("itl", "Inter-token time over time"),
        ]
        let series = report.timeline ?? []
        var plots: [Plot] = []
        for (sort, title) in sorts
        where sort == "latency" || series.contains(where: { $0.sort == sort }) {
            plots.append(overTime(report, title, series.filter { $0.sort == sort }))
        }
        return plots + [throughput(report), percentileCurve(report)]
    }

    private static let colors = [
        ("max", "faint"), ("p99", "hot"), ("p90", "warm"), ("p50", "cool"),
    ]

    private static func overTime(
        _ report: RunReport, _ title: String, _ series: [TimelineSeries]
    ) -> Plot {
        let lines = colors.compactMap { name, color -> PlotLine? in
            guard let points = series.first(where: { $0.name == name })?.points, !points.isEmpty
            else { return nil }
            return PlotLine(name: name, color: color, runs: runs(points))
        }
        let absent = ["p50", "p90", "p99"].filter { name in
            !series.isEmpty && !lines.contains { $0.name == name }
        }
        let needs = absent.map { name in
            "\(name) needs \(NumberText.count(EnoughSamples.needed(forColumn: name)))"
        }
        return Plot(
            title: title, unit: "milliseconds of the answers, logarithmic",
            note: needs.isEmpty
                ? "" : "No window has enough samples: " + needs.joined(separator: ", ") + ".",
            lines: lines, x: seconds(report), isLogarithmic: true, marks: marks(report))
    }

    /// Stairs of adjacent windows, broken where a window has too few samples.
    private static func runs(_ points: [TimelinePoint]) -> [[(x: Double, y: Double)]] {
        var runs: [[(x: Double, y: Double)]] = []
        var end = -1.0
        for point in points {
            if abs(point.start - end) > 1e-6 { runs.append([]) }
            end = point.start + point.seconds
            runs[runs.count - 1] += [(point.start, point.milliseconds), (end, point.milliseconds)]
        }
        return runs
    }

    private static func marks(_ report: RunReport) -> [PlotTick] {
        (report.steps ?? []).map {
            PlotTick(value: $0.start, text: RateStep.rate($0.from) + "/s")
        }
    }

    private static func seconds(_ report: RunReport) -> PlotAxis {
        let end = report.intervals.last.map { $0.start + $0.seconds } ?? 0
        return PlotAxis(to: end, unit: " s")
    }

    /// A point per step, or per trial of a search. Nil for fewer than two.
    static func latencyAgainstRate(_ report: RunReport) -> Plot? {
        let all = report.steps ?? (report.search?.trials ?? []).compactMap(\.step)
        // Of several trials at one rate, the last decided.
        var steps: [Double: StepReport] = [:]
        for step in all { steps[step.offeredPerSecond] = step }
        guard steps.count > 1 else { return nil }
        let inOrder = steps.values.sorted { $0.offeredPerSecond < $1.offeredPerSecond }
        let lines = [("p99", "hot"), ("p50", "cool")].map { name, color in
            PlotLine(
                name: name, color: color,
                runs: [
                    inOrder.compactMap { step in
                        step.latency?.cellOfAll(name).milliseconds.map {
                            (step.offeredPerSecond, $0)
                        }
                    }
                ], hasDots: true)
        }
        let isShort = lines[0].runs[0].count < inOrder.count
        return Plot(
            title: "Latency against rate",
            unit: "milliseconds of all requests, logarithmic, by requests offered a second",
            note: isShort
                ? "A step has no p99 when fewer than 1,000 requests were due in it, or more than "
                    + "one in a hundred had no answer." : "",
            lines: lines, x: PlotAxis(to: inOrder[inOrder.count - 1].offeredPerSecond, unit: "/s"),
            isLogarithmic: true)
    }

    /// x is the number of nines: each step leaves out a tenth of the share that the step before
    /// left out. The curve ends where fewer than ten samples lie beyond.
    private static func percentileCurve(_ report: RunReport) -> Plot {
        let count = Double(report.latency?.count ?? 0)
        let points = report.curve.compactMap { point -> (x: Double, y: Double)? in
            let left = 1 - point.percentile / 100
            guard left * count >= EnoughSamples.beyondMin - 1e-3 else { return nil }
            return (-Double.logarithm(left), point.milliseconds)
        }
        let names = ["0%", "90%", "99%", "99.9%", "99.99%", "99.999%", "99.9999%", "99.99999%"]
        let end = max(1, Int((points.last?.x ?? 1).rounded(.up)))
        let ticks = (0...min(end, names.count - 1)).map {
            PlotTick(value: Double($0), text: names[$0])
        }
        return Plot(
            title: "Latency by percentile",
            unit: report.missing == 0
                ? "milliseconds"
                : "milliseconds, of the \(report.succeeded) answers; \(report.missing) requests "
                    + "have none",
            lines: [PlotLine(name: "latency", color: "cool", runs: [points])],
            x: PlotAxis(end: Double(end), ticks: ticks))
    }

    private static func throughput(_ report: RunReport) -> Plot {
        func line(
            _ name: String, _ color: String, _ count: (IntervalReport) -> Int
        ) -> PlotLine {
            PlotLine(
                name: name, color: color,
                runs: [
                    report.intervals.filter { $0.seconds > 0.01 }.map {
                        ($0.start + $0.seconds / 2, Double(count($0)) / $0.seconds)
                    }
                ])
        }
        var lines = [
            line("sent", "faint") { $0.sent }, line("succeeded", "cool") { $0.succeeded },
        ]
        if report.failed > 0 { lines.append(line("failed", "hot") { $0.failed }) }
        if report.outputTokensPerSecond > 0 {
            lines.append(line("output tokens", "warm") { $0.outputTokens })
        }
        return Plot(
            title: "Throughput", unit: "per second", lines: lines, x: seconds(report),
            marks: marks(report))
    }
}
