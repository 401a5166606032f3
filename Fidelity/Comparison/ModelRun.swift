// A fixture model placed on a back end, and the ways the checks run it: whole, in chunks, among
// strangers, greedily.
//
// Guarantees: the same calls make the same steps on every run.
// Does not: keep a model between checks; each run packs its own.

import Compute
import Goldens
import Inference
import ModelFiles

/// One model on one back end. Confined to one thread.
package struct ModelRun {
    let model: TransformerModel

    /// Packs the model at `path`; `overrides` replace its hyper-parameters.
    package init(
        path: String, overrides: [String: String] = [:], on set: InstructionSet, threads: Int
    ) throws {
        let backend = try CPUBackend(threads: threads, instructionSet: set)
        let plan = try ModelPlan(
            ParsedModel(ModelFileSet(path: path)), overrides: overrides)
        model = try TransformerModel(plan: plan, backend: backend)
    }

    init(
        _ subject: ModelSubject, root: String, on set: InstructionSet, threads: Int
    ) throws {
        try self.init(
            path: root + "/" + subject.path, overrides: subject.overrides, on: set,
            threads: threads)
    }

    /// Logits at every position of `tokens`, fed in pieces of `chunk`.
    package func logits(of tokens: [Int32], chunk: Int = .max) throws -> [[Float]] {
        let runner = try model.makeRunner(maxSequences: 1, tokenBudget: tokens.count)
        let sequence = try runner.open(capacity: tokens.count)
        var rows: [[Float]] = []
        var start = 0
        while start < tokens.count {
            let end = start + min(chunk, tokens.count - start)
            let item = StepItem(
                sequence: sequence, tokens: Array(tokens[start..<end]), wants: .all)
            try runner.step([item]) { _, _, values in rows.append(Array(values)) }
            start = end
        }
        return rows
    }

    /// The same, token by token, in steps that seven strangers take part in: they read prompts of
    /// uneven length, before and behind the sequence that is watched, and start over when full.
    package func logitsAmongStrangers(of tokens: [Int32]) throws -> [[Float]] {
        let strangerCount = 7, capacity = 24
        let runner = try model.makeRunner(
            maxSequences: strangerCount + 1,
            tokenBudget: tokens.count + 16 + strangerCount * (capacity + 16))
        let watched = try runner.open(capacity: tokens.count)
        var strangers = try (0..<strangerCount).map { _ in try runner.open(capacity: capacity) }
        var numbers = FixedNumbers()
        return try tokens.map { token in
            var items: [StepItem] = []
            for index in strangers.indices {
                let count = 1 + numbers.next(below: 5)
                if (runner.length(of: strangers[index]) ?? 0) + count > capacity {
                    runner.close(strangers[index])
                    strangers[index] = try runner.open(capacity: capacity)
                }
                let chosen = (0..<count).map { _ in
                    Int32(numbers.next(below: model.vocabularySize))
                }
                items.append(
                    StepItem(
                        sequence: strangers[index], tokens: chosen,
                        wants: numbers.next(below: 2) == 0 ? .last : .none))
            }
            let place = numbers.next(below: items.count + 1)
            items.insert(
                StepItem(sequence: watched, tokens: [token], wants: .last), at: place)
            var row: [Float] = []
            try runner.step(items) { item, _, values in
                if item == place { row = Array(values) }
            }
            return row
        }
    }

    /// The `count` most likely tokens after `prompt`, one by one.
    package func greedy(_ prompt: [Int32], count: Int) throws -> [Int32] {
        let capacity = prompt.count + count
        let runner = try model.makeRunner(maxSequences: 1, tokenBudget: capacity)
        let sequence = try runner.open(capacity: capacity)
        var item = StepItem(sequence: sequence, tokens: prompt, wants: .last)
        var tokens: [Int32] = []
        for _ in 0..<count {
            try runner.step([item]) { _, _, values in
                tokens.append(Int32(values.indexOfLargest))
            }
            item.tokens = [tokens[tokens.count - 1]]
        }
        return tokens
    }
}

/// The same numbers on every run; only their variety matters.
struct FixedNumbers {
    private var state: UInt64 = 0x5EED

    mutating func next(below count: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % count
    }

    /// In -1 ..< 1.
    mutating func uniform() -> Float { Float(next(below: 1 << 24)) / Float(1 << 23) - 1 }
}
