// Log-probabilities beside logits: computed by the runner's threads, for the items that ask.

import Inference
import ModelFiles
import TestSupport
import Testing

@Suite struct ScoredRowTests {
    private struct Row: Equatable {
        let item: Int
        let position: Int
        let values: [Float]
        let found: LogProbabilities?
    }

    private func rows(threads: Int, _ asks: [(Int?, StepItem.Output)]) throws -> [Row] {
        let file = try GGUFBuilder.tiny("llama", seed: 5).parsed()
        let runner = try FixtureModel.place(file, threads: threads).model
            .makeRunner(maxSequences: asks.count, tokenBudget: 64 * asks.count)
        let items = try asks.enumerated().map { number, ask in
            StepItem(
                sequence: try runner.open(capacity: 64),
                tokens: (0..<40).map { Int32(($0 * 37 + number * 11) % 340) }, wants: .all,
                output: ask.1, topCount: ask.0)
        }
        var rows: [Row] = []
        try runner.step(items) { (row: StepRow) in
            rows.append(
                Row(
                    item: row.item, position: row.position, values: Array(row.values),
                    found: try? row.logProbabilities?.get()))
        }
        return rows
    }

    @Test(arguments: [1, 3])
    func rowsCarryWhatTheirItemsAskFor(_ threads: Int) throws {
        let asks: [(Int?, StepItem.Output)] = [
            (nil, .logits), (0, .logits), (5, .hidden), (64, .logits), (3, .logits),
        ]
        let rows = try rows(threads: threads, asks)
        #expect(rows.map(\.item) == (0..<5).flatMap { [Int](repeating: $0, count: 40) })
        #expect(rows.map(\.position) == (0..<5).flatMap { _ in 0..<40 })
        for row in rows {
            let (topCount, output) = asks[row.item]
            guard let topCount, output == .logits else {
                #expect(row.found == nil)
                continue
            }
            let expected = try row.values.withUnsafeBufferPointer {
                try LogProbabilities($0, topCount: topCount)
            }
            #expect(row.found == expected)
            #expect(row.found?.top.count == topCount)
        }
    }
}
