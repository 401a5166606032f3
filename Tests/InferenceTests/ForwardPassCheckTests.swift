// The forward-pass check against models that misbehave in exactly one way each.

import Inference
import Synchronization
import Testing

@Suite struct ForwardPassCheckTests {
    @Test func acceptsFiniteRepeatableLogits() throws {
        let verdict = try ForwardPassCheck.run(FakeModel())
        #expect(verdict == ForwardPassVerdict(tokenCount: 4, logitMin: -3, logitMax: 31))
    }

    @Test func feedsNoMoreTokensThanTheContextHolds() throws {
        #expect(try ForwardPassCheck.run(FakeModel(contextLength: 1)).tokenCount == 1)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func refusesLogitsThatAreNotFinite(_ value: Float) {
        let model = FakeModel { row, _, position in if position == 2 { row[5] = value } }
        let error = #expect(throws: InferenceError.self) { try ForwardPassCheck.run(model) }
        #expect(error?.code == .nonFiniteLogits)
        #expect(error?.message.contains("position 2") == true)
        #expect(error?.message.contains("token 5") == true)
    }

    @Test func refusesTheSameLogitForEveryToken() {
        let model = FakeModel { row, _, _ in row = Array(repeating: 0.25, count: row.count) }
        let error = #expect(throws: InferenceError.self) { try ForwardPassCheck.run(model) }
        #expect(error?.code == .constantLogits)
        #expect(error?.found == "0.25 as the logit of every token")
    }

    @Test(arguments: [31, 33])
    func refusesAnotherWidthThanTheVocabulary(_ width: Int) {
        let model = FakeModel { row, _, _ in row = (0..<width).map(Float.init) }
        let error = #expect(throws: InferenceError.self) { try ForwardPassCheck.run(model) }
        #expect(error?.code == .outputWidth)
        #expect(error?.found == "\(width) logits")
    }

    @Test func refusesOtherBitsTheSecondTime() {
        let model = FakeModel { row, run, position in
            if run == 2, position == 3 { row[7] = row[7].nextUp }
        }
        let error = #expect(throws: InferenceError.self) { try ForwardPassCheck.run(model) }
        #expect(error?.code == .notReproducible)
        #expect(error?.message.contains("token 7") == true)
    }

    @Test func tellsMinusZeroFromZeroWhenComparing() {
        let model = FakeModel { row, run, _ in row[0] = run == 2 ? -0.0 : 0.0 }
        let error = #expect(throws: InferenceError.self) { try ForwardPassCheck.run(model) }
        #expect(error?.code == .notReproducible)
    }

    /// Two sequences of the same tokens in one step: a single pass, and nothing shared.
    @Test func runsBothSequencesInOneStep() throws {
        let model = FakeModel()
        _ = try ForwardPassCheck.run(model)
        let step = try #require(model.steps.withLock { $0.count == 1 ? $0[0] : nil })
        #expect(step.count == 2)
        #expect(step[0].tokens == step[1].tokens)
        #expect(step[0].sequence != step[1].sequence)
    }

    /// The second sequence is judged by the first one's bits, so a fault of both is named.
    @Test func refusesTheFaultOfBothSequencesBeforeTheirDifference() {
        let model = FakeModel { row, run, _ in row[run] = .nan }
        let error = #expect(throws: InferenceError.self) { try ForwardPassCheck.run(model) }
        #expect(error?.code == .nonFiniteLogits)
    }

    @Test func refusesARunnerThatSkipsPositions() {
        let error = #expect(throws: InferenceError.self) {
            try ForwardPassCheck.run(FakeModel(answeredPositionCount: 1))
        }
        #expect(error?.code == .outputWidth)
    }
}

/// A model whose logits are a ramp, shifted by position, then changed by the test.
private final class FakeModel: TokenModel {
    typealias Change = @Sendable (_ row: inout [Float], _ run: Int, _ position: Int) -> Void

    let vocabularySize = 32
    let embeddingLength = 8
    let contextLength: Int
    private let answeredPositionCount: Int
    private let change: Change
    /// Items of every step.
    let steps = Mutex<[[StepItem]]>([])

    init(
        contextLength: Int = 64, answeredPositionCount: Int = .max,
        change: @escaping Change = { _, _, _ in }
    ) {
        self.contextLength = contextLength
        self.answeredPositionCount = answeredPositionCount
        self.change = change
    }

    func makeRunner(
        maxSequences: Int, tokenBudget: Int
    ) throws(InferenceError) -> any ModelRunner {
        Runner(positionCount: answeredPositionCount, steps: self) { [change] run, position in
            var row = (0..<32).map { Float($0 - position) }
            change(&row, run, position)
            return row
        }
    }

    private final class Runner: ModelRunner {
        private let positionCount: Int
        private let row: (_ run: Int, _ position: Int) -> [Float]
        private let model: FakeModel
        private var openCount = 0

        init(
            positionCount: Int, steps model: FakeModel, row: @escaping (Int, Int) -> [Float]
        ) {
            self.positionCount = positionCount
            self.model = model
            self.row = row
        }

        var freeTokens: Int { 16 }

        func open(capacity: Int) throws(InferenceError) -> SequenceID {
            openCount += 1
            return SequenceID(place: UInt32(openCount), use: 1)
        }

        func fork(
            _ sequence: SequenceID, capacity: Int
        ) throws(InferenceError) -> SequenceID { sequence }

        func close(_ sequence: SequenceID) {}

        func length(of sequence: SequenceID) -> Int? { 0 }

        func step(
            _ items: [StepItem], receive: (StepRow) -> Void
        ) throws(InferenceError) {
            model.steps.withLock { $0.append(items) }
            for (index, item) in items.enumerated() {
                for position in 0..<min(item.tokens.count, positionCount) {
                    row(index + 1, position).withUnsafeBufferPointer {
                        receive(StepRow(item, index: index, position: position, values: $0))
                    }
                }
            }
        }
    }
}
