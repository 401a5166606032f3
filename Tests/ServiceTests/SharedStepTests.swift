// What connections owe each other: places, cache, and the time of a step.

import Service
import Testing

@Suite struct SharedStepTests {
    private func limits(sequences: Int = 4, tokens: Int = 128) -> ServiceLimits {
        var limits = ServiceLimits()
        limits.sequencesMax = sequences
        limits.stepTokensMax = tokens
        return limits
    }

    private func work(
        _ id: UInt64, of connection: UInt64, prompt: Int = 1, capacity: Int = 10
    ) -> ScheduledWork {
        ScheduledWork(
            id: id, promptCount: prompt, capacity: capacity, turn: WorkTurn(connection: connection))
    }

    private func plan(
        _ scheduler: inout BatchScheduler, now: UInt64 = 0, free: Int = .max,
        held: Set<UInt64> = []
    ) -> StepPlan {
        var plan = StepPlan()
        scheduler.planStep(now: now, freeCapacity: free, held: held, into: &plan)
        for id in plan.suspended { scheduler.setRereads(id, [0..<1]) }
        return plan
    }

    // MARK: - Places and cache

    @Test func whoeverDoesNotReadGivesItsPlaceToOthers() {
        var scheduler = BatchScheduler(limits: limits(sequences: 2))
        scheduler.add(work(1, of: 1))
        scheduler.add(work(2, of: 1))
        #expect(plan(&scheduler).opened == [1, 2])
        scheduler.add(work(3, of: 2))
        let exchange = plan(&scheduler, held: [1])
        #expect(exchange.suspended == [2])
        #expect(exchange.opened == [3])
        scheduler.remove(3)
        // A peer that does not read gets no place back.
        #expect(plan(&scheduler, held: [1]).opened == [])
        let back = plan(&scheduler)
        #expect(back.opened == [2])
        let again = StepGrant(id: 2, prompt: 0..<1, endsPrompt: false, isReread: true)
        #expect(back.grants.contains(again))
        #expect(plan(&scheduler).grants.filter(\.decodes).map(\.id).sorted() == [1, 2])
    }

    @Test func whoeverDoesNotReadGivesItsCacheToOthers() {
        var scheduler = BatchScheduler(limits: limits())
        scheduler.add(work(1, of: 1, capacity: 60))
        scheduler.add(work(2, of: 1, capacity: 40))
        #expect(plan(&scheduler, free: 100).opened == [1, 2])
        scheduler.add(work(3, of: 2, capacity: 90))
        let exchange = plan(&scheduler, free: 0, held: [1])
        #expect(exchange.suspended == [2, 1])
        #expect(exchange.opened == [3])
    }

    @Test func nobodyIsSuspendedForNothing() {
        var scheduler = BatchScheduler(limits: limits())
        scheduler.add(work(1, of: 1, capacity: 60))
        scheduler.add(work(2, of: 3, capacity: 40))
        #expect(plan(&scheduler, free: 100).opened == [1, 2])
        scheduler.add(work(3, of: 2, capacity: 90))
        #expect(plan(&scheduler, free: 0, held: [1]).suspended == [])
    }

    @Test func aConnectionWithManyRequestsGetsOneConnectionsShare() {
        var scheduler = BatchScheduler(limits: limits(sequences: 4))
        for id: UInt64 in 1...256 { scheduler.add(work(id, of: 1)) }
        #expect(plan(&scheduler).opened == [1, 2, 3, 4])
        for id: UInt64 in 301...303 { scheduler.add(work(id, of: 2)) }
        let exchange = plan(&scheduler)
        #expect(exchange.suspended == [4, 3])
        #expect(exchange.opened == [301, 302])
        #expect(plan(&scheduler).suspended == [])
        scheduler.add(work(400, of: 3))
        // Two and two and none: one place moves, and then nobody has two more than another.
        #expect(plan(&scheduler).suspended.count == 1)
        #expect(plan(&scheduler).suspended == [])
    }

    @Test func aFreedPlaceGoesToWhoeverHasFewest() {
        var scheduler = BatchScheduler(limits: limits(sequences: 3))
        for id: UInt64 in 1...5 { scheduler.add(work(id, of: 1)) }
        scheduler.add(work(6, of: 2))
        #expect(plan(&scheduler).opened == [1, 6, 2])
        scheduler.add(work(7, of: 2))
        scheduler.remove(1)
        scheduler.remove(6)
        #expect(Set(plan(&scheduler).opened) == [3, 7])
    }

    // MARK: - The time of a step

    /// A scheduler that knows what tokens cost: 1 ms for a token, and a time for the step.
    private func measured(_ limits: ServiceLimits, step: Int = 1) -> BatchScheduler {
        var scheduler = BatchScheduler(limits: limits)
        for _ in 0..<400 {
            for count in [1, 2, 8] {
                let time = UInt64(1000 * step + 1000 * count)
                scheduler.observe(TokenCounts(logits: count), microseconds: time)
                scheduler.observe(TokenCounts(read: count), microseconds: time)
            }
        }
        return scheduler
    }

    @Test func aloneEveryDecodingSequenceMovesInEveryStep() {
        var scheduler = measured(limits(sequences: 32))
        for id: UInt64 in 1...32 { scheduler.add(work(id, of: 1)) }
        _ = plan(&scheduler)
        #expect(plan(&scheduler).grants.count == 32)
    }

    @Test func besideOthersAStepStaysShortAndEverybodyMoves() {
        var scheduler = measured(limits(sequences: 32))
        for id: UInt64 in 1...31 { scheduler.add(work(id, of: 1)) }
        while plan(&scheduler).grants.count < 31 {}
        scheduler.add(work(40, of: 2))
        _ = plan(&scheduler)
        var served: [UInt64: Int] = [:]
        for _ in 0..<31 {
            let step = plan(&scheduler)
            #expect(step.grants.contains { $0.id == 40 })
            // Three times the shortest step of 2 ms has room for five tokens.
            #expect((2...5).contains(step.tokenCount))
            for grant in step.grants { served[grant.id, default: 0] += 1 }
        }
        let counts = (1...31).map { served[UInt64($0), default: 0] }
        #expect(counts.allSatisfy { $0 >= 1 })
        #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 2)
    }

    @Test func stepsStayShortForAMomentAfterOthersHaveLeft() {
        var scheduler = measured(limits(sequences: 32))
        for id: UInt64 in 1...31 { scheduler.add(work(id, of: 1)) }
        scheduler.add(work(40, of: 2))
        while plan(&scheduler).grants.contains(where: { !$0.decodes }) {}
        scheduler.remove(40)
        #expect(plan(&scheduler, now: 999_999).grants.count < 31)
        #expect(plan(&scheduler, now: 1_000_000).grants.count == 31)
    }

    @Test func promptsGoOnBesideManyWhoDecode() {
        var scheduler = measured(limits(sequences: 32))
        for id: UInt64 in 1...16 { scheduler.add(work(id, of: id)) }
        while plan(&scheduler).grants.filter(\.decodes).count < 16 {}
        scheduler.add(work(20, of: 20, prompt: 80))
        var read = 0
        for _ in 0..<10 {
            for grant in plan(&scheduler).grants where grant.id == 20 { read += grant.prompt.count }
        }
        #expect(read == 80)  // Eight in a step that is too long already.
    }

    /// Prompt tokens that each connection reads in a number of steps.
    private func read(_ scheduler: inout BatchScheduler, steps: Int) -> [UInt64: Int] {
        var read: [UInt64: Int] = [:]
        for _ in 0..<steps {
            for grant in plan(&scheduler).grants {
                read[grant.id, default: 0] += grant.prompt.count
            }
        }
        return read
    }

    @Test func promptsOfConnectionsGetTheSameTime() {
        // A shared step has room for 33 tokens: a piece, and a token.
        var scheduler = measured(limits(), step: 15)
        for id: UInt64 in 1...4 {
            scheduler.add(work(id, of: id, prompt: 10_000, capacity: 10_000))
        }
        let counts = read(&scheduler, steps: 40)
        let all = (1...4).map { counts[UInt64($0), default: 0] }
        #expect((all.min() ?? 0) > 200)
        #expect((all.max() ?? 0) - (all.min() ?? 0) <= BatchSchedulerTests.piece)
    }

    @Test func whoeverWasAwayHasNoClaimToTheTimeBefore() {
        var scheduler = measured(limits(), step: 15)
        // Connection 3 decodes and takes no time beyond its own tokens.
        scheduler.add(work(3, of: 3))
        _ = plan(&scheduler)
        for id: UInt64 in 1...2 {
            scheduler.add(work(id, of: id, prompt: 10_000, capacity: 10_000))
        }
        _ = read(&scheduler, steps: 100)
        scheduler.add(work(4, of: 3, prompt: 10_000, capacity: 10_000))
        let counts = read(&scheduler, steps: 30)
        let others = counts[1, default: 0] + counts[2, default: 0]
        #expect(counts[4, default: 0] > 200)
        #expect(others >= counts[4, default: 0])
    }

    @Test func costlyTokensMakeSmallerSteps() {
        var limits = limits(sequences: 4, tokens: 512)
        limits.stepMicrosecondsMax = 100_000
        var scheduler = BatchScheduler(limits: limits)
        scheduler.observe(TokenCounts(read: 100), microseconds: 10_000)
        for _ in 0..<200 {
            scheduler.observe(TokenCounts(logprobs: 50), microseconds: 100_000)
            scheduler.observe(TokenCounts(read: 100), microseconds: 10_000)
        }
        var scored = ScheduledWork(id: 1, promptCount: 4000, capacity: 4000, decodes: false)
        scored.promptKind = .logprobs
        scheduler.add(scored)
        #expect((45...55).contains(plan(&scheduler).tokenCount))
        scheduler.remove(1)
        scheduler.add(ScheduledWork(id: 2, promptCount: 4000, capacity: 4000))
        #expect(plan(&scheduler).tokenCount == 512)
    }

    @Test func aStepAddsBoundedOutputToEachConnection() {
        var limits = limits(tokens: 128)
        limits.outputHighSize = 1000
        var scheduler = BatchScheduler(limits: limits)
        for id: UInt64 in 1...3 {
            var wide = work(id, of: id == 3 ? 2 : 1, prompt: 50, capacity: 50)
            wide.outputPerToken = 100
            scheduler.add(wide)
        }
        // Reading costs next to nothing, so that time bounds nothing here.
        scheduler.observe(TokenCounts(logits: 1), microseconds: 100_000)
        for _ in 0..<200 { scheduler.observe(TokenCounts(read: 100), microseconds: 10) }
        let step = plan(&scheduler)
        let counts = step.grants.reduce(into: [:]) { $0[$1.id, default: 0] += $1.prompt.count }
        #expect((counts[1] ?? 0) + (counts[2] ?? 0) == 10)
        #expect(counts[3] == 10)
    }

    @Test func aValueLargerThanAnyBoundStillComes() {
        var limits = limits(tokens: 128)
        limits.outputHighSize = 1000
        var scheduler = BatchScheduler(limits: limits)
        var wide = ScheduledWork(id: 1, promptCount: 3, capacity: 50, decodes: false)
        wide.outputPerToken = 5000
        scheduler.add(wide)
        #expect((0..<4).map { _ in plan(&scheduler).tokenCount } == [1, 1, 1, 0])
    }

    @Test func largeAnswersOfAConnectionEndOneAfterTheOther() {
        var limits = limits(tokens: 128)
        limits.outputHighSize = 1000
        var scheduler = BatchScheduler(limits: limits)
        for id: UInt64 in 1...3 {
            var large = ScheduledWork(id: id, promptCount: 5, capacity: 50, decodes: false)
            large.outputAtEnd = 900
            scheduler.add(large)
        }
        let ends = (0..<3).map { _ in plan(&scheduler).grants.filter(\.endsPrompt).count }
        #expect(ends == [1, 1, 1])
    }
}
