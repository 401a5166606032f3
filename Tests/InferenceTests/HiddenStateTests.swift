// Hidden states: what the output matrix reads, handed out instead of what it makes of it.

import Compute
import Inference
import ModelFiles
import TestSupport
import Testing

@Suite struct HiddenStateTests {
    private static let prompt: [Int32] = (0..<45).map { Int32(($0 * 37 + 11) % 340) }

    private func hidden(
        _ model: FixtureModel, chunk: Int = .max, wants: StepItem.Logits = .all
    ) throws -> [[Float]] {
        let runner = try model.model.makeRunner(maxSequences: 1, tokenBudget: 64)
        let sequence = try runner.open(capacity: 64)
        var rows: [[Float]] = []
        var start = 0
        while start < Self.prompt.count {
            let end = start + min(chunk, Self.prompt.count - start)
            let item = StepItem(
                sequence: sequence, tokens: Array(Self.prompt[start..<end]), wants: wants,
                output: .hidden)
            try runner.step([item]) { _, _, values in rows.append(Array(values)) }
            start = end
        }
        return rows
    }

    private func floats(_ name: String, _ file: GGUFFile) throws -> [Float]? {
        guard let tensor = file.tensors.first(where: { $0.name == name }) else { return nil }
        let bytes = try file.bytes(of: tensor)
        return (0..<tensor.valueCount).map { bytes.loadFloat($0) }
    }

    /// An F32 output matrix, multiplied here in double.
    @Test(arguments: FamilyTests.names)
    func theOutputMatrixMakesTheLogitsOfIt(_ family: String) throws {
        let file = try GGUFBuilder.tiny(family, seed: 7).parsed()
        let model = try FixtureModel.place(file)
        let weights = try #require(
            try floats("output.weight", file) ?? floats("token_embd.weight", file))
        let bias = try floats("output.bias", file)
        let states = try hidden(model)
        let logits = try model.logits(of: Self.prompt, wants: .all)
        let width = model.model.embeddingLength
        #expect(states.count == Self.prompt.count)
        for (state, row) in zip(states, logits) {
            #expect(state.count == width)
            for token in row.indices {
                var sum = bias.map { Double($0[token]) } ?? 0
                for index in 0..<width {
                    sum += Double(weights[token * width + index]) * Double(state[index])
                }
                #expect(abs(sum - Double(row[token])) < 1e-4)
            }
        }
    }

    @Test(arguments: FamilyTests.names, [1, 7, 16])
    func theyDoNotDependOnChunks(_ family: String, _ chunk: Int) throws {
        let model = try FixtureModel.place(try GGUFBuilder.tiny(family, seed: 7).parsed())
        let expected = try hidden(model).map { $0.map(\.bitPattern) }
        #expect(try hidden(model, chunk: chunk).map { $0.map(\.bitPattern) } == expected)
        let last = try hidden(model, wants: .last).map { $0.map(\.bitPattern) }
        #expect(last == [expected[44]])
    }

    /// Items of both kinds side by side, more rows than the output matrix takes at a time.
    @Test func theyStandBesideLogitsInOneStep() throws {
        let file = try GGUFBuilder.tinyLlama(seed: 7).parsed()
        let model = try FixtureModel.place(file)
        let states = try hidden(model)
        let logits = try model.logits(of: Self.prompt, wants: .all)
        let runner = try model.model.makeRunner(maxSequences: 4, tokenBudget: 256)
        let items = try [StepItem.Output.hidden, .logits, .hidden, .logits].map { output in
            StepItem(
                sequence: try runner.open(capacity: 64), tokens: Self.prompt, wants: .all,
                output: output)
        }
        var seen: [[[Float]]] = [[], [], [], []]
        var order: [Int] = []
        try runner.step(items) { item, position, values in
            #expect(position == seen[item].count)
            seen[item].append(Array(values))
            order.append(item)
        }
        #expect(order == order.sorted())
        #expect(seen == [states, logits, states, logits])
    }
}
