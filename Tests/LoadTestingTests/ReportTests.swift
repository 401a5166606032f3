// The shape of reports: text, CSV, HTML, JSON, HDR log; and the comparison of two.

import Foundation
import LoadTesting
import Testing

@Suite struct ReportTests {
    /// Two seconds at 1000/s, 1 to 100 ms each, in twenty stretches.
    private func report(
        scale: Double = 1, facts: TargetFacts = Samples.facts, loop: String = "open"
    ) throws -> RunReport {
        var server = SimulatedServer()
        server.work = { Int64(Double($0 * 37 % 100 + 1) * scale * 1e6) }
        let objective = LatencyObjective(latency: 50)
        var plan = try Simulation.plan(Simulation.constant(1_000, seconds: 2), seconds: 2)
        plan.objective = objective
        let record = Simulation.play(plan, server)
        var plain = record
        plain.errors = ["UNAVAILABLE": 2, "INTERNAL <b>": 5]
        return Samples.report(
            plain, intervals: try intervals(scale), loop: loop, facts: facts,
            objective: objective)
    }

    private func intervals(_ scale: Double) throws -> [TimedInterval] {
        (0..<20).map { index in
            var record = IntervalRecord()
            for value in 0..<100 {
                record.latency.record(Int64(Double(value * 37 % 100 + 1) * scale * 1e6))
            }
            record.sent = 100
            record.succeeded = 100
            return TimedInterval(start: Double(index) * 0.1, seconds: 0.1, record: record)
        }
    }

    @Test func theTextSaysWhatIsNeeded() throws {
        let text = try report().text
        for part in [
            "server     unix:///tmp/s, assayd/0.1", "models     m generation 1 on cpu",
            "load       open loop, 1000/s; 8 connections x depth 4",
            "intended                   2,000   100.00%",
            "throughput 958.3 requests/s (offered 1000/s)",
            "goodput    479.2 requests/s, 50.00% of all (latency <= 50.00 ms)",
            "            5  INTERNAL <b>", "the tester itself",
        ] {
            #expect(text.contains(part), "\(part) in\n\(text)")
        }
        #expect(!text.contains("MOCK") && !text.contains("FAILED"))
        #expect(
            text.split(separator: "\n").filter { !$0.hasPrefix("warning") }
                .allSatisfy { $0.count <= 110 })
    }

    @Test func percentilesStandInTheTable() throws {
        let latency = try #require(try report().latency)
        #expect(abs(latency.p50 - 50) < 0.1 && abs(latency.p99 - 99) < 0.1)
        #expect(latency.max == 100 && latency.min == 1 && latency.count == 2_000)
        let spread = try #require(latency.spread)
        #expect(spread.p50[0] <= latency.p50 && spread.p50[1] >= latency.p50)
        #expect(spread.p50[1] - spread.p50[0] < 10)
        // Two answers of 2,000 lie beyond p99.9: too few to judge it.
        #expect(spread.p99.count == 2 && spread.p999.isEmpty)
    }

    @Test func csvHasALinePerInterval() throws {
        let lines = try report().csv.split(separator: "\r\n").map(String.init)
        #expect(lines.count == 21)
        #expect(
            lines[0]
                == "provenance,start_s,seconds,sent,succeeded,failed,requests_per_second,"
                + "output_tokens_per_second,p50_ms,p90_ms,p99_ms,max_ms,p50_all_ms,p90_all_ms,"
                + "p99_all_ms,max_all_ms")
        #expect(lines[2].hasPrefix("real,0.100,0.100,100,100,0,1000.000,0.000,50."))
        #expect(lines.allSatisfy { $0.split(separator: ",").count == 16 })
    }

    @Test func jsonComesBackAsItWent() throws {
        let report = try report()
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let data = try encoder.encode(report)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        #expect(try decoder.decode(RunReport.self, from: data) == report)
        let object = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["provenance"] as? String == "real")
        #expect(object["requests_per_second"] is Double)
        let latency = try #require(object["latency"] as? [String: Any])
        #expect(latency["p999"] is Double && latency["p9999"] is Double)
    }

    @Test func thePageNeedsNothingFromElsewhere() throws {
        let page = HTMLReport.page(try report())
        #expect(page.hasPrefix("<!doctype html>"))
        #expect(page.components(separatedBy: "<svg").count == 4)
        for outside in ["http:", "https:", "//", "<script", "<link", "<img", "@import", "url("] {
            #expect(!page.replacing("unix:///tmp/s", with: "").contains(outside), "\(outside)")
        }
        #expect(page.contains("INTERNAL &lt;b&gt;") && !page.contains("<b>\""))
        #expect(page.contains("prefers-color-scheme:dark"))
    }

    @Test func hostileNamesAreEscaped() throws {
        var facts = Samples.facts
        facts.models[0].name = "<script>alert(1)</script>"
        facts.address = "unix:///\"><img src=x>"
        let page = HTMLReport.page(try report(facts: facts))
        #expect(!page.contains("<script") && !page.contains("<img"))
    }

    @Test func aMockIsLoudEverywhere() throws {
        var facts = Samples.facts
        facts.models[0].isMock = true
        let report = try report(facts: facts)
        #expect(report.text.hasPrefix("*** MOCK") && report.provenance == "mock")
        #expect(HTMLReport.page(report).contains("<title>MOCK"))
        #expect(
            report.csv.split(separator: "\r\n").dropFirst().allSatisfy { $0.hasPrefix("MOCK,") })
        let log = HDRLog.text(try intervals(1), startedAt: 0, isMock: true)
        #expect(log.contains("MOCK ANSWERS") && log.contains("Tag=MOCK,"))
    }

    @Test func theClosedLoopIsWarnedAbout() throws {
        #expect(try report(loop: "closed").warnings.contains { $0.hasPrefix("closed loop") })
        #expect(try !report().warnings.contains { $0.hasPrefix("closed loop") })
    }

    @Test func theTestersOwnDelayIsWarnedAbout() throws {
        var late = LatencyHistogram()
        for _ in 0..<1_000 { late.record(9_000_000) }
        let plan = try Simulation.plan(Simulation.constant(1_000, seconds: 1), seconds: 1)
        var record = Simulation.play(plan, SimulatedServer())
        record.sendDelay = late
        let warning = Samples.report(record).warnings.first { $0.hasPrefix("the tester sent late") }
        #expect(warning?.contains("its own delay at p50 is 9.0") == true)
        let host = HostRecord(
            wakeDelay: late, processorSeconds: 0, involuntarySwitches: 0, seconds: 1,
            runQueueSeconds: nil)
        let report = RunReport(
            RunResult(record: record, intervals: [], host: host), facts: Samples.facts,
            setup: Samples.setup(), objective: nil, startedAt: 0)
        #expect(report.warnings.contains { $0.hasPrefix("this process was kept waiting") })
    }

    // MARK: - HDR log

    @Test func theLogIsInTheStandardFormat() throws {
        let log = HDRLog.text(try intervals(1), startedAt: 1_700_000_000.5, isMock: false)
        let lines = log.split(separator: "\n")
        #expect(lines.count == 25)
        #expect(lines[1] == "#[Histogram log format version 1.3]")
        #expect(lines[2] == "#[StartTime: 1700000000.500 (seconds since epoch)]")
        #expect(lines[6].hasPrefix("Tag=latency,0.100,0.100,100.000,HISTFAAAA"))
    }

    @Test func theLogHoldsEveryCount() throws {
        var histogram = LatencyHistogram()
        var random = SplitMix(seed: 3)
        for _ in 0..<3_000 { histogram.record(Int64(random.exponential() * 5e6)) }
        var interval = IntervalRecord()
        interval.latency = histogram
        let log = HDRLog.text(
            [TimedInterval(start: 0, seconds: 1, record: interval)], startedAt: 0, isMock: false)
        let line = try #require(log.split(separator: "\n").last)
        let packed = try #require(Data(base64Encoded: String(line.split(separator: ",")[4])))
        let counts = try HDRReader.counts(Array(packed))
        #expect(counts.reduce(0, +) == 3_000)
        // The last count is that of the largest value.
        #expect(counts.last ?? 0 > 0)
    }

    // MARK: - Comparison

    @Test func aSlowerServerIsWorseAndTheSameOneIsNot() throws {
        let same = try Comparison(report(), report())
        #expect(!same.isWorse)
        #expect(same.rows.filter { $0.finding == .better || $0.finding == .worse }.isEmpty)
        let slower = try Comparison(report(), report(scale: 1.5))
        #expect(slower.isWorse)
        #expect(slower.rows.first { $0.name == "latency p50" }?.finding == .worse)
        #expect(slower.text.contains("+50.") && slower.text.contains("worse"))
        let faster = try Comparison(report(), report(scale: 0.5))
        #expect(!faster.isWorse)
        #expect(faster.rows.first { $0.name == "latency p99" }?.finding == .better)
    }

    @Test func differentSetupsAreNamed() throws {
        var other = try report()
        other.setup.mix = "generate"
        other.setup.connections = 9
        other.provenance = "mock"
        let warnings = try Comparison(report(), other).warnings
        #expect(warnings.contains { $0.contains("mix ping and generate; connections 8 and 9") })
        #expect(warnings.contains("MOCK: B measured a mock"))
    }

    @Test func reportsOfOtherFormatsAreRefused() throws {
        var other = try report()
        other.format = 2
        #expect(throws: LoadTestError.self) { try Comparison(report(), other) }
    }

    @Test(arguments: [
        (0.0, "0 ms"), (0.0123, "12.30 us"), (1.5, "1.50 ms"), (150, "150.0 ms"), (1_500, "1.50 s"),
        (0.00005, "0.0500 us"),
    ])
    func timesAreReadable(_ milliseconds: Double, _ text: String) {
        #expect(NumberText.time(milliseconds: milliseconds) == text)
    }
}

/// A reader of the V2 encoding, written from the format's description and sharing nothing with the
/// writer.
private enum HDRReader {
    struct Broken: Error {}

    static func counts(_ bytes: [UInt8]) throws -> [Int64] {
        guard number(bytes, 0, 4) == 0x1C84_9314, number(bytes, 4, 4) == bytes.count - 8 else {
            throw Broken()
        }
        let plain = try inflate(Array(bytes[8...]))
        guard number(plain, 0, 4) == 0x1C84_9313, number(plain, 4, 4) == plain.count - 40,
            number(plain, 12, 4) == 3, number(plain, 16, 8) == 1
        else { throw Broken() }
        var counts: [Int64] = []
        var index = 40
        while index < plain.count {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while true {
                let byte = UInt64(plain[index])
                index += 1
                value |= (shift == 56 ? byte : byte & 0x7F) << shift
                shift += 7
                if byte & 0x80 == 0 || shift > 56 { break }
            }
            let signed = Int64(bitPattern: value >> 1) ^ -Int64(value & 1)
            counts += signed < 0 ? Array(repeating: 0, count: Int(-signed)) : [signed]
        }
        return counts
    }

    /// Stored blocks only.
    private static func inflate(_ bytes: [UInt8]) throws -> [UInt8] {
        guard bytes.count > 6, bytes[0] == 0x78, number(bytes, 0, 2) % 31 == 0 else {
            throw Broken()
        }
        var plain: [UInt8] = []
        var index = 2
        while true {
            let isLast = bytes[index] == 1
            let size = Int(bytes[index + 1]) | Int(bytes[index + 2]) << 8
            guard size ^ 0xFFFF == Int(bytes[index + 3]) | Int(bytes[index + 4]) << 8 else {
                throw Broken()
            }
            plain += bytes[index + 5..<index + 5 + size]
            index += 5 + size
            if isLast { return plain }
        }
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int {
        bytes[start..<start + count].reduce(0) { $0 << 8 | Int($1) }
    }
}
