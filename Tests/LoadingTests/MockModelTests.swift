// The mock: loud, seeded, refused in production, and never anything but a mock.

import Inference
import Loading
import Synchronization
import TestSupport
import Testing

@Suite struct MockModelTests {
    let time = ManualTime()
    let log = RecordedLog()

    private func mock(seed: UInt64 = 1) throws -> MockModel {
        try MockModel(seed: seed, environment: .test, time: time.source, logger: log.logger)
    }

    private func row(_ mock: MockModel, _ steps: [[Int32]]) throws -> [Float] {
        let runner = try mock.makeRunner(maxSequences: 1, tokenBudget: 64)
        let sequence = try runner.open(capacity: 64)
        var last: [Float] = []
        for tokens in steps {
            try runner.step([StepItem(sequence: sequence, tokens: tokens, wants: .last)]) {
                last = Array($2)
            }
        }
        return last
    }

    @Test func claimsTheSizesOfTheContract() throws {
        let facts = try mock().facts
        #expect(facts.architecture == "mock")
        #expect(facts.vocabularySize == 32_000)
        #expect(facts.embeddingLength == 4_096)
        #expect(facts.blockCount == 32)
    }

    @Test func logitsDependOnSeedAndTokensOnly() throws {
        let first = try row(mock(), [[1, 2, 3]])
        #expect(first.count == 32_000)
        #expect(try row(mock(), [[1], [2, 3]]) == first)
        #expect(try row(mock(seed: 2), [[1, 2, 3]]) != first)
        #expect(try row(mock(), [[1, 2, 4]]) != first)
        #expect(first.allSatisfy { $0.isFinite && $0 >= -4 && $0 < 4 })
        #expect(Set(first).count > 1_000)
    }

    @Test func logitsDoNotDependOnOtherSequences() throws {
        let alone = try row(mock(), [[7, 8]])
        let runner = try mock().makeRunner(maxSequences: 2, tokenBudget: 64)
        let one = try runner.open(capacity: 8)
        let two = try runner.open(capacity: 8)
        var rows: [Int: [Float]] = [:]
        let items = [
            StepItem(sequence: one, tokens: [5], wants: .none),
            StepItem(sequence: two, tokens: [7, 8], wants: .all),
        ]
        try runner.step(items) { item, position, values in
            #expect(item == 1)
            rows[position] = Array(values)
        }
        #expect(rows.count == 2)
        #expect(rows[1] == alone)
        #expect(runner.length(of: one) == 1)
    }

    @Test func warnsAtCreationAndOnEachUse() throws {
        let mock = try mock()
        #expect(log.count(.warning, containing: "created") == 1)
        let runner = try mock.makeRunner(maxSequences: 4, tokenBudget: 64)
        #expect(log.count(.warning, containing: "in use") == 0)
        _ = try runner.open(capacity: 4)
        _ = try runner.open(capacity: 4)
        #expect(log.count(.warning, containing: "in use") == 2)
    }

    @Test func logsOneErrorWhenItIsFiveMinutesOld() throws {
        let mock = try mock()
        time.advance(by: .seconds(299))
        mock.checkAge()
        #expect(log.count(.error, containing: "five minutes") == 0)
        time.advance(by: .seconds(1))
        #expect(log.count(.error, containing: "five minutes") == 1)
        time.advance(by: .seconds(1000))
        mock.checkAge()
        #expect(log.count(.error, containing: "five minutes") == 1)
        #expect(mock.age == .seconds(1300))
    }

    @Test func isNeverMadeInProduction() {
        let error = #expect(throws: ProvenanceError.self) {
            _ = try MockModel(environment: .production, time: time.source, logger: log.logger)
        }
        #expect(error?.code == .mockForbidden)
        #expect(error?.description.hasPrefix("mock_forbidden: ") == true)
        #expect(log.lines.isEmpty)
    }

    @Test func ensureRealThrowsOnAMock() throws {
        let model = LoadedModel.mock(try mock())
        let error = #expect(throws: ProvenanceError.self) { try model.ensureReal() }
        #expect(error?.code == .notReal)
        #expect(error?.code.name == "not_real")
        #expect(model.provenance == .mock)
        #expect(model.fingerprint == nil)
        #expect(model.degradations == ["mock_fallback"])
        #expect(model.device == "cpu")
        #expect(model.deviceReason == nil)
        #expect(model.facts.architecture == "mock")
        #expect(model.tokenModel.vocabularySize == 32_000)
        #expect(model.tokenModel.contextLength == 4_096)
    }

    @Test func runnerKeepsTheContractOfARealOne() throws {
        let runner = try mock().makeRunner(maxSequences: 2, tokenBudget: 40)
        #expect(runner.freeTokens == 48)
        func code(_ body: () throws -> Void) -> String? {
            #expect(throws: InferenceError.self) { try body() }?.code.name
        }
        #expect(code { _ = try runner.open(capacity: 0) } == "sequence_too_long")
        #expect(code { _ = try runner.open(capacity: 49) } == "sequence_too_long")
        let one = try runner.open(capacity: 33)
        #expect(runner.freeTokens == 0)
        #expect(code { _ = try runner.open(capacity: 1) } == "cache_exhausted")
        let item = { (tokens: [Int32]) in StepItem(sequence: one, tokens: tokens, wants: .last) }
        let ignore: (Int, Int, UnsafeBufferPointer<Float>) -> Void = { _, _, _ in }
        #expect(code { try runner.step([item([])], logits: ignore) } == "bad_step")
        #expect(code { try runner.step([item([1]), item([1])], logits: ignore) } == "bad_step")
        #expect(code { try runner.step([item([32_000])], logits: ignore) } == "token_out_of_range")
        #expect(code { try runner.step([item([-1])], logits: ignore) } == "token_out_of_range")
        let long = [Int32](repeating: 1, count: 34)
        #expect(code { try runner.step([item(long)], logits: ignore) } == "sequence_too_long")
        #expect(runner.length(of: one) == 0)
        runner.close(one)
        runner.close(one)
        #expect(runner.freeTokens == 48)
        #expect(runner.length(of: one) == nil)
        #expect(code { try runner.step([item([1])], logits: ignore) } == "unknown_sequence")
        _ = try runner.open(capacity: 1)
        _ = try runner.open(capacity: 1)
        #expect(code { _ = try runner.open(capacity: 1) } == "too_many_sequences")
    }

    @Test func tokenizerLosesNothingAndItsWordsSayMock() throws {
        let tokenizer = try mock().tokenizer
        let bytes = (0...255).map { UInt8($0) }
        let tokens = try tokenizer.encode(bytes, addSpecial: true)
        #expect(tokens.first == 1)
        #expect(tokenizer.decode(tokens) == bytes)
        #expect(try tokenizer.encode(bytes, addSpecial: false).count == 256)
        #expect(tokenizer.vocabularySize == 32_000)
        #expect(tokenizer.piece(20_000) == Array(" mock-20000".utf8))
        #expect(tokenizer.piece(2) == Array("</s>".utf8))
        #expect(tokenizer.decode([2, 40_000, -1]).isEmpty)
        #expect(tokenizer.isEndOfGeneration(2) && !tokenizer.isEndOfGeneration(3))
        #expect(tokenizer.isControl(0) && !tokenizer.isControl(3))
        #expect((tokenizer.beginToken, tokenizer.endToken) == (1, 2))
        #expect(tokenizer.addsBeginToken && !tokenizer.addsEndToken)
        #expect(tokenizer.summary.contains("mock"))
    }
}
