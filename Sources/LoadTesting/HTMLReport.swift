// The report as a single HTML page without scripts, fonts or pictures from elsewhere. The page
// follows the reader's choice of light or dark, prints, and fits a narrow screen.
//
// Hostile input: everything from a server or a flag is escaped.
// Not here: the head (HTMLReport+Head), tables (HTMLReport+Tables), plots (HTMLReport+Plots), and
// the style sheet (HTMLReport+Style).

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
        \(banner(report))\(summary(report))\(head(report))\
        \(thresholds(report))\(steps(report))\(search(report))\
        \(latencyAgainstRate(report)?.html ?? "")\(measures(report))\
        \(plots(report).map(\.html).joined())\
        \(counts(report))\(kinds(report))\(errors(report))\(ownCost(report))\
        <section><details><summary>The report as text</summary>
        <pre>\(escaped(report.text))</pre>
        </details></section>
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
        if let ended = report.endedEarly { lines.append(("note", ended)) }
        lines += report.warnings.filter { !$0.hasPrefix("MOCK") }.map { ("note", $0) }
        return lines.map { "<p class=\"\($0.0)\">\(escaped($0.1))</p>\n" }.joined()
    }
}
