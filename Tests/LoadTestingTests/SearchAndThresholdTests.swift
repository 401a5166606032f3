// The search for the highest rate on servers of known capacity; thresholds; verdicts.

import LoadTesting
import Testing

@Suite struct SearchAndThresholdTests {
    private func search(
        _ objective: RateObjective, start: Double, _ server: SimulatedServer
    ) throws -> (best: Double?, trials: Int) {
        var search = RateSearch(start: start)
        var trials = 0
        while let rate = search.next {
            trials += 1
            let plan = try Simulation.plan(
                Simulation.constant(rate, seconds: 4), seconds: 4, connections: 256, depth: 16)
            search.report(held: objective.holds(Simulation.play(plan, server)).held)
        }
        return (search.best, trials)
    }

    @Test(arguments: [10.0, 900, 20_000])
    func theHighestRateIsFoundFromAnywhere(_ start: Double) throws {
        // One worker, 1 ms each: exactly 1,000 a second, whatever the bound, and little beyond.
        let objective = try RateObjective("p99=20ms")
        let (best, trials) = try search(
            objective, start: start, SimulatedServer(workers: 1, milliseconds: 1))
        let found = try #require(best)
        #expect(found > 960 && found < 1_010, "\(found)")
        #expect(trials <= LoadLimits.trialsMax)
    }

    @Test func aServerThatIsTooSlowHoldsNoRate() throws {
        let objective = try RateObjective("p50=20ms")
        var search = RateSearch(start: 1)
        var trials = 0
        while search.next != nil {
            trials += 1
            search.report(held: false)
        }
        #expect(search.best == nil && trials < LoadLimits.trialsMax)
        #expect(objective.description == "p50 <= 20.00 ms")
    }

    @Test func oneHiccupIsForgiven() {
        var search = RateSearch(start: 100)
        search.report(held: false)
        #expect(search.next == 100)
        search.report(held: true)
        #expect(search.next == 200)
    }

    @Test func refusalsAndRequestsWithoutAnEndAreNotInTime() throws {
        var server = SimulatedServer()
        server.end = { $0 % 50 == 0 ? .refused("UNAVAILABLE") : .succeeded }
        let plan = try Simulation.plan(Simulation.constant(1_000, seconds: 1), seconds: 1)
        let record = Simulation.play(plan, server)
        #expect(try !RateObjective("p99=20ms").holds(record).held)
        #expect(try RateObjective("p95=20ms").holds(record).held)
        #expect(
            try RateObjective("p99=20ms").holds(record).finding
                == "98.00% of 1000 requests answered within 20.00 ms")
    }

    @Test(arguments: [
        "p99", "99=20ms", "p0=1ms", "p100=1ms", "p99=", "p99=20", "p99=x", "p99=1ms=2",
    ])
    func aWrongObjectiveIsRefused(_ text: String) {
        #expect(throws: LoadTestError.self) { try RateObjective(text) }
    }

    // MARK: - Thresholds

    private func report() throws -> RunReport {
        var server = SimulatedServer()
        server.work = { Int64($0 % 100 + 1) * 1_000_000 }
        server.end = { $0 % 20 == 0 ? .refused("UNAVAILABLE") : .succeeded }
        let plan = try Simulation.plan(Simulation.constant(1_000, seconds: 2), seconds: 2)
        return Samples.report(Simulation.play(plan, server))
    }

    @Test(arguments: [
        // One in twenty failed: it is slower than any bound.
        ("p99>20ms", true), ("p99 > 1h", true), ("p95 > 200ms", false), ("mean>1h", true),
        ("min>5ms", false), ("ping.service.p99>1h", true), ("latency.p50<=60ms", true),
        ("max>=100ms", true),
        ("ping.p90<1ms", false), ("ping.service.p90>1ms", true), ("errors>1%", true),
        ("errors>0.06", false), ("error_count>99", true), ("rate<900", false), ("rate<1000", true),
        ("ttft.p99>1s", true), ("generate.p99>1s", true), ("goodput<95%", true),
        ("tokens_per_second<=0", true), ("p99.9>99ms", true), ("p999<99ms", false),
        ("unfinished>0%", false), ("send_delay.p99>1ms", false),
    ])
    func thresholdsBreak(_ text: String, _ breaks: Bool) throws {
        let failure = try Threshold(text).failure(in: report())
        #expect((failure != nil) == breaks, "\(failure ?? "held")")
    }

    @Test(arguments: [
        "", "p99", "p99>", ">20ms", "p98>20ms", "p99=20ms", "p99>fast", "errors>200%",
        "fly.p99>1ms", "ping.errors>1%", "latency.errors>1%", "ping.latency.x>1", "p99>-1ms",
        "ping.rate>1", "ping.ping.p99>1ms", "ping.send_delay.p99>1ms", "p99>20",
    ])
    func aWrongThresholdIsRefused(_ text: String) {
        #expect(throws: LoadTestError.self) { try Threshold(text) }
    }

    @Test func aThresholdSaysHowManyHadNoAnswer() throws {
        #expect(
            try Threshold("p99>10s").failure(in: report())
                == "threshold p99>10s: found 100 of 2000 without an answer, which count as slower "
                + "than any bound")
    }

    // MARK: - Verdicts

    private func verdict(
        _ record: RunRecord, allowMock: Bool = false, allowDegraded: Bool = false,
        _ thresholds: [Threshold] = []
    ) -> (Verdict, RunReport) {
        var report = Samples.report(record)
        let verdict = report.judge(
            thresholds, earlyEnd: record.earlyEnd, allowMock: allowMock,
            allowDegraded: allowDegraded)
        return (verdict, report)
    }

    private func play(_ change: @escaping (inout Outcome, Int) -> Void, _ allow: Bool) throws
        -> RunRecord
    {
        var plan = try Simulation.plan(Simulation.constant(1_000, seconds: 1), seconds: 1)
        plan.allowMock = allow
        plan.allowDegraded = allow
        var machine = RunMachine(plan)
        var now: Int64 = 0
        var index = 0
        while !machine.isExhausted(at: now) {
            while let send = machine.nextSend(at: now) {
                var outcome = Outcome(.succeeded, sent: now, finished: now + 1_000)
                change(&outcome, index)
                machine.complete(send, outcome, at: now + 1_000)
                index += 1
            }
            now += 1_000_000
        }
        return machine.finish(at: now)
    }

    @Test func aMockEndsTheRunAtOnce() throws {
        let record = try play({ outcome, index in outcome.isMock = index >= 10 }, false)
        #expect(record.total.sent == 11)
        let (verdict, report) = verdict(record)
        #expect(verdict == .mock && verdict.rawValue == 79)
        #expect(report.provenance == "mock")
        #expect(report.failures[0] == "a mock answered; only --allow-mock measures one")
        let refused = try play(
            { outcome, _ in outcome.end = .mockRefused("the answer comes from a mock model") },
            false)
        #expect(self.verdict(refused).0 == .mock)
    }

    @Test func anAllowedMockIsStillCalledOne() throws {
        let record = try play({ outcome, _ in outcome.isMock = true }, true)
        let (verdict, report) = verdict(record, allowMock: true)
        #expect(verdict == .passed && report.isMock && report.mockAnswers == 1_000)
        #expect(report.text.hasPrefix("*** MOCK"))
        #expect(report.warnings.contains { $0.hasPrefix("MOCK") })
        #expect(report.csv.contains("\r\nMOCK,") || report.intervals.isEmpty)
        #expect(HTMLReport.page(report).contains("*** MOCK"))
    }

    @Test func aDegradedAnswerFailsTheRun() throws {
        let record = try play(
            { outcome, index in outcome.degradations = index == 5 ? ["truncated_context"] : [] },
            false)
        #expect(record.total.sent == 6)
        #expect(verdict(record).0 == .failed)
        let allowed = try play(
            { outcome, index in outcome.degradations = index == 5 ? ["truncated_context"] : [] },
            true)
        let (verdict, report) = verdict(allowed, allowDegraded: true)
        #expect(verdict == .passed && report.degraded && report.degradedAnswers == 1)
        #expect(report.text.contains("DEGRADED"))
    }

    @Test func nothingButFailuresIsAFailure() throws {
        let record = try play({ outcome, _ in outcome.end = .refused("INTERNAL") }, false)
        #expect(verdict(record).0 == .failed)
        #expect(verdict(record).1.failures == ["no request succeeded"])
    }

    @Test func aServerThatWentAwayEndsTheRun() throws {
        var plan = try Simulation.plan(Simulation.constant(1_000, seconds: 60), seconds: 60)
        plan.requestsMax = 100_000
        var server = SimulatedServer()
        server.end = { $0 < 1_000 ? .succeeded : .unreachable("connection refused") }
        let record = Simulation.play(plan, server)
        #expect(record.earlyEnd == .unreachable("connection refused"))
        #expect(record.total.sent < 5_000)
        #expect(verdict(record).0 == .unreachable)
    }

    @Test func aBrokenThresholdFailsAndAnInterruptionSaysSo() throws {
        let record = try play({ _, _ in }, false)
        #expect(verdict(record, [try Threshold("max>1ns")]).0 == .failed)
        #expect(verdict(record).0 == .passed)
        var stopped = record
        stopped.earlyEnd = .interrupted
        #expect(verdict(stopped).0 == .interrupted)
    }
}
