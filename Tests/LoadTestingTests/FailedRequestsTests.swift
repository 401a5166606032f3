// Requests that failed, ran out of time, had no end or were never sent count as slower than any
// bound in percentiles over all, thresholds and the search for the highest rate. In virtual time,
// with every count known.

import Foundation
import LoadTesting
import Testing

@Suite struct FailedRequestsTests {
    private static let second: Int64 = 1_000_000_000

    /// So many requests at 1000/s; the nth takes n tenths of a millisecond and ends as told.
    private func play(
        _ count: Int = 1_000, _ end: @escaping (Int) -> Outcome.End
    ) throws -> RunRecord {
        var server = SimulatedServer()
        server.work = { Int64($0 % 1_000 + 1) * 100_000 }
        server.end = end
        let seconds = Double(count) / 1_000
        return Simulation.play(
            try Simulation.plan(Simulation.constant(1_000, seconds: seconds), seconds: seconds),
            server)
    }

    private func failure(_ threshold: String, _ record: RunRecord) throws -> String? {
        try Threshold(threshold).failure(in: Samples.report(record))
    }

    private func verdict(
        _ record: RunRecord, _ thresholds: [String] = [],
        failuresMax: Double = LoadLimits.failureShareMax
    ) throws -> (Verdict, [String]) {
        var report = Samples.report(record)
        let verdict = report.judge(
            try thresholds.map { try Threshold($0) }, earlyEnd: record.earlyEnd, allowMock: false,
            allowDegraded: false, failuresMax: failuresMax)
        return (verdict, report.failures)
    }

    // MARK: - Percentiles

    @Test func percentilesOverAllHaveTheirExactRanks() throws {
        // The quickest hundred fail: answers take 10.1 ms to 100 ms.
        let record = try play { $0 < 100 ? .refused("UNAVAILABLE") : .succeeded }
        let latency = try #require(Samples.report(record).latency)
        let all = try #require(latency.ofAll)
        #expect(latency.count == 900 && latency.missing == 100)
        #expect(latency.max == 100 && abs(latency.p99 - 99.1) < 0.2)
        // Rank 500 of the 900 answers, and their last: rank 900.
        #expect(abs((all.p50 ?? 0) - 60) < 0.1)
        #expect(all.p90 == 100)
        #expect(all.p95 == nil && all.p99 == nil && all.max == nil)
        let noneMissing = try #require(Samples.report(play { _ in .succeeded }).latency)
        #expect(noneMissing.ofAll == nil && noneMissing.missing == 0)
    }

    @Test(arguments: [
        (Outcome.End.refused("UNAVAILABLE"), 20), (.failed("connection_closed"), 20),
        (.unreachable("refused"), 20), (.deadlineExceeded, 20),
        // Given up on purpose.
        (.cancelled, 0),
    ])
    func everySortOfNoAnswerIsMissing(_ end: Outcome.End, _ missing: Int) throws {
        let record = try play { $0 % 50 == 0 ? end : .succeeded }
        #expect(Samples.report(record).latency?.missing == missing)
        #expect(try (failure("p99>1h", record) != nil) == (missing > 0))
        #expect(try failure("p95>1h", record) == nil)
    }

    @Test func whatWasNeverSentOrNeverEndedIsMissing() throws {
        // Ten places, 100 ms each: a tenth of the rate, half a second to wait for the rest.
        let plan = try Simulation.plan(
            Simulation.constant(1_000, seconds: 1), seconds: 1, connections: 10, drain: 0.5)
        let record = Simulation.play(plan, SimulatedServer(workers: 10, milliseconds: 100))
        let report = Samples.report(record)
        let latency = try #require(report.latency)
        #expect(report.intended == 1_000 && report.unsent > 800)
        #expect(latency.count == report.succeeded && latency.count > 100)
        #expect(latency.missing == 1_000 - latency.count)
        #expect(report.kinds.map(\.unsent) == [report.unsent])
        #expect(try failure("p50>1h", record) != nil)
        #expect(try failure("ping.p50>1h", record) != nil)
    }

    @Test(arguments: [("p95>2s", false), ("p99>2s", true), ("p99<2s", false), ("max>2s", true)])
    func aServerThatIsAwayForAWhileBreaksAPercentile(
        _ threshold: String, _ breaks: Bool
    ) throws {
        // 40 of 1,000: a fifth of a second of five.
        var server = SimulatedServer()
        server.end = { (400..<440).contains($0) ? .unreachable("refused") : .succeeded }
        let plan = try Simulation.plan(Simulation.constant(200, seconds: 5), seconds: 5)
        let record = Simulation.play(plan, server)
        #expect(record.intended == 1_000 && record.earlyEnd == nil)
        #expect(try (failure(threshold, record) != nil) == breaks)
    }

    // MARK: - Kinds and sorts

    /// Equal shares of two kinds, 1,000 in all; each ends by its kind and its number within it.
    private func mixed(
        _ kinds: String, _ outcome: (RequestKind, Int, Int64) -> Outcome
    ) throws -> RunRecord {
        var plan = try Simulation.plan(Simulation.constant(1_000, seconds: 1), seconds: 1)
        plan.pool = try Simulation.pool(RequestMix(kinds))
        var machine = RunMachine(plan)
        var counts: [RequestKind: Int] = [:]
        for step in 0...1_000 {
            let now = Int64(step) * 1_000_000
            while let send = machine.nextSend(at: now) {
                let kind = send.request.kind
                machine.complete(
                    send, outcome(kind, counts[kind, default: 0], now), at: now + 1_000)
                counts[kind, default: 0] += 1
            }
        }
        return machine.finish(at: Self.second)
    }

    @Test func aKindIsJudgedByItsOwnFailures() throws {
        let record = try mixed("ping,embed") { kind, index, now in
            let fails = kind == .embed && index % 10 == 0
            return Outcome(
                fails ? .refused("UNAVAILABLE") : .succeeded, sent: now, finished: now + 1_000)
        }
        #expect(try failure("ping.p99>1s", record) == nil)
        #expect(try failure("embed.p99>1s", record) != nil)
        #expect(try failure("embed.p75>1s", record) == nil)
        #expect(try failure("p99>1s", record) != nil)
    }

    /// A generation of five tokens in five frames.
    private static func generated(_ now: Int64) -> Outcome {
        var outcome = Outcome(.succeeded, sent: now, finished: now + 50_000)
        outcome.outputTokens = 5
        outcome.chunks = (1...5).map { ChunkArrival(at: now + Int64($0) * 10_000, tokens: 1) }
        return outcome
    }

    @Test(arguments: ["ttft", "itl", "tpot", "service", "latency"])
    func theShareThatFailedIsTheSameInEverySort(_ sort: String) throws {
        let record = try mixed("generate") { _, index, now in
            index % 20 == 0
                ? Outcome(.failed("connection_closed"), sent: now, finished: now + 1_000)
                : Self.generated(now)
        }
        #expect(try failure("\(sort).p90>1s", record) == nil)
        #expect(try failure("\(sort).p99>1s", record) != nil)
        #expect(try failure("generate.\(sort).p99>1s", record) != nil)
    }

    @Test func aKindWithoutTokensHasNoneToMiss() throws {
        let record = try mixed("ping,generate") { kind, index, now in
            kind == .ping && index % 2 == 0
                ? Outcome(.failed("connection_closed"), sent: now, finished: now + 1_000)
                : kind == .ping
                    ? Outcome(.succeeded, sent: now, finished: now + 1_000)
                    : Self.generated(now)
        }
        #expect(try failure("ttft.p99.9>1s", record) == nil)
        #expect(try failure("itl.max>1s", record) == nil)
        #expect(try failure("latency.p90>1s", record) != nil)
    }

    // MARK: - The bound on failures

    @Test(arguments: [(10, true), (11, false), (500, false)])
    func moreFailuresThanTheBoundFailTheRun(_ count: Int, _ passes: Bool) throws {
        let record = try play { $0 < count ? .refused("UNAVAILABLE") : .succeeded }
        let (verdict, failures) = try verdict(record)
        #expect(verdict == (passes ? .passed : .failed))
        #expect(failures.isEmpty == passes)
        if count == 500 {
            #expect(
                failures == [
                    "500 of 1000 requests failed or had no end: 50.00%, allowed: 1.00% "
                        + "(--failures-max)"
                ])
        }
        #expect(try self.verdict(record, failuresMax: 1).0 == .passed)
    }

    @Test func aDeadlineThatWasSentOnPurposeIsNoFailureOfTheRun() throws {
        let record = try play { $0 % 2 == 0 ? .deadlineExceeded : .succeeded }
        #expect(try verdict(record).0 == .passed)
        #expect(try verdict(record, ["p99>1h"]).0 == .failed)
    }

    @Test func aRunThatWasCutShortIsNotJudgedByTheBound() throws {
        var record = try play { $0 % 2 == 0 ? .failed("connection_closed") : .succeeded }
        record.earlyEnd = .interrupted
        #expect(try verdict(record).0 == .interrupted)
    }

    @Test(arguments: [
        ("errors>5%", true), ("error_count>9", true), ("unfinished>1%", true), ("p99>1s", false),
        ("goodput<95%", false),
    ])
    func aThresholdKnowsWhetherItIsAboutFailures(_ text: String, _ isAbout: Bool) throws {
        #expect(try Threshold(text).isAboutFailures == isAbout)
    }

    @Test func aRateWithMoreFailuresThanTheBoundIsNotHeld() throws {
        let record = try play { $0 % 10 == 0 ? .refused("RESOURCE_EXHAUSTED") : .succeeded }
        let objective = try RateObjective("p50=1h")
        #expect(objective.holds(record).held)
        let (held, finding) = objective.holds(record, failuresMax: 0.01)
        #expect(!held)
        #expect(finding.hasSuffix("; 10.00% failed or had no end, allowed: 1.00%"), "\(finding)")
    }

    @Test func aSearchEndsBelowTheRateAtWhichTheServerSheds() async throws {
        // Beyond 500 a second the server refuses a tenth, and is as quick as ever.
        let finding = try await RateSearchRun.find(
            try RateObjective("p50=1s"), from: 100, failuresMax: 0.01
        ) { rate in
            var server = SimulatedServer()
            server.end = {
                rate > 500 && $0 % 10 == 0 ? .refused("RESOURCE_EXHAUSTED") : .succeeded
            }
            let plan = try Simulation.plan(Simulation.constant(rate, seconds: 1), seconds: 1)
            return RunResult(
                record: Simulation.play(plan, server), intervals: [], host: Samples.host)
        }
        let rate = try #require(finding?.report.rate)
        #expect(rate <= 500 && rate > 450)
    }
}
