// The engine with a real clock and fake targets. No test here depends on how fast the host is:
// counts are exact, and delays are checked from below only.

import LoadTesting
import Synchronization
import Testing

/// Answers after a delay; may stall once, fail, or never answer until it is closed.
private final class FakeTarget: LoadTarget {
    private struct State {
        var count = 0
        var isClosed = false
        var lanes: [Int: Int] = [:]
        var mostAtOnce = 0
        var atOnce = 0
    }

    private let state = Mutex(State())
    private let change: @Sendable (inout Outcome, Int) -> Void
    private let delay: @Sendable (Int) -> Duration
    private let isDeaf: Bool

    init(
        isDeaf: Bool = false, delay: @escaping @Sendable (Int) -> Duration = { _ in .zero },
        change: @escaping @Sendable (inout Outcome, Int) -> Void = { _, _ in }
    ) {
        self.isDeaf = isDeaf
        self.delay = delay
        self.change = change
    }

    var count: Int { state.withLock { $0.count } }
    var lanes: [Int: Int] { state.withLock { $0.lanes } }
    var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func perform(_ request: PlannedRequest, lane: Int) async -> Outcome {
        let sent = LoadClock.now()
        let index = state.withLock { state in
            defer { state.count += 1 }
            state.lanes[lane, default: 0] += 1
            state.atOnce += 1
            state.mostAtOnce = max(state.mostAtOnce, state.atOnce)
            return state.count
        }
        let pause = delay(index)
        if pause > .zero { try? await Task.sleep(for: pause) }
        while isDeaf, !isClosed { try? await Task.sleep(for: .milliseconds(5)) }
        state.withLock { $0.atOnce -= 1 }
        var outcome = Outcome(
            isDeaf ? .failed("connection_closed") : .succeeded, sent: sent,
            finished: LoadClock.now())
        change(&outcome, index)
        return outcome
    }

    func close() async { state.withLock { $0.isClosed = true } }
}

@Suite struct EngineTests {
    private func run(
        _ plan: RunPlan, _ target: any LoadTarget,
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) async -> RunResult {
        await RunEngine(plan, target, isInterrupted: isInterrupted).run()
    }

    @Test func theOpenLoopSendsWhatItsScheduleSays() async throws {
        let target = FakeTarget(delay: { _ in .milliseconds(2) })
        let plan = try Simulation.plan(
            Simulation.constant(500, seconds: 0.6), seconds: 0.6, connections: 4, depth: 8,
            drain: 30)
        let result = await run(plan, target)
        #expect(target.count == 300)
        #expect(result.record.total.succeeded == 300 && result.record.intended == 300)
        #expect(result.record.total.latency.smallest >= 2_000_000)
        #expect(Set(target.lanes.keys) == [0, 1, 2, 3])
        #expect(result.record.sendDelay.count == 300)
        let counted = result.intervals.reduce(0) { $0 + $1.record.succeeded }
        #expect(counted == 300)
        #expect(!result.host.wakeDelay.isEmpty && result.host.processorSeconds > 0)
    }

    @Test func aStallDelaysEverythingMeantForIt() async throws {
        // One place: the first request takes 200 ms, and the 99 meant for that time wait for it.
        let target = FakeTarget(delay: { $0 == 0 ? .milliseconds(200) : .zero })
        let plan = try Simulation.plan(
            Simulation.constant(500, seconds: 0.4), seconds: 0.4, connections: 1, drain: 30)
        let latency = await run(plan, target).record.total.latency
        #expect(latency.count == 200)
        #expect(latency.largest >= 200_000_000)
        // Requests meant for the first 100 ms waited 100 ms or more: 50 of them.
        #expect(latency.value(at: 75) >= 100_000_000)
    }

    @Test func theClosedLoopKeepsItsPlacesAndItsCount() async throws {
        let target = FakeTarget(delay: { _ in .milliseconds(1) })
        var plan = try Simulation.plan(.closed, seconds: 60, connections: 3, depth: 2)
        plan.requestsMax = 100
        let result = await run(plan, target)
        #expect(target.count == 100 && result.record.total.succeeded == 100)
        #expect(target.mostAtOnce <= 6)
    }

    @Test func theFirstMockEndsTheRun() async throws {
        let target = FakeTarget(change: { outcome, index in outcome.isMock = index == 7 })
        let plan = try Simulation.plan(
            Simulation.constant(1_000, seconds: 60), seconds: 60, connections: 1, drain: 30)
        let result = await run(plan, target)
        #expect(result.record.earlyEnd == .mock("an answer says that a mock made it"))
        #expect(target.count == 8)
    }

    @Test func anInterruptionReportsWhatWasMeasured() async throws {
        let target = FakeTarget()
        let plan = try Simulation.plan(
            Simulation.constant(1_000, seconds: 600), seconds: 600, connections: 2)
        let result = await run(plan, target) { target.count >= 50 }
        #expect(result.record.earlyEnd == .interrupted)
        #expect(result.record.total.succeeded >= 50)
    }

    @Test func aServerThatNeverAnswersIsGivenUp() async throws {
        let target = FakeTarget(isDeaf: true)
        let plan = try Simulation.plan(
            Simulation.constant(100, seconds: 0.2), seconds: 0.2, connections: 4, depth: 2,
            drain: 0.1)
        let record = await run(plan, target).record
        #expect(target.isClosed)
        #expect(record.total.unfinished + record.stillOpen == 8)
        #expect(record.unsent == 12 && record.intended == 20 && record.total.failed == 0)
    }

    @Test func aSearchRunsUntilItKnows() async throws {
        let objective = try RateObjective("p90=1s")
        let finding = try await RateSearchRun.find(objective, from: 100) { rate in
            var server = SimulatedServer(workers: 1, milliseconds: 2)
            server.end = { _ in .succeeded }
            let plan = try Simulation.plan(
                Simulation.constant(rate, seconds: 60), seconds: 60, connections: 1_024, depth: 4)
            return RunResult(
                record: Simulation.play(plan, server), intervals: [], host: Samples.host)
        }
        let rate = try #require(finding?.report.rate)
        #expect(rate > 480 && rate < 520, "\(rate)")
        #expect(finding?.report.trials.contains { !$0.held } == true)
    }

    @Test func theHostIsMeasured() {
        let host = IntrinsicLatency.measure(seconds: 0.05)
        #expect(host.looks > 0 && host.seconds >= 0.05 && !host.wakeDelay.isEmpty)
        #expect(host.text.contains("no latency measured on this host can be trusted below these"))
    }
}
