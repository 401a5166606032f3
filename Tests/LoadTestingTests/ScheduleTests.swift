// Schedules hit their counts, never go back, and follow their seed; trace files are read strictly.

import LoadTesting
import Testing

@Suite struct ScheduleTests {
    private func times(_ schedule: ArrivalSchedule) -> [Int64] {
        var schedule = schedule
        var times: [Int64] = []
        while let arrival = schedule.next {
            times.append(arrival.intended)
            schedule.advance()
        }
        return times
    }

    private func even(_ profile: RateProfile) -> [Int64] {
        times(ArrivalSchedule(profile, .constant, seed: 1))
    }

    @Test func aConstantRateIsExactToTheLastRequest() {
        let times = even(.constant(3, seconds: 1_000))
        #expect(times.count == 3_000)
        #expect(times[0] == 0)
        #expect(abs(times[2_999] - 999_666_666_666) <= 1)
        #expect(even(.constant(10_000, seconds: 10)).count == 100_000)
    }

    @Test func aRampHasTheAreaUnderItsLine() throws {
        let times = even(try RateProfile.ramp("100:300", seconds: 10))
        #expect(times.count == 2_000)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        // Half of the time has passed when 100 * 5 + 20 * 25 / 2 are due.
        #expect(times.filter { $0 < 5_000_000_000 }.count == 750)
        #expect(even(try RateProfile.ramp("300:100", seconds: 10)).count == 2_000)
    }

    @Test func stepsHoldTheirRates() throws {
        let times = even(try RateProfile.steps("100:2s,1000:500ms,10:1s"))
        let counts = [
            0..<2_000_000_000, 2_000_000_000..<2_500_000_000, 2_500_000_000..<4_000_000_000,
        ]
        .map { range in times.filter { range.contains($0) }.count }
        #expect(counts == [200, 500, 10])
    }

    @Test func warmUpGoesAtTheFirstRate() {
        let times = even(RateProfile.constant(100, seconds: 1).warmed(seconds: 0.5))
        #expect(times.count == 150)
    }

    @Test func poissonHasItsMeanAndItsSpread() {
        let profile = RateProfile.constant(1_000, seconds: 100)
        let times = times(ArrivalSchedule(profile, .poisson, seed: 7))
        // Five standard deviations of a count of 100,000.
        #expect(abs(Double(times.count) - 100_000) < 5 * 316.3)
        let gaps = zip(times.dropFirst(), times).map { Double($0 - $1) / 1e6 }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        #expect(abs(variance.squareRoot() / mean - 1) < 0.02)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test func theSeedDecides() {
        let profile = RateProfile.constant(100, seconds: 2)
        let first = times(ArrivalSchedule(profile, .poisson, seed: 1))
        #expect(first == times(ArrivalSchedule(profile, .poisson, seed: 1)))
        #expect(first != times(ArrivalSchedule(profile, .poisson, seed: 2)))
    }

    @Test(arguments: [
        "", "100", "100:", ":10s", "100:10s,", "0:10s", "-1:10s", "nan:10s", "inf:1s", "100:1e99h",
        "100:10x", "2000000:1s", "100:0s", "0x10:1s",
    ])
    func stepsThatCannotBeMeantAreRefused(_ text: String) {
        #expect(throws: LoadTestError.self) { try RateProfile.steps(text) }
    }

    @Test func aStepTooManyIsRefused() {
        let text = Array(repeating: "1:1s", count: 1_001).joined(separator: ",")
        #expect(throws: LoadTestError.self) { try RateProfile.steps(text) }
    }

    // MARK: - Traces

    private func trace(_ text: String) throws -> [TraceEntry] {
        try TraceFile.parse(Array(text.utf8), name: "trace")
    }

    @Test func aTraceSaysWhenAndWhat() throws {
        let entries = try trace("# comment\n0\n0.5,generate,12,3\r\n\n 0.5 , ping \n1.25,,7\n")
        #expect(entries.map(\.intended) == [0, 500_000_000, 500_000_000, 1_250_000_000])
        #expect(entries.map(\.kind) == [nil, .generate, .ping, nil])
        #expect(entries.map(\.promptTokens) == [nil, 12, nil, 7])
        #expect(entries.map(\.outputTokens) == [nil, 3, nil, nil])
        #expect(times(ArrivalSchedule(trace: entries)) == entries.map(\.intended))
    }

    @Test(arguments: [
        "", "#only\n", "x", "-1", "1e400", "nan", "inf", "0x1", "1\n0.5", "0,fly", "0,ping,0",
        "0,ping,-3", "0,ping,1000001", "0,ping,1,99999999999999999999", "0,ping,1,2,3", "86401",
        "0,ping\0", "\u{FF10}", "0;1",
    ])
    func aWrongTraceIsRefused(_ text: String) {
        #expect(throws: LoadTestError.self) { try trace(text) }
    }

    @Test func aTraceIsBounded() {
        let line = [UInt8](repeating: 0x30, count: LoadLimits.traceLineSizeMax + 1)
        #expect(throws: LoadTestError.self) { try TraceFile.parse(line, name: "t") }
        let many = [UInt8](
            (0...LoadLimits.traceRequestsMax).flatMap { _ in [UInt8(0x30), 0x0A] })
        #expect(throws: LoadTestError.self) { try TraceFile.parse(many, name: "t") }
        let large = [UInt8](repeating: 0x0A, count: LoadLimits.fileSizeMax + 1)
        #expect(throws: LoadTestError.self) { try TraceFile.parse(large, name: "t") }
    }

    @Test func theMessageNamesTheLine() {
        #expect {
            try trace("0\n1\nfoo,ping\n")
        } throws: { error in
            "\(error)"
                == "reading trace, line 3: found \"foo\", allowed: seconds from the start, "
                + "0 to 86400"
        }
    }

    @Test func garbageNeverCrashes() {
        var random = SplitMix(seed: 99)
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                "0123456789.,-e# \n\rping\u{FF}".utf8.randomElement(using: &random) ?? 0
            }
            _ = try? TraceFile.parse(bytes, name: "fuzz")
        }
    }
}
