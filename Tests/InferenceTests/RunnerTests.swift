// The runner's manners: what it refuses, what it hands out, and that a refusal changes nothing.

import Compute
import Inference
import TestSupport
import Testing

@Suite struct RunnerTests {
    private func runner(
        sequences: Int = 2, budget: Int = 64, shape: TinyLlamaShape = TinyLlamaShape()
    ) throws -> any ModelRunner {
        let file = try GGUFBuilder.tinyLlama(shape: shape).parsed()
        return try FixtureModel.place(file, threads: 1).model
            .makeRunner(maxSequences: sequences, tokenBudget: budget)
    }

    private func code(
        _ runner: any ModelRunner, _ items: [StepItem]
    ) -> InferenceError.Code? {
        do {
            try runner.step(items) { _, _, _ in Issue.record("a refused step gave logits") }
            return nil
        } catch {
            return error.code
        }
    }

    @Test func anExhaustedCacheIsATypedError() throws {
        let runner = try runner(budget: 40)
        #expect(runner.freeTokens == 48)
        let first = try runner.open(capacity: 33)
        let error = #expect(throws: InferenceError.self) { try runner.open(capacity: 1) }
        #expect(error?.code == .cacheExhausted)
        runner.close(first)
        _ = try runner.open(capacity: 48)
    }

    @Test func aSequenceNeverGetsLongerThanTheContext() throws {
        let runner = try runner(budget: 1000)
        let error = #expect(throws: InferenceError.self) { try runner.open(capacity: 129) }
        #expect(error?.code == .sequenceTooLong)
        _ = try runner.open(capacity: 128)
    }

    @Test func refusesBudgetsOfNothing() throws {
        for (sequences, budget) in [(0, 16), (1, 0), (-1, 16), (1, -5)] {
            let error = #expect(throws: InferenceError.self) {
                try self.runner(sequences: sequences, budget: budget)
            }
            #expect(error?.code == .placement)
        }
    }

    @Test func aBudgetNoMemoryHoldsIsATypedError() throws {
        for budget in [1 << 50, Int.max] {
            let error = #expect(throws: InferenceError.self) { try self.runner(budget: budget) }
            #expect(error?.code == .placement)
        }
    }

    @Test func refusesTokensOutsideTheVocabulary() throws {
        let runner = try runner()
        let sequence = try runner.open(capacity: 8)
        let size = Int32(GGUFBuilder.tinyVocabulary.count)
        for token in [-1, size, .max, .min] {
            let item = StepItem(sequence: sequence, tokens: [1, token], wants: .all)
            #expect(code(runner, [item]) == .tokenOutOfRange)
        }
        #expect(runner.length(of: sequence) == 0)
    }

    @Test func refusesMoreTokensThanTheSequenceReserved() throws {
        let runner = try runner()
        let sequence = try runner.open(capacity: 3)
        let item = StepItem(sequence: sequence, tokens: [1, 2, 3, 4], wants: .last)
        #expect(code(runner, [item]) == .sequenceTooLong)
        #expect(runner.length(of: sequence) == 0)
    }

    @Test func refusesEmptyItemsAndSequencesNamedTwice() throws {
        let runner = try runner()
        let sequence = try runner.open(capacity: 8)
        let empty = StepItem(sequence: sequence, tokens: [], wants: .last)
        let one = StepItem(sequence: sequence, tokens: [1], wants: .last)
        #expect(code(runner, [empty]) == .badStep)
        #expect(code(runner, [one, one]) == .badStep)
        #expect(runner.length(of: sequence) == 0)
        // The refused step must not have marked the sequence as used.
        try runner.step([one]) { _, _, _ in }
        #expect(runner.length(of: sequence) == 1)
    }

    @Test func refusesClosedSequences() throws {
        let runner = try runner()
        let sequence = try runner.open(capacity: 8)
        runner.close(sequence)
        let item = StepItem(sequence: sequence, tokens: [1], wants: .last)
        #expect(code(runner, [item]) == .unknownSequence)
        #expect(runner.length(of: sequence) == nil)
    }

    @Test func aBadItemSparesTheGoodOnesBeforeIt() throws {
        let runner = try runner()
        let good = try runner.open(capacity: 8)
        let bad = try runner.open(capacity: 8)
        let items = [
            StepItem(sequence: good, tokens: [5, 6], wants: .last),
            StepItem(sequence: bad, tokens: [-7], wants: .last),
        ]
        #expect(code(runner, items) == .tokenOutOfRange)
        #expect(runner.length(of: good) == 0)
    }

    @Test func handsLogitsOutInOrderWithAbsolutePositions() throws {
        let runner = try runner(sequences: 3, budget: 96)
        let sequences = try (0..<3).map { _ in try runner.open(capacity: 20) }
        var items = [
            StepItem(sequence: sequences[0], tokens: [5, 6, 7], wants: .all),
            StepItem(sequence: sequences[1], tokens: [8, 9], wants: .none),
            StepItem(sequence: sequences[2], tokens: [3, 4], wants: .last),
        ]
        var seen: [[Int]] = []
        try runner.step(items) { item, position, values in
            seen.append([item, position, values.count])
        }
        let width = GGUFBuilder.tinyVocabulary.count
        #expect(seen == [[0, 0, width], [0, 1, width], [0, 2, width], [2, 1, width]])

        seen = []
        items[0].tokens = [8]
        items[1].wants = .last
        try runner.step(items) { item, position, _ in seen.append([item, position]) }
        #expect(seen == [[0, 3], [1, 3], [2, 3]])
    }

    @Test func aStepWithoutItemsDoesNothing() throws {
        try runner().step([]) { _, _, _ in Issue.record("logits of nothing") }
    }

    @Test func theModelOutlivesItsFileAndTheRunnerItsModel() throws {
        let runner = try runner()
        let sequence = try runner.open(capacity: 4)
        var count = 0
        let item = StepItem(sequence: sequence, tokens: [1, 2], wants: .all)
        try runner.step([item]) { _, _, values in count += values.count }
        #expect(count == 2 * GGUFBuilder.tinyVocabulary.count)
    }
}
