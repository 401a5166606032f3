// Reports and comparisons of runs in which requests have no answer.

import Foundation
import LoadTesting
import Testing

@Suite struct FailedRequestsReportTests {
    /// 2,000 requests at 1000/s, 1 to 100 ms each, of which every `nth` is refused; 0 for none.
    private func report(refusing nth: Int) throws -> RunReport {
        var server = SimulatedServer()
        server.work = { Int64($0 * 37 % 100 + 1) * 1_000_000 }
        server.end = { nth > 0 && $0 % nth == 0 ? .refused("UNAVAILABLE") : .succeeded }
        let record = Simulation.play(
            try Simulation.plan(Simulation.constant(1_000, seconds: 2), seconds: 2), server)
        return Samples.report(record, intervals: intervals(nth))
    }

    private func intervals(_ nth: Int) -> [TimedInterval] {
        (0..<20).map { index in
            var record = IntervalRecord()
            for value in 0..<100 where nth == 0 || value % nth != 0 {
                record.latency.record(Int64(value * 37 % 100 + 1) * 1_000_000)
            }
            record.sent = 100
            record.succeeded = record.latency.count
            record.failed = 100 - record.succeeded
            return TimedInterval(start: Double(index) * 0.1, seconds: 0.1, record: record)
        }
    }

    @Test func theTextHasARowForAll() throws {
        let text = try report(refusing: 20).text
        let row = try #require(text.split(separator: "\n").first { $0.hasPrefix("latency, all") })
        let cells = row.split(separator: " ").dropFirst(2)
        #expect(cells.count == 10 && cells.last == "none")
        #expect(cells.suffix(4).allSatisfy { $0 == "none" })
        #expect(
            text.contains(
                "warning: 100 of 2000 requests (5.00%) have no answer (100 failed): \"latency, "
            ))
        #expect(try !report(refusing: 0).text.contains("latency, all"))
    }

    @Test func jsonSaysNullWhereThePercentileLiesAmongTheMissing() throws {
        let report = try report(refusing: 20)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let data = try encoder.encode(report)
        let object = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let latency = try #require(object["latency"] as? [String: Any])
        #expect(latency["missing"] as? Int == 100 && latency["p99"] is Double)
        let all = try #require(latency["of_all"] as? [String: Any])
        #expect(all["p95"] is Double && all["p99"] is NSNull && all["max"] is NSNull)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        #expect(try decoder.decode(RunReport.self, from: data) == report)
    }

    @Test func csvPageAndLogSayItToo() throws {
        let report = try report(refusing: 20)
        let line = try #require(report.csv.split(separator: "\r\n").dropFirst().first)
        #expect(line.hasSuffix(",Infinity,Infinity"))
        #expect(line.split(separator: ",").count == 16)
        let page = HTMLReport.page(report)
        #expect(page.contains("<b>no answer</b><span>p99 of all</span>"))
        #expect(page.contains("of the 1900 answers; 100 requests have none"))
        let log = HDRLog.text(intervals(20), startedAt: 0, isMock: false, missing: report.missing)
        #expect(log.contains("#[Requests without an answer, in no histogram: 100]\n"))
    }

    @Test func aStretchWithNothingButFailuresIsNotAnEmptyOne() throws {
        var record = IntervalRecord()
        record.sent = 5
        record.failed = 5
        let interval = TimedInterval(start: 0, seconds: 0.1, record: record)
        let run = Simulation.play(
            try Simulation.plan(Simulation.constant(1_000, seconds: 1), seconds: 1),
            SimulatedServer())
        let csv = Samples.report(run, intervals: [interval]).csv
        #expect(csv.hasSuffix(",,,,,Infinity,Infinity,Infinity,Infinity\r\n"), "\(csv)")
    }

    // MARK: - Comparison

    private func finding(_ name: String, _ comparison: Comparison) -> Comparison.Finding? {
        comparison.rows.first { $0.name == name }?.finding
    }

    @Test func failuresMakeTheTailWorseThoughTheAnswersAreAsQuick() throws {
        let comparison = try Comparison(report(refusing: 0), report(refusing: 20))
        #expect(finding("latency p99", comparison) == .worse)
        #expect(finding("latency p50", comparison) == .withinNoise)
        #expect(finding("failed share", comparison) == .worse)
        #expect(comparison.isWorse)
        #expect(comparison.text.contains("no answer"))
        let back = try Comparison(report(refusing: 20), report(refusing: 0))
        #expect(finding("latency p99", back) == .better && !back.isWorse)
    }

    @Test func theSameFailuresTwiceAreTheSame() throws {
        let comparison = try Comparison(report(refusing: 20), report(refusing: 20))
        #expect(!comparison.isWorse)
        #expect(finding("latency p99", comparison) == .withinNoise)
    }

    @Test func aReportThatDidNotCountThemIsJudgedOnlyWithoutFailures() throws {
        func aged(_ nth: Int) throws -> RunReport {
            var report = try report(refusing: nth)
            report.latency?.missing = nil
            report.latency?.ofAll = nil
            return report
        }
        let failing = try Comparison(aged(20), report(refusing: 0))
        #expect(finding("latency p99", failing) == .notJudged)
        let clean = try Comparison(aged(0), report(refusing: 0))
        #expect(finding("latency p99", clean) == .withinNoise)
    }
}
