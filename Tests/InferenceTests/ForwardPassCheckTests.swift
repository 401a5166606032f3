// The forward-pass check against models that misbehave in exactly one way each.

import Inference
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
    private let runs = RunCounter()

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
        let run = runs.next()
        return Runner(positionCount: answeredPositionCount) { [change] position in
            var row = (0..<32).map { Float($0 - position) }
            change(&row, run, position)
            return row
        }
    }

    private final class Runner: ModelRunner {
        private let positionCount: Int
        private let row: (Int) -> [Float]

        init(positionCount: Int, row: @escaping (Int) -> [Float]) {
            self.positionCount = positionCount
            self.row = row
        }

        var freeTokens: Int { 16 }

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
            for position in 0..<min(items[0].tokens.count, positionCount) {
                row(position).withUnsafeBufferPointer {
                    receive(StepRow(items[0], index: 0, position: position, values: $0))
                }
            }
        }
    }
}
