// Steps of a rate: rows, marks and windows, and a page with all of them.

import Foundation
import LoadTesting
import PlainText
import Testing

@Suite struct StepTests {
    /// 100/s, then 500/s, for four seconds each, on a server of one worker that carries 250/s.
    private func record(_ steps: String = "100:4s,500:4s", drain: Double = 10) throws -> RunRecord {
        let profile = try RateProfile.steps(steps)
        var plan = try Simulation.plan(
            .open(ArrivalSchedule(profile.warmed(seconds: 1), .constant, seed: 1)),
            seconds: profile.seconds, warmup: 1, drain: drain)
        plan.steps = profile.rateSteps
        return Simulation.play(plan, SimulatedServer(workers: 1, milliseconds: 4))
    }

    private func intervals(_ count: Int, samples: Int) -> [TimedInterval] {
        (0..<count).map { index in
            var record = IntervalRecord()
            for sample in 1...samples {
                record.latency.record(Int64(sample) * 1_000_000)
                record.timeToFirstToken.record(500_000)
                record.interToken.record(250_000)
            }
            record.succeeded = samples
            record.outputTokens = samples
            return TimedInterval(start: Double(index) * 0.5, seconds: 0.5, record: record)
        }
    }

    // MARK: - Steps of a profile

    @Test func aStepPerRateAndTenPerRamp() throws {
        let steps = try RateProfile.steps("100:10s,500:20s").rateSteps
        #expect(steps.map(\.words) == ["100/s", "500/s"])
        #expect(steps.map(\.start) == [0, 10] && steps.map(\.seconds) == [10, 20])
        let ramp = try RateProfile.ramp("100:200", seconds: 20).rateSteps
        #expect(ramp.count == 10)
        #expect(ramp[0].words == "100 to 110/s" && ramp[9].words == "190 to 200/s")
        #expect(ramp.map(\.start) == (0..<10).map { Double($0) * 2 })
    }

    @Test func aLongProfileIsGrouped() throws {
        let text = (1...950).map { "\($0):1s" }.joined(separator: ",")
        let steps = try RateProfile.steps(text).rateSteps
        #expect(steps.count == 95 && steps[0].words == "1 to 10/s")
        #expect(steps.reduce(0) { $0 + $1.seconds } == 950)
        #expect(steps[94].start == 940 && steps[94].to == 950)
    }

    // MARK: - Rows

    @Test func requestsCountInTheStepInWhichTheyWereDue() throws {
        let steps = try #require(Samples.report(record()).steps)
        #expect(steps.map(\.intended) == [400, 2_000])
        #expect(steps.map(\.succeeded) == [400, 2_000])
        #expect(steps.map(\.offeredPerSecond) == [100, 500])
        #expect(steps[0].latency?.max == 4)
        // The second half of the requests is still waiting when the step ends.
        #expect(abs(steps[0].requestsPerSecond - 100) < 1)
        #expect(abs(steps[1].requestsPerSecond - 250) < 1)
        #expect(try #require(steps[1].latency).max > 3_900)
    }

    @Test func requestsWithoutAnEndAreMissingInTheirStep() throws {
        let steps = try #require(Samples.report(record(drain: 1)).steps)
        #expect(steps.map(\.missing) == [0, 750])
        #expect(steps.map { $0.succeeded + $0.missing } == [400, 2_000])
        #expect(steps[1].latency?.ofAll?.p90 == nil)
    }

    @Test func aSingleRateHasNoSteps() throws {
        let record = try record("100:1s")
        #expect(Samples.report(record).steps == nil)
        let whole = try #require(StepReport.whole(record))
        #expect(whole.intended == 100 && whole.offeredPerSecond == 100)
    }

    @Test func stepsStandInTheText() throws {
        let text = try Samples.report(record(drain: 1)).text
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(
            lines.contains(["steps", "offered", "achieved", "missing", "p50", "p90", "p99"]))
        #expect(lines.contains(["100/s", "100", "100", "0", "4.00", "4.00", "-"]), "\(text)")
        #expect(
            lines.contains { $0.prefix(2) == ["500/s", "500"] && $0[3] == "750" }, "\(text)")
    }

    // MARK: - Windows

    @Test func aWindowHasEnoughSamplesAndKeepsToItsStep() throws {
        // 40 samples each half second, and a step that begins after 4 s.
        var report = try Samples.report(record(), intervals: intervals(16, samples: 40))
        func points(_ name: String) -> [TimelinePoint] {
            report.timeline?.first { $0.sort == "latency" && $0.name == name }?.points ?? []
        }
        #expect(points("p50").count == 16 && points("max").count == 16)
        #expect(points("p90").map(\.start) == [0, 1.5, 4, 5.5])
        #expect(points("p90").allSatisfy { $0.samples == 120 && $0.seconds == 1.5 })
        #expect(points("p99").isEmpty)
        #expect(Set(report.timeline?.map(\.sort) ?? []) == ["latency", "ttft", "itl"])
        report.timeline = nil
        #expect(points("p50").isEmpty)
    }

    // MARK: - The page

    private func page(
        _ change: (inout RunReport) -> Void = { _ in }, command: [String] = ["assay-load", "rpc"]
    ) throws -> String {
        var record = try record(drain: 1)
        record.errors = ["<script>INTERNAL": 1]
        var report = Samples.report(record, intervals: intervals(16, samples: 40))
        report.origin = OriginReport(
            startedAt: 1_700_000_000, host: "host-1", processors: 2, processor: "Some <CPU>",
            system: "Linux 6 x86_64", command: command)
        _ = report.judge(
            [try Threshold("p50 > 10s"), try Threshold("p99>1s")], earlyEnd: nil,
            allowMock: false, allowDegraded: false)
        change(&report)
        return HTMLReport.page(report)
    }

    @Test func thePageSaysWhenWhereAndHow() throws {
        let page = try page(command: ["assay-load", "--fail-if", "p99>1s", "it's"])
        for part in [
            "2023-11-14T22:13:20Z", "host-1", "2, Some &lt;CPU&gt;", "Linux 6 x86_64",
            "assay-load --fail-if 'p99&gt;1s' 'it'\\''s'", "assayd/0.1 at unix:///tmp/s",
            "m, real, generation 1, llama, cpu", "<td>ab</td>",
        ] {
            #expect(page.contains(part), "\(part)")
        }
    }

    @Test func thePageShowsKeptThresholdsToo() throws {
        let page = try page()
        #expect(page.contains("<th scope=\"row\">p50 &gt; 10s</th><td class=\"text good\">passed"))
        #expect(page.contains("<th scope=\"row\">p99&gt;1s</th><td class=\"text wrong\">BROKEN"))
        #expect(page.contains("--failures-max 1.00%"))
        #expect(page.contains("at most 10.00 s"))
    }

    @Test func thePageHasRowsMarksAndPlots() throws {
        let page = try page()
        for title in [
            "Latency over time", "Time to first token over time", "Inter-token time over time",
            "Latency against rate", "Throughput", "Latency by percentile",
        ] {
            #expect(page.contains("aria-label=\"\(title)\""), "\(title)")
        }
        // A dashed line for each of two steps in each of four plots over time.
        #expect(page.components(separatedBy: "class=\"mark\"").count == 1 + 2 * 4)
        #expect(page.contains(">500/s</text>") && page.contains("<th scope=\"row\">500/s</th>"))
        // p50 of both steps; p99 of the first has too few samples, of the second no answer.
        #expect(page.components(separatedBy: "<circle").count == 1 + 2)
        #expect(page.contains("No window has enough samples: p99 needs 1,000."))
    }

    @Test func everyTableHasHeadings() throws {
        let page = try page()
        let tables = page.components(separatedBy: "<table").dropFirst()
        #expect(tables.count >= 6)
        let isHeaded = { (table: String) in
            table.contains("scope=\"col\"") || table.hasPrefix(" class=\"facts")
        }
        #expect(tables.allSatisfy(isHeaded))
    }

    @Test func hostileTextIsEscapedEverywhere() throws {
        let bad = "<script>alert(\"1\")</script>"
        let page = try page { report in
            report.origin?.command = bad
            report.origin?.host = bad
            report.warnings = [bad]
            report.thresholds?[0].text = bad
            report.target.server = bad
            report.setup.mix = bad
        }
        #expect(!page.contains("<script") && page.contains("&lt;script&gt;"))
    }

    // MARK: - JSON

    @Test func jsonHasTheNewPartsAndReadsReportsWithout() throws {
        var report = try Samples.report(record(drain: 1), intervals: intervals(4, samples: 40))
        _ = report.judge(
            [try Threshold("p99>1s")], earlyEnd: nil, allowMock: false, allowDegraded: false)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = try encoder.encode(report)
        #expect(try decoder.decode(RunReport.self, from: data) == report)
        var object = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let threshold = try #require((object["thresholds"] as? [[String: Any]])?.first)
        #expect(threshold["passed"] as? Bool == false && threshold["bound"] as? Double == 1_000)
        // The percentile lies among requests without an answer: no number.
        #expect(threshold["value"] == nil && threshold["samples"] as? Int == 2_400)
        for key in ["origin", "steps", "timeline", "thresholds"] { object[key] = nil }
        let older = try decoder.decode(
            RunReport.self, from: JSONSerialization.data(withJSONObject: object))
        #expect(older.steps == nil && HTMLReport.page(older).contains("Latency over time"))
    }
}
