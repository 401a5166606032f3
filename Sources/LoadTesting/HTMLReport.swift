// The report as a single HTML page without scripts, fonts or pictures from elsewhere. The page
// follows the reader's choice of light or dark, and prints.
//
// Hostile input: everything from a server or a flag is escaped.

/// Writes the page.
package enum HTMLReport {
    /// The whole page.
    package static func page(_ report: RunReport) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
        style-src 'unsafe-inline'">
        <title>\(report.isMock ? "MOCK - " : "")assay-load rpc</title>
        <style>\(style)</style>
        </head>
        <body>
        <main>
        <h1>assay-load rpc</h1>
        \(banner(report))\(summary(report))
        \(latencyOverTime(report).html)\(percentileCurve(report).html)\(throughput(report).html)\
        <section><h2>Figures</h2>
        <pre>\(escaped(report.text))</pre>
        </section>
        </main>
        </body>
        </html>

        """
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }

    private static func banner(_ report: RunReport) -> String {
        var lines: [(String, String)] = []
        if report.isMock { lines.append(("bad", RunReport.mockBanner)) }
        lines += report.failures.map { ("bad", "FAILED: " + $0) }
        lines += report.warnings.filter { !$0.hasPrefix("MOCK") }.map { ("note", $0) }
        return lines.map { "<p class=\"\($0.0)\">\(escaped($0.1))</p>\n" }.joined()
    }

    private static func summary(_ report: RunReport) -> String {
        var tiles: [(String, String)] = [
            ("requests/s", NumberText.short(report.requestsPerSecond)),
            ("offered/s", NumberText.short(report.offeredPerSecond)),
        ]
        if let latency = report.latency {
            let all = latency.ofAll?.columns ?? latency.columns.map { ($0.name, $0.value) }
            for (name, value) in all where ["p50", "p99", "p99.9", "max"].contains(name) {
                let text = value.map { NumberText.time(milliseconds: $0) } ?? "no answer"
                tiles.append((latency.ofAll == nil ? name : name + " of all", text))
            }
        }
        if let first = report.timeToFirstToken {
            tiles.append(("first token p99", NumberText.time(milliseconds: first.p99)))
        }
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
        let what =
            "\(report.target.address) &#183; \(report.setup.loop) loop, "
            + "\(report.setup.schedule) &#183; \(report.setup.mix)"
        return "<p>\(escaped(what).replacing("&amp;#183;", with: "&#183;"))</p>\n"
            + "<div class=\"tiles\">\(boxes.joined())</div>"
    }

    // MARK: - Plots

    private static func seconds(_ report: RunReport) -> [PlotTick] {
        let end = report.intervals.last.map { $0.start + $0.seconds } ?? 0
        let steps = [
            0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400,
        ]
        let step = steps.first { end / $0 <= 10 } ?? end / 10
        guard step > 0 else { return [] }
        return (0...max(1, Int((end / step).rounded(.up)))).map { index in
            let value = Double(index) * step
            return PlotTick(
                value: value, text: NumberText.fixed(value, step < 1 ? 1 : 0) + " s")
        }
    }

    private static func latencyOverTime(_ report: RunReport) -> Plot {
        func line(
            _ name: String, _ color: String, _ value: (IntervalReport) -> Double?
        ) -> PlotLine {
            PlotLine(
                name: name, color: color,
                points: report.intervals.compactMap { interval in
                    value(interval).map { (interval.start + interval.seconds / 2, $0) }
                })
        }
        return Plot(
            title: "Latency over time", unit: "milliseconds, logarithmic",
            lines: [
                line("max", "faint") { $0.max }, line("p99", "hot") { $0.p99 },
                line("p90", "warm") { $0.p90 }, line("p50", "cool") { $0.p50 },
            ], ticks: seconds(report), isLogarithmic: true)
    }

    /// x is the number of nines: each step leaves out a tenth of the share that the step before
    /// left out.
    private static func percentileCurve(_ report: RunReport) -> Plot {
        let count = report.latency?.count ?? 0
        let nines = max(1, Double.logarithm(Double(max(count, 10))))
        let points = report.curve.map { point -> (x: Double, y: Double) in
            let left = 1 - point.percentile / 100
            return (left > 0 ? min(nines, -Double.logarithm(left)) : nines, point.milliseconds)
        }
        let names = ["0%", "90%", "99%", "99.9%", "99.99%", "99.999%", "99.9999%", "99.99999%"]
        let ticks = (0...min(Int(nines.rounded(.up)), names.count - 1)).map {
            PlotTick(value: Double($0), text: names[$0])
        }
        return Plot(
            title: "Latency by percentile",
            unit: report.missing == 0
                ? "milliseconds"
                : "milliseconds, of the \(report.succeeded) answers; \(report.missing) requests "
                    + "have none",
            lines: [PlotLine(name: "latency", color: "cool", points: points)], ticks: ticks)
    }

    private static func throughput(_ report: RunReport) -> Plot {
        func line(
            _ name: String, _ color: String, _ count: (IntervalReport) -> Int
        ) -> PlotLine {
            PlotLine(
                name: name, color: color,
                points: report.intervals.filter { $0.seconds > 0.01 }.map {
                    ($0.start + $0.seconds / 2, Double(count($0)) / $0.seconds)
                })
        }
        var lines = [
            line("sent", "faint") { $0.sent }, line("succeeded", "cool") { $0.succeeded },
        ]
        if report.failed > 0 { lines.append(line("failed", "hot") { $0.failed }) }
        if report.outputTokensPerSecond > 0 {
            lines.append(line("output tokens", "warm") { $0.outputTokens })
        }
        return Plot(
            title: "Throughput", unit: "per second", lines: lines, ticks: seconds(report))
    }

    private static let style = """
        :root{color-scheme:light dark;--back:#fff;--text:#1a1d21;--soft:#5c6570;--line:#e3e6ea;\
        --box:#f5f6f8;--cool:#1f6feb;--warm:#b26a00;--hot:#c0262d;--faint:#9aa4af;--bad:#c0262d}\
        @media(prefers-color-scheme:dark){:root{--back:#14171b;--text:#e7eaee;--soft:#9aa4af;\
        --line:#2a2f36;--box:#1c2026;--cool:#6aa8ff;--warm:#f0b04a;--hot:#ff7b7b;--faint:#6b7480;\
        --bad:#ff7b7b}}\
        body{margin:0;background:var(--back);color:var(--text);\
        font:15px/1.5 system-ui,sans-serif}main{max-width:900px;margin:0 auto;padding:24px 16px}\
        h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:28px 0 4px}\
        small,.legend,.tiles span{color:var(--soft);font-weight:400;font-size:13px}\
        .tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));gap:8px}\
        .tiles div{background:var(--box);border-radius:8px;padding:10px 12px}\
        .tiles b{display:block;font-size:19px}.legend span{margin-right:16px}\
        .legend i{display:inline-block;width:18px;height:3px;margin-right:6px;\
        vertical-align:middle}svg{width:100%;height:auto;display:block}\
        svg text{fill:var(--soft);font-size:11px}.grid{stroke:var(--line)}\
        polyline{fill:none;stroke-width:1.8;stroke-linejoin:round}\
        pre{background:var(--box);border-radius:8px;padding:12px;overflow-x:auto;\
        white-space:pre-wrap;\
        font:12px/1.45 ui-monospace,monospace}\
        .bad{border:2px solid var(--bad);color:var(--bad);border-radius:8px;padding:8px 12px;\
        font-weight:700}.note{border-left:3px solid var(--warm);padding:2px 12px;\
        color:var(--soft);margin:8px 0}
        """
}
