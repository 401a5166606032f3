// Models that load and then misbehave: each way of misbehaving is caught by the validation layer.

import Inference
import Loading
import TestSupport
import Testing

@Suite struct ValidationTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
    }

    /// Loads the file, then puts a model on the device that answers with `logit`.
    private func rejection(
        width: Int = 100, _ logit: @escaping @Sendable (_ pass: Int, _ token: Int) -> Float
    ) throws -> String? {
        let stub = StubModel(width: width, logit: logit)
        let loader = try ModelLoader.test(steps: { steps in
            let real = steps.place
            steps.place = {
                _ = try real($0, $1, $2, $3)
                return PlacedModel(tokenModel: stub, placement: Placement(device: "stub"))
            }
        })
        let outcome = loader.run(path: path)
        #expect(outcome.rejection.map { $0.layer } == (outcome.model == nil ? .validation : nil))
        return outcome.rejection?.code.name
    }

    @Test func eachMisbehaviourHasItsCode() throws {
        #expect(try rejection { _, token in Float(token) } == nil)
        #expect(try rejection { _, _ in 1 } == "constant_logits")
        #expect(try rejection { _, token in token == 7 ? .nan : 0 } == "non_finite_logits")
        #expect(try rejection { _, token in token == 7 ? .infinity : 0 } == "non_finite_logits")
        #expect(try rejection { pass, token in Float(token + pass) } == "not_reproducible")
        #expect(try rejection(width: 99) { _, token in Float(token) } == "output_width_mismatch")
    }
}

/// A model of 100 tokens whose logits a test decides; each sequence of a step is one pass.
private final class StubModel: TokenModel {
    let vocabularySize = 100
    let embeddingLength = 8
    let contextLength = 64
    let width: Int
    let logit: @Sendable (Int, Int) -> Float

    init(width: Int, logit: @escaping @Sendable (Int, Int) -> Float) {
        self.width = width
        self.logit = logit
    }

    func makeRunner(
        maxSequences: Int, tokenBudget: Int
    ) throws(InferenceError) -> any ModelRunner {
        StubRunner(self)
    }
}

private final class StubRunner: ModelRunner {
    private let model: StubModel

    init(_ model: StubModel) { self.model = model }

    var freeTokens: Int { 64 }
    func open(capacity: Int) throws(InferenceError) -> SequenceID {
        SequenceID(place: 0, use: 1)
    }
    func fork(
        _ sequence: SequenceID, capacity: Int
    ) throws(InferenceError) -> SequenceID { sequence }
    func close(_ sequence: SequenceID) {}
    func length(of sequence: SequenceID) -> Int? { 0 }

    func step(
        _ items: [StepItem], receive: (StepRow) -> Void
    ) throws(InferenceError) {
        for (index, item) in items.enumerated() {
            let row = (0..<model.width).map { model.logit(index + 1, $0) }
            for position in item.tokens.indices {
                row.withUnsafeBufferPointer {
                    receive(StepRow(item, index: index, position: position, values: $0))
                }
            }
        }
    }
}
