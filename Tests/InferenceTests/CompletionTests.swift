// One request from tokens to text: ends, limits, and what is held back.

import Foundation
import Inference
import ModelFiles
import TestSupport
import Testing
import Tokenizers

/// Bytes as tokens: id = byte, 256 ends completion.
private struct ByteTokenizer: Tokenizer {
    var vocabularySize: Int { 257 }
    var beginToken: Int32? { nil }
    var endToken: Int32? { 256 }
    var addsBeginToken: Bool { false }
    var addsEndToken: Bool { false }
    var suffixTokens: [Int32] { [] }
    var degradations: [String] { [] }
    var summary: String { "bytes" }
    func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32] {
        (0..<text.count).map { Int32(text[$0]) }
    }
    func appendPiece(_ token: Int32, special: Bool, to bytes: inout [UInt8]) {
        if let byte = UInt8(exactly: token) { bytes.append(byte) }
    }
    func decode(_ tokens: [Int32], special: Bool, sizeMax: Int) -> [UInt8] {
        tokens.flatMap { piece($0) }
    }
    func isEndOfGeneration(_ token: Int32) -> Bool { token == 256 }
    func isControl(_ token: Int32) -> Bool { token == 256 }
}

@Suite struct CompletionTests {
    private func completion(_ change: (inout CompletionOptions) -> Void = { _ in }) throws
        -> Completion
    {
        var options = CompletionOptions()
        change(&options)
        return try Completion(tokenizer: ByteTokenizer(), options: options)
    }

    private func text(_ step: Completion.Step) -> String {
        String(decoding: step.text, as: UTF8.self)
    }

    @Test func anEndTokenStopsAndIsNotPartOfTheAnswer() throws {
        var completion = try completion()
        #expect(completion.accept(token: 0x61).finish == nil)
        let last = completion.accept(token: 256)
        #expect(last == .init(token: nil, text: [], finish: .stop))
        #expect(completion.tokenCount == 1)
    }

    @Test func endTokensCountLikeOthersWhenAskedTo() throws {
        var completion = try completion {
            $0.stopsAtEndTokens = false
            $0.maxTokens = 2
        }
        #expect(completion.accept(token: 256).finish == nil)
        #expect(completion.accept(token: 256).finish == .length)
    }

    /// Logits of the byte tokenizer: `first` is likeliest, then `second`.
    private func logits(_ first: Int, _ second: Int) -> [Float] {
        var values = [Float](repeating: -1, count: 257)
        values[first] = 2
        values[second] = 1
        return values
    }

    private func accept(
        _ completion: inout Completion, _ values: [Float]
    ) throws -> Completion.Step {
        try values.withUnsafeBufferPointer { try completion.accept($0) }
    }

    @Test(arguments: [0.0, 0.7])
    func noEndTokenIsChosenBeforeTheSmallestNumberOfTokens(_ temperature: Double) throws {
        var completion = try completion {
            $0.minTokens = 2
            $0.sampling.temperature = temperature
            $0.sampling.topK = 1
            $0.logProbabilityCount = 1
        }
        let values = logits(256, 0x61)
        for _ in 0..<2 {
            let step = try accept(&completion, values)
            #expect(step.token == 0x61 && step.finish == nil)
            // The log-probabilities stay the model's own.
            #expect(step.alternatives.map(\.token) == [256])
        }
        #expect(try accept(&completion, values).finish == .stop)
        #expect(completion.tokenCount == 2)
    }

    @Test func noStopStringIsLookedForBeforeTheSmallestNumberOfTokens() throws {
        var completion = try completion {
            $0.minTokens = 4
            $0.stops = [Array("ab".utf8)]
        }
        for token in Array("aba".utf8) {
            let step = completion.accept(token: Int32(token))
            #expect(step.finish == nil && step.text == [token])
        }
        // One that began before is not found.
        #expect(text(completion.accept(token: 0x62)) == "b")
        #expect(text(completion.accept(token: 0x61)) == "")
        #expect(completion.accept(token: 0x62).finish == .stop)
        #expect(completion.tokenCount == 6)
    }

    @Test func aVocabularyOfEndTokensAloneIsNoFailure() throws {
        let only = StubEnds()
        var options = CompletionOptions()
        options.minTokens = 1
        var completion = try Completion(tokenizer: only, options: options)
        #expect(try accept(&completion, [1, 0]).finish == .stop)
    }

    @Test func theTokenLimitReleasesWhatWasHeldBack() throws {
        var completion = try completion {
            $0.maxTokens = 2
            $0.stops = [Array("abc".utf8)]
        }
        #expect(text(completion.accept(token: 0x61)) == "")
        let last = completion.accept(token: 0x62)
        #expect(text(last) == "ab")
        #expect(last.finish == .length)
    }

    @Test func aStopStringEndsTheTextBeforeItAndKeepsTheToken() throws {
        var completion = try completion {
            $0.stops = [Array("zz".utf8), Array("bc".utf8)]
            $0.maxTokens = 3
        }
        #expect(text(completion.accept(token: 0x61)) == "a")
        #expect(text(completion.accept(token: 0x62)) == "")
        // The stop string counts, not the limit reached by the same token.
        let last = completion.accept(token: 0x63)
        #expect(last == .init(token: 0x63, text: [], finish: .stop))
        #expect(completion.matchedStopIndex == 1)
        #expect(completion.tokenCount == 3)
    }

    @Test func aCharacterCutByTheLimitBecomesAReplacement() throws {
        var completion = try completion { $0.maxTokens = 2 }
        #expect(completion.accept(token: 0xE2).text == [])
        #expect(text(completion.accept(token: 0x96)) == "\u{FFFD}")
    }

    @Test(arguments: [Completion.FinishReason.cancelled, .deadline])
    func endingFromOutsideReleasesTheTextOnce(_ reason: Completion.FinishReason) throws {
        var completion = try completion { $0.stops = [Array("abc".utf8)] }
        _ = completion.accept(token: 0x61)
        #expect(completion.finish(reason) == Array("a".utf8))
        #expect(completion.finish(.stop) == [])
        #expect(completion.finishReason == reason)
    }

    @Test func brokenLogitsAreAnErrorNotAToken() throws {
        var completion = try completion()
        let logits = [Float](repeating: .nan, count: 257)
        let error = #expect(throws: InferenceError.self) {
            try logits.withUnsafeBufferPointer { try completion.accept($0) }
        }
        #expect(error?.code == .nonFiniteLogits)
        #expect(completion.tokenCount == 0)
    }

    @Test func logitsBecomeTheirLikeliestToken() throws {
        var completion = try completion()
        var logits = [Float](repeating: 0, count: 257)
        logits[0x41] = 1
        let step = try logits.withUnsafeBufferPointer { try completion.accept($0) }
        #expect(step == .init(token: 0x41, text: [0x41], finish: nil))
    }

    @Test(arguments: [0, -1, CompletionOptions.tokenCountMax + 1])
    func refusesATokenLimitOutsideItsRange(_ count: Int) {
        let error = #expect(throws: InferenceError.self) {
            try completion { $0.maxTokens = count }
        }
        #expect(error?.location == "max_tokens")
    }
}

/// The reference's ids through decoder and stop matcher give the reference's text.
@Suite(.enabled(if: Fixtures.directory != nil, "needs the reference models"))
struct SamplingGoldenTests {
    private struct Golden: Decodable {
        struct Item: Decodable {
            var prompt: String
            var promptIdsWithBos: [Int32]
            var f32Ids: [Int32]
            var f32Text: String
        }
        var items: [Item]
    }

    private func load() throws -> (tokenizer: any Tokenizer, items: [Golden.Item]) {
        let file = try GGUFFile(ModelFile(path: Fixtures.path("stories/stories260K-f32.gguf")))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let url = URL(fileURLWithPath: Fixtures.path("stories/stories260K.golden.json"))
        let golden = try decoder.decode(Golden.self, from: Data(contentsOf: url))
        return (try TokenizerFactory.make(from: file.metadata), golden.items)
    }

    @Test func promptsAndTextsOfTheStoriesAreReproduced() throws {
        let (tokenizer, items) = try load()
        #expect(items.count == 5)
        for item in items {
            #expect(try tokenizer.encode(item.prompt) == item.promptIdsWithBos)
            var options = CompletionOptions()
            options.maxTokens = item.f32Ids.count
            options.stops = [Array("\u{1}never".utf8)]
            var completion = try Completion(tokenizer: tokenizer, options: options)
            let steps = item.f32Ids.map { completion.accept(token: $0) }
            #expect(String(decoding: steps.flatMap(\.text), as: UTF8.self) == item.f32Text)
            #expect(steps.last?.finish == .length)
            #expect(steps.dropLast().allSatisfy { $0.finish == nil })
        }
    }

    @Test func aStopStringCutsTheStoryWhereItFirstAppears() throws {
        let (tokenizer, items) = try load()
        for item in items {
            // A stop string that starts and ends inside tokens.
            let middle = item.f32Text.utf8.count / 2
            let stop = Array(Array(item.f32Text.utf8)[middle..<middle + 7])
            var options = CompletionOptions()
            options.maxTokens = item.f32Ids.count
            options.stops = [stop]
            var completion = try Completion(tokenizer: tokenizer, options: options)
            var text: [UInt8] = []
            for token in item.f32Ids where completion.finishReason == nil {
                text += completion.accept(token: token).text
            }
            let expected = item.f32Text.components(
                separatedBy: String(decoding: stop, as: UTF8.self))[0]
            #expect(String(decoding: text, as: UTF8.self) == expected)
            #expect(completion.finishReason == .stop)
        }
    }
}

/// Two tokens, both of which end a completion.
private struct StubEnds: Tokenizer {
    let vocabularySize = 2
    let beginToken: Int32? = nil
    let endToken: Int32? = nil
    let addsBeginToken = false
    let addsEndToken = false
    let suffixTokens: [Int32] = []
    let degradations: [String] = []
    let summary = "stub"

    func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool, watch: EncodingWatch?
    ) throws(TokenizerError) -> [Int32] { [] }

    func appendPiece(_ token: Int32, special: Bool, to bytes: inout [UInt8]) {}
    func decode(_ tokens: [Int32], special: Bool, sizeMax: Int) -> [UInt8] { [] }
    func isEndOfGeneration(_ token: Int32) -> Bool { true }
    func isControl(_ token: Int32) -> Bool { false }
}
