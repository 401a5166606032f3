// Fixture models placed on a back end, and the few ways tests run them.

import Compute
import ComputeTestSupport
import Goldens
import Inference
import ModelFiles
import TestSupport

struct FixtureModel {
    let model: TransformerModel
    let plan: ModelPlan

    static func load(
        _ fixture: String, on instructionSet: InstructionSet = .best, threads: Int = 2,
        overrides: [String: String] = [:]
    ) throws -> FixtureModel {
        let file = try GGUFFile(ModelFile(path: Fixtures.path(fixture)))
        return try place(file, on: instructionSet, threads: threads, overrides: overrides)
    }

    static func place(
        _ file: GGUFFile, on instructionSet: InstructionSet = .best, threads: Int = 2,
        overrides: [String: String] = [:]
    ) throws -> FixtureModel {
        try place(
            file, on: SharedBackends.get(threads: threads, instructionSet: instructionSet),
            overrides: overrides)
    }

    static func place(
        _ file: GGUFFile, on backend: any Backend, overrides: [String: String] = [:]
    ) throws -> FixtureModel {
        let plan = try ModelPlan(
            file: file, overrides: overrides, makeTokenizer: StubTokenizer.make)
        return FixtureModel(model: try TransformerModel(plan: plan, backend: backend), plan: plan)
    }

    /// See `TokenModel.logits`.
    func logits(
        of tokens: [Int32], wants: StepItem.Logits, chunk: Int = .max
    ) throws -> [[Float]] {
        try model.logits(of: tokens, wants: wants, chunk: chunk)
    }

    /// The `count` most likely tokens after `prompt`, one by one.
    func greedy(_ prompt: [Int32], count: Int) throws -> [Int32] {
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

extension TokenModel {
    /// Rows of logits for `tokens`, fed to a fresh sequence in pieces of `chunk`.
    func logits(
        of tokens: [Int32], wants: StepItem.Logits, chunk: Int = .max
    ) throws -> [[Float]] {
        let runner = try makeRunner(maxSequences: 1, tokenBudget: tokens.count)
        let sequence = try runner.open(capacity: tokens.count)
        var rows: [[Float]] = []
        var start = 0
        while start < tokens.count {
            let end = start + min(chunk, tokens.count - start)
            let isLast = end == tokens.count
            let item = StepItem(
                sequence: sequence, tokens: Array(tokens[start..<end]),
                wants: wants == .last && !isLast ? .none : wants)
            try runner.step([item]) { _, _, values in rows.append(Array(values)) }
            start = end
        }
        return rows
    }
}
