// Percentiles of too few samples stay out of text, page and comparison, and keep their numbers in
// JSON.

import Foundation
import LoadTesting
import PlainText
import Testing

@Suite struct EnoughSamplesTests {
    /// One request a millisecond, each answered after 1 ms.
    private func report(_ count: Int) throws -> RunReport {
        let seconds = Double(count) / 1_000
        let plan = try Simulation.plan(
            Simulation.constant(1_000, seconds: seconds), seconds: seconds)
        return Samples.report(Simulation.play(plan, SimulatedServer()))
    }

    /// The percentiles of the latency row from p50 to p99.99.
    private func cells(_ count: Int) throws -> [Substring] {
        let text = try report(count).text
        let row = try #require(text.split(separator: "\n").first { $0.hasPrefix("latency ") })
        return row.split(separator: " ").dropFirst(3).dropLast()
    }

    @Test(arguments: [
        ("p50", 20), ("p75", 40), ("p90", 100), ("p95", 200), ("p99", 1_000), ("p99.9", 10_000),
        ("p9999", 100_000), ("min", 1), ("max", 1),
    ])
    func tenSamplesLieBeyond(_ name: String, _ needed: Int) {
        #expect(EnoughSamples.needed(forColumn: name) == needed)
    }

    @Test(arguments: [(19, 0), (20, 1), (99, 2), (100, 3), (999, 4), (1_000, 5), (10_000, 6)])
    func theTextShowsAsManyPercentilesAsTheSamplesAllow(_ count: Int, _ shown: Int) throws {
        let cells = try cells(count)
        #expect(cells.count == 7)
        #expect(cells.prefix { $0 != "-" }.count == shown)
        #expect(cells.dropFirst(shown).allSatisfy { $0 == "-" })
    }

    @Test func thePageLeavesThemOutAndJSONKeepsThem() throws {
        let report = try report(999)
        let page = HTMLReport.page(report)
        #expect(page.contains("<span>p90</span>") && !page.contains("<span>p99</span>"))
        #expect(try HTMLReport.page(self.report(1_000)).contains("<span>p99</span>"))
        let latency = try #require(report.latency)
        #expect(latency.count == 999 && latency.p99 >= 1)
        #expect(
            report.warnings.contains { $0.hasPrefix("only 999 answers") && $0.hasSuffix("is p95") })
    }

    @Test func aThresholdOnTooFewIsJudgedWithAWarning() throws {
        var report = try report(999)
        let verdict = report.judge(
            [try Threshold("p99>1s"), try Threshold("p90>1s")], earlyEnd: nil, allowMock: false,
            allowDegraded: false)
        #expect(verdict == .passed)
        #expect(
            report.warnings.filter { $0.hasPrefix("the threshold") } == [
                "the threshold p99>1s is judged on 999 samples; 1000 make it more than a guess"
            ])
    }

    @Test func aComparisonOfTooFewSaysSo() throws {
        let text = try Comparison(report(500), report(2_000)).text
        let lines = text.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("latency p99 ") && $0.hasSuffix("too few samples") })
        #expect(lines.contains { $0.hasPrefix("latency p90 ") && !$0.hasSuffix("too few samples") })
    }
}
