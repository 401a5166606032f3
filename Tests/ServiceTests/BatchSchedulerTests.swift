// The scheduler's promises as tables of small situations, then as invariants over seeded random
// histories: everyone decoding moves in every step, prompts share what is left, arrival order is
// kept, nothing is planned twice and nothing is lost. One file: the tables share their helpers.

import Service
import TestSupport
import Testing

@Suite struct BatchSchedulerTests {
    /// Prompt tokens that a connection gets at once.
    static let piece = 32

    private func limits(sequences: Int = 4, tokens: Int = 128) -> ServiceLimits {
        var limits = ServiceLimits()
        limits.sequencesMax = sequences
        limits.stepTokensMax = tokens
        return limits
    }

    private func plan(
        _ scheduler: inout BatchScheduler, now: UInt64 = 0, free: Int = .max,
        held: Set<UInt64> = []
    ) -> StepPlan {
        var plan = StepPlan()
        scheduler.planStep(now: now, freeCapacity: free, held: held, into: &plan)
        return plan
    }

    @Test func aShortPromptIsReadInOneStepAndThenDecodes() {
        var scheduler = BatchScheduler(limits: limits())
        scheduler.add(ScheduledWork(id: 1, promptCount: 5, capacity: 10))
        let first = plan(&scheduler)
        #expect(first.opened == [1])
        #expect(first.grants == [StepGrant(id: 1, prompt: 0..<5, endsPrompt: true)])
        let second = plan(&scheduler)
        #expect(second.opened == [])
        #expect(second.grants.map(\.decodes) == [true])
        #expect(second.tokenCount == 1)
    }

    @Test func decodingSequencesMoveWhileALongPromptIsRead() {
        var scheduler = BatchScheduler(limits: limits(tokens: 64))
        scheduler.add(ScheduledWork(id: 1, promptCount: 1, capacity: 500))
        _ = plan(&scheduler)
        scheduler.add(ScheduledWork(id: 2, promptCount: 300, capacity: 500))
        var steps = 0
        while true {
            let step = plan(&scheduler)
            steps += 1
            #expect(step.grants.contains { $0.id == 1 && $0.decodes })
            if step.grants.contains(where: { $0.id == 2 && $0.endsPrompt }) { break }
        }
        #expect(steps == 5)  // 63 prompt tokens a step beside one decoded token.
    }

    @Test func aGrantNeverCrossesTheEndOfTheRoot() {
        var scheduler = BatchScheduler(limits: limits(tokens: 128))
        scheduler.add(
            ScheduledWork(
                id: 1, promptCount: 300, capacity: 16, chunkMax: 100, rootCount: 50,
                decodes: false))
        scheduler.add(
            ScheduledWork(id: 2, promptCount: 40, capacity: 64, rootCount: 40, decodes: false))
        let ranges = (0..<5).map { _ in
            plan(&scheduler).grants.filter { $0.id == 1 }.map(\.prompt)
        }
        #expect(ranges == [[0..<50], [50..<150], [150..<250], [250..<300], []])
    }

    // MARK: - Cuts

    /// A work whose pieces have these lengths.
    private func whole(
        _ id: UInt64, _ counts: [Int], of connection: UInt64 = 1, chunkMax: Int = 128
    ) -> ScheduledWork {
        var work = ScheduledWork(
            id: id, promptCount: counts.reduce(0, +), capacity: 10, chunkMax: chunkMax,
            decodes: false, turn: WorkTurn(connection: connection))
        work.cuts = counts.indices.map { counts[...$0].reduce(0, +) }
        return work
    }

    /// The grants of each step until the work with `ids` is done.
    private func steps(
        _ works: [ScheduledWork], tokens: Int = 128
    ) -> [[StepGrant]] {
        var scheduler = BatchScheduler(limits: limits(tokens: tokens))
        for work in works { scheduler.add(work) }
        var left = Set(works.map(\.id))
        var steps: [[StepGrant]] = []
        while !left.isEmpty, steps.count < 1_000 {
            let grants = plan(&scheduler).grants
            steps.append(grants)
            for grant in grants where grant.endsPrompt {
                left.remove(grant.id)
                scheduler.remove(grant.id)
            }
        }
        return steps
    }

    @Test func aPieceBetweenTwoCutsIsNeverDivided() {
        let ranges = steps([whole(1, [50, 60, 40, 128, 1, 1, 126])]).map { $0.map(\.prompt) }
        #expect(ranges == [[0..<110], [110..<150], [150..<278], [278..<406]])
    }

    @Test func aPieceLongerThanAStepHasAStepOfItsOwn() {
        let ranges = steps([whole(1, [10, 700, 10, 10])]).map { $0.map(\.prompt) }
        #expect(ranges == [[0..<10], [10..<710], [710..<730]])
        // The bound of the reserved pages counts, too, except for a piece that is longer.
        let reserved = steps([whole(1, [10, 700, 10, 10], chunkMax: 5)]).map { $0.map(\.prompt) }
        #expect(reserved == [[0..<10], [10..<710], [710..<720], [720..<730]])
    }

    @Test func longPiecesOfTwoConnectionsTakeTurns() {
        let found = steps([whole(1, [700, 700]), whole(2, [700, 700], of: 2)])
        #expect(found.map { $0.map(\.id) } == [[1], [2], [1], [2]])
        #expect(found.allSatisfy { $0.allSatisfy { $0.prompt.count == 700 } })
    }

    @Test func piecesOfManyRequestsShareAStepWhole() {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("BatchSchedulerTests.cuts"))
        for _ in 0..<100 {
            let works = (1...6).map { id in
                whole(
                    UInt64(id), (0..<1 + random.below(8)).map { _ in 1 + random.below(90) },
                    of: UInt64(random.below(2)), chunkMax: 1 + random.below(128))
            }
            let found = steps(works, tokens: 64)
            for grants in found {
                let total = grants.reduce(0) { $0 + $1.prompt.count }
                #expect(total <= 64 || grants.count == 1)
            }
            for work in works {
                let grants = found.joined().filter { $0.id == work.id }
                #expect(grants.flatMap { Array($0.prompt) } == Array(0..<work.promptCount))
                for grant in grants {
                    #expect(work.cuts.contains(grant.prompt.upperBound))
                    let inside = work.cuts.filter {
                        grant.prompt.lowerBound < $0 && $0 < grant.prompt.upperBound
                    }
                    #expect(grant.prompt.count <= work.chunkMax || inside.isEmpty)
                }
            }
        }
    }

    @Test func twoLongPromptsShareTheBudgetEvenly() {
        var scheduler = BatchScheduler(limits: limits(tokens: 128))
        scheduler.add(ScheduledWork(id: 1, promptCount: 1000, capacity: 1000))
        scheduler.add(ScheduledWork(id: 2, promptCount: 1000, capacity: 1000))
        #expect(plan(&scheduler).grants.map(\.prompt.count) == [64, 64])
    }

    @Test func theTurnRotatesWhenTheBudgetHoldsOnlySome() {
        var scheduler = BatchScheduler(limits: limits(sequences: 3, tokens: 32))
        for id: UInt64 in 1...3 {
            scheduler.add(ScheduledWork(id: id, promptCount: 64, capacity: 64))
        }
        let order = (0..<6).map { _ in plan(&scheduler).grants.filter { !$0.decodes }.map(\.id) }
        #expect(Array(order.prefix(3)) == [[1], [2], [3]])
    }

    @Test func aLargeRequestIsNotOvertakenBySmallOnes() {
        var scheduler = BatchScheduler(limits: limits())
        scheduler.add(ScheduledWork(id: 1, promptCount: 10, capacity: 100))
        scheduler.add(ScheduledWork(id: 2, promptCount: 1, capacity: 1))
        #expect(plan(&scheduler, free: 50).opened == [])
        #expect(plan(&scheduler, free: 101).opened == [1, 2])
    }

    private func work(
        _ id: UInt64, of connection: UInt64 = 1, priority: UInt64 = 4, since: UInt64 = 0,
        capacity: Int = 10
    ) -> ScheduledWork {
        ScheduledWork(
            id: id, promptCount: 1, capacity: capacity,
            turn: WorkTurn(connection: connection, priority: priority, since: since))
    }

    /// The order in which work is opened, one at a time.
    private func order(_ works: [ScheduledWork], now: UInt64 = 0) -> [UInt64] {
        var scheduler = BatchScheduler(limits: limits(sequences: 1))
        for work in works { scheduler.add(work) }
        return works.flatMap { _ in
            let opened = plan(&scheduler, now: now).opened
            for id in opened { scheduler.remove(id) }
            return opened
        }
    }

    @Test func aConnectionsOwnUrgentWorkBeginsFirst() {
        let works = [work(1), work(2), work(3, priority: 9), work(4, priority: 5)]
        #expect(order(works) == [3, 4, 1, 2])
        #expect(order([work(1, priority: 0), work(2)]) == [2, 1])
    }

    @Test func priorityGivesAConnectionNothingOverOthers() {
        let works = [work(1, of: 1), work(2, of: 2), work(3, of: 1, priority: 9), work(4, of: 2)]
        #expect(order(works) == [3, 2, 1, 4])
    }

    @Test func whoeverHasWaitedLongIsUrgent() {
        let works = [work(1, priority: 0, since: 0), work(2, priority: 9, since: 10_000_000)]
        #expect(order(works, now: 10_000_000) == [1, 2])
        #expect(order(works, now: 0) == [2, 1])
    }

    @Test func urgentWorkThatDoesNotFitIsNotOvertakenByItsOwnKind() {
        var scheduler = BatchScheduler(limits: limits())
        scheduler.add(work(1))
        scheduler.add(work(2, priority: 9, capacity: 100))
        #expect(plan(&scheduler, free: 50).opened == [])
        #expect(plan(&scheduler, free: 110).opened == [2, 1])
    }

    @Test func noMoreSequencesAreOpenThanTheLimit() {
        var scheduler = BatchScheduler(limits: limits(sequences: 2))
        for id: UInt64 in 1...3 {
            scheduler.add(ScheduledWork(id: id, promptCount: 1, capacity: 4))
        }
        #expect(plan(&scheduler).opened == [1, 2])
        #expect(scheduler.remove(1) == true)
        #expect(plan(&scheduler).opened == [3])
    }

    @Test func aHeldSequenceKeepsItsPlaceAndIsLeftOut() {
        var scheduler = BatchScheduler(limits: limits())
        scheduler.add(work(1, of: 7))
        _ = plan(&scheduler)
        #expect(plan(&scheduler, held: [7]).grants.isEmpty)
        #expect(!scheduler.hasRunnableWork(held: [7]))
        #expect(scheduler.runningCount == 1)
        #expect(plan(&scheduler).grants.map(\.id) == [1])
    }

    @Test func aDeadlineIsReportedOnceWhetherWaitingOpenOrHeld() {
        var scheduler = BatchScheduler(limits: limits(sequences: 1))
        scheduler.add(ScheduledWork(id: 1, promptCount: 1, capacity: 4, deadline: 100))
        scheduler.add(ScheduledWork(id: 2, promptCount: 1, capacity: 4, deadline: 100))
        #expect(plan(&scheduler, now: 99).expired == [])
        #expect(scheduler.nextDeadline == 100)
        #expect(plan(&scheduler, now: 100, held: [0]).expired == [1, 2])
        #expect(plan(&scheduler, now: 101).expired == [])
        #expect(scheduler.isEmpty)
    }

    @Test func aChunkBoundKeepsLogitsAnswersSmall() {
        var scheduler = BatchScheduler(limits: limits(tokens: 128))
        scheduler.add(
            ScheduledWork(id: 1, promptCount: 10, capacity: 10, chunkMax: 4, decodes: false))
        #expect((0..<3).map { _ in plan(&scheduler).tokenCount } == [4, 4, 2])
        #expect(plan(&scheduler).grants.isEmpty)
    }

    @Test func stepsShrinkWhenTheyTakeTooLong() {
        var limits = limits(sequences: 4, tokens: 512)
        limits.stepMicrosecondsMax = 100_000
        var scheduler = BatchScheduler(limits: limits)
        scheduler.add(ScheduledWork(id: 1, promptCount: 4000, capacity: 4000))
        #expect(plan(&scheduler).tokenCount == 512)
        scheduler.observe(TokenCounts(read: 512), microseconds: 512_000)
        #expect(plan(&scheduler).tokenCount == 100)
    }

    @Test func randomHistoriesLoseNothingAndStarveNobody() {
        let seed = SeededGenerator.fuzzSeed("BatchSchedulerTests")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var history = SchedulerHistory(limits: limits(tokens: 48))
            history.run(&random)
        }
    }
}

/// Plays arrivals, removals, readers that stop, suspensions and steps against a model of what each
/// sequence has done.
private struct SchedulerHistory {
    private struct Expected {
        var work: ScheduledWork
        var done = 0
        var decoded = 0
        var isOpen = false
        /// Positions to read again.
        var rereads = 0..<0
        /// Steps since the last one with the sequence, while the sequence could run.
        var idleCount = 0
    }

    private static let connections: UInt64 = 3
    private var scheduler: BatchScheduler
    private var expected: [UInt64: Expected] = [:]
    private var held: Set<UInt64> = []
    private var nextID: UInt64 = 1
    private var now: UInt64 = 0

    init(limits: ServiceLimits) { scheduler = BatchScheduler(limits: limits) }

    mutating func run(_ random: inout SeededGenerator) {
        for _ in 0..<200 {
            now += UInt64.random(in: 0...20, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1: arrive(&random)
            case 2: leave(&random)
            case 3: hold(&random)
            default: step()
            }
            #expect(scheduler.count == expected.count)
        }
    }

    private mutating func arrive(_ random: inout SeededGenerator) {
        let prompt = Int.random(in: 1...100, using: &random)
        let deadline =
            Bool.random(using: &random) ? now + UInt64.random(in: 0...200, using: &random) : nil
        let work = ScheduledWork(
            id: nextID, promptCount: prompt, capacity: prompt + 10,
            chunkMax: Int.random(in: 1...200, using: &random), deadline: deadline,
            turn: WorkTurn(connection: UInt64.random(in: 1...Self.connections, using: &random)))
        nextID += 1
        scheduler.add(work)
        expected[work.id] = Expected(work: work)
    }

    private mutating func leave(_ random: inout SeededGenerator) {
        guard let id = expected.keys.sorted().randomElement(using: &random) else { return }
        #expect(scheduler.remove(id) == expected[id]?.isOpen)
        expected[id] = nil
        #expect(scheduler.remove(id) == nil)
    }

    private mutating func hold(_ random: inout SeededGenerator) {
        let connection = UInt64.random(in: 1...Self.connections, using: &random)
        if held.remove(connection) == nil { held.insert(connection) }
    }

    private mutating func step() {
        var plan = StepPlan()
        scheduler.planStep(now: now, freeCapacity: 400 - used, held: held, into: &plan)
        for id in plan.expired {
            #expect((expected[id]?.work.deadline ?? .max) <= now)
            expected[id] = nil
        }
        for id in plan.suspended { suspend(id) }
        for id in plan.opened {
            #expect(expected[id]?.isOpen == false)
            #expect(!held.contains(expected[id]?.work.connection ?? 0))
            expected[id]?.isOpen = true
        }
        #expect(Set(plan.grants.map(\.id)).count == plan.grants.count)
        for grant in plan.grants { check(grant) }
        checkFairness(plan)
        #expect(expected.values.filter(\.isOpen).count <= 4)
        #expect(used <= 400)
        #expect(plan.tokenCount <= 48)
        #expect(plan.tokenCount == plan.grants.reduce(0) { $0 + max(1, $1.prompt.count) })
    }

    private var used: Int {
        expected.values.filter(\.isOpen).reduce(0) { $0 + $1.work.capacity }
    }

    private mutating func suspend(_ id: UInt64) {
        guard let one = expected[id] else { return }
        #expect(one.isOpen)
        expected[id]?.isOpen = false
        let again = one.rereads.isEmpty ? 0..<one.done + one.decoded : 0..<one.rereads.upperBound
        expected[id]?.rereads = again
        scheduler.setRereads(id, [again])
    }

    private mutating func check(_ grant: StepGrant) {
        guard let one = expected[grant.id] else {
            Issue.record("a grant for work \(grant.id), which is not there")
            return
        }
        #expect(one.isOpen && !held.contains(one.work.connection))
        #expect(grant.isReread == !one.rereads.isEmpty)
        expected[grant.id]?.idleCount = 0
        if grant.isReread {
            #expect(grant.prompt.lowerBound == one.rereads.lowerBound)
            #expect(grant.prompt.upperBound <= one.rereads.upperBound)
            #expect(!grant.endsPrompt)
            expected[grant.id]?.rereads = grant.prompt.upperBound..<one.rereads.upperBound
        } else if grant.decodes {
            #expect(one.done == one.work.promptCount)
            expected[grant.id]?.decoded += 1
        } else {
            #expect(one.done == grant.prompt.lowerBound)
            #expect(grant.prompt.count <= one.work.chunkMax)
            #expect(grant.endsPrompt == (grant.prompt.upperBound == one.work.promptCount))
            expected[grant.id]?.done = grant.prompt.upperBound
        }
    }

    /// Every connection with a decoding sequence moves, and no open sequence is forgotten.
    private mutating func checkFairness(_ plan: StepPlan) {
        let served = Set(plan.grants.compactMap { expected[$0.id]?.work.connection })
        for (id, one) in expected where one.isOpen && !held.contains(one.work.connection) {
            let isDecoding = one.rereads.isEmpty && one.done == one.work.promptCount
            if isDecoding { #expect(served.contains(one.work.connection)) }
            if plan.grants.contains(where: { $0.id == id }) { continue }
            expected[id]?.idleCount += 1
            #expect(one.idleCount < 40, "work \(id) does not move")
        }
    }
}
