// A toy of a recurrent family: two layers whose state of fixed size is all that a sequence keeps.
//
//     layer 0   state = state / 2 + embedding of the token
//     layer 2   state = state / 4 + state of layer 0         logits: the state of layer 2
//
// Layer 1 has no state. The rows of state are read and written by the operations of a queue, as a
// real family would.

import Compute
import Inference
import TestSupport

final class ToyRecurrence: TokenModel {
    let vocabularySize = 16
    let embeddingLength = 16
    let contextLength = 64
    fileprivate let backend: any Backend
    fileprivate let embedding: EmbeddingTable

    init(on backend: any Backend) throws {
        self.backend = backend
        var random = SeededGenerator(seed: 31)
        let values = (0..<16 * 16).map { _ in random.uniform() }
        embedding = try values.withUnsafeBytes {
            try backend.makeEmbedding($0, format: .f32, rows: 16, columns: 16)
        }
    }

    func makeRunner(
        maxSequences sequenceCountMax: Int, tokenBudget: Int
    ) throws(InferenceError) -> any ModelRunner {
        do {
            return try Runner(self, sequenceCountMax: sequenceCountMax, tokenBudget: tokenBudget)
        } catch {
            throw InferenceError(.placement, tried: "making a runner", found: error.found)
        }
    }

    private final class Runner: SequenceRunner {
        private let model: ToyRecurrence
        private let queue: any ComputeQueue
        private let state: SequenceState
        private let x: FloatRows
        var memory: SequenceMemory
        private var stepCount: UInt64 = 0

        init(
            _ model: ToyRecurrence, sequenceCountMax: Int, tokenBudget: Int
        ) throws(ComputeError) {
            self.model = model
            queue = try model.backend.makeQueue()
            let shape = StateShape(lengths: [16, 0, 16], sequenceCountMax: sequenceCountMax)
            state = try model.backend.makeState(shape)
            x = try model.backend.makeBuffer(count: 16).rows(of: 16)
            let table = SequenceTable(
                sequenceCountMax: sequenceCountMax, sequenceLengthMax: model.contextLength,
                pageCount: (tokenBudget - 1) / 16 + 1)
            memory = SequenceMemory(table, cache: nil, state: state, on: queue)
        }

        func step(
            _ items: [StepItem], receive: (StepRow) -> Void
        ) throws(InferenceError) {
            stepCount += 1
            try memory.admit(items, step: stepCount, vocabularySize: 16)
            for (number, item) in items.enumerated() {
                let layers = [row(of: item.sequence, 0), row(of: item.sequence, 2)]
                for (offset, token) in item.tokens.enumerated() {
                    read(token, layers)
                    let isLast = offset == item.tokens.count - 1
                    guard item.wants == .all || item.wants == .last && isLast else { continue }
                    queue.copy(layers[1], into: x, rows: 1, width: 16)
                    do {
                        try queue.finish()
                    } catch {
                        throw InferenceError(.placement, tried: error.tried, found: error.found)
                    }
                    queue.withValues(of: x.buffer, in: 0..<16) {
                        receive(
                            StepRow(
                                item, index: number, position: offset,
                                isLast: offset == item.tokens.count - 1, values: $0))
                    }
                }
                memory.advance(item.sequence, by: item.tokens.count)
            }
        }

        private func read(_ token: Int32, _ layers: [FloatRows]) {
            var pass = PassInputs()
            pass.append([token], first: 0, pages: [0])
            queue.begin(pass)
            queue.embed(model.embedding, into: x)
            for (layer, factor, input) in [(0, Float(0.5), x), (1, 0.25, layers[0])] {
                queue.scale(layers[layer], by: factor, rows: 1, width: 16)
                queue.add(input, into: layers[layer], rows: 1, width: 16)
            }
        }

        private func row(of sequence: SequenceID, _ layer: Int) -> FloatRows {
            guard let place = memory.table.index(of: sequence) else {
                preconditionFailure("a sequence was closed while its step was running")
            }
            let rows = state.layer(layer)
            return FloatRows(
                rows.buffer, offset: rows.offset + place * rows.stride, stride: rows.stride)
        }
    }
}
