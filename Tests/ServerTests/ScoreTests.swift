// Scores: they are what the Logits say, the same alone and in company, and refused when they cannot
// be.

import Foundation
import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct ScoreTests {
    /// Rows of logits behind every token.
    private func rows(_ tokens: [UInt32], _ client: RawClient) throws -> [[Float]] {
        var request = LogitsRequest(prompt: .tokens(tokens))
        request.allPositions = true
        let values = try client.answers(to: try client.request(request)).values
        let width = values.count / tokens.count
        return tokens.indices.map { Array(values[$0 * width..<($0 + 1) * width]) }
    }

    private func naive(_ row: [Float]) -> [Double] {
        let largest = Double(row.max() ?? 0)
        let sum = row.reduce(0.0) { $0 + exp(Double($1) - largest) }
        return row.map { Double($0) - largest - log(sum) }
    }

    private func tokens(_ count: Int, seed: UInt64) -> [UInt32] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt32(3 + random.below(320)) }
    }

    @Test(arguments: [1, 15, 16, 17, 40])
    func aScoreIsTheLogSoftmaxOfTheLogits(_ promptCount: Int) throws {
        let server = try TestServer()
        let client = try server.client()
        let prompt = tokens(promptCount, seed: 1)
        let continuations = [1, 2, 5, 30].map { tokens($0, seed: UInt64($0)) }
        var request = ScoreRequest(
            prompt: .tokens(prompt), continuations: continuations.map { .tokens($0) })
        request.topLogprobs = 5
        let answer = try client.call(request).decoded(ScoreResponse.self)
        #expect(answer.promptTokens == UInt64(promptCount))
        #expect(answer.scores.count == 4)
        for (continuation, score) in zip(continuations, answer.scores) {
            #expect(score.logprobs.tokens == continuation)
            let rows = try rows(prompt + continuation.dropLast(), client).suffix(continuation.count)
            var sum = 0.0
            var isGreedy = true
            for (index, row) in rows.enumerated() {
                let expected = naive(row)
                let best = row.indices.sorted {
                    row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1
                }.prefix(5)
                let value = expected[Int(continuation[index])]
                #expect(abs(Double(score.logprobs.logprobs[index]) - value) < 1e-6)
                let top = score.logprobs.top(at: index)
                #expect(top.map(\.token) == best.map { UInt32($0) })
                sum += value
                isGreedy = isGreedy && best[0] == Int(continuation[index])
            }
            #expect(abs(score.logprob - sum) < 1e-5)
            #expect(score.greedy == isGreedy)
        }
    }

    @Test func whatGreedyChoosesScoresAsGreedy() throws {
        let server = try TestServer()
        let client = try server.client()
        let prompt: [UInt32] = [1, 300, 301]
        var generate = GenerateRequest(prompt: .tokens(prompt))
        generate.maxTokens = 12
        let chosen = try client.answers(to: try client.request(generate)).tokens
        var other = chosen
        other[chosen.count - 1] = chosen[chosen.count - 1] == 5 ? 6 : 5
        let request = ScoreRequest(
            prompt: .tokens(prompt), continuations: [.tokens(chosen), .tokens(other)])
        let scores = try client.call(request).decoded(ScoreResponse.self).scores
        #expect(scores.map(\.greedy) == [true, false])
        #expect(scores[0].logprob > scores[1].logprob)
    }

    /// Windows of branches that the cache can just hold, in steps that cut branches anywhere, among
    /// streams.
    @Test(arguments: [1, 16, 37])
    func manyContinuationsScoreAsEachAlone(_ promptCount: Int) throws {
        let server = try TestServer {
            $0.limits.stepTokensMax = 48
            $0.limits.sequencesMax = 8
            $0.cacheTokensMax = 512
        }
        let client = try server.client()
        let prompt = tokens(promptCount, seed: 9)
        let continuations = (0..<64).map { tokens(1 + $0 * 7 % 40, seed: UInt64($0)) }
        var request = ScoreRequest(
            prompt: .tokens(prompt), continuations: continuations.map { .tokens($0) })
        request.topLogprobs = 3
        let streams = try (0..<2).map { _ in try client.request(GenerateRequest.stream(tokens: 60))
        }
        let together = try client.call(request).decoded(ScoreResponse.self).scores
        for id in streams { _ = try client.answers(to: id) }
        #expect(together.count == 64)
        for (index, continuation) in continuations.enumerated() {
            request.continuations = [.tokens(continuation)]
            let alone = try client.call(request).decoded(ScoreResponse.self).scores
            #expect(alone == [together[index]])
        }
        try expectWholeCache(client, 512)
    }

    /// A request that takes all of the cache runs only when everything was given back.
    private func expectWholeCache(_ client: RawClient, _ count: Int) throws {
        let request = LogitsRequest(prompt: .tokens(tokens(count, seed: 3)))
        #expect(try client.answers(to: try client.request(request)).last?.status == .ok)
    }

    // MARK: Texts

    private func tokenize(_ text: String, _ client: RawClient, special: Bool = true) throws
        -> [UInt32]
    {
        var request = TokenizeRequest(text: Array(text.utf8))
        request.addSpecial = special
        return try client.call(request).decoded(TokenizeResponse.self).tokens
    }

    @Test func aTextIsScoredAsThePromptAndItWouldBeReadTogether() throws {
        let server = try TestServer()
        let client = try server.client()
        let prompt = "it is th"
        // `th` + `e` is another token than `th`, so that prompt's last token changes.
        let texts = ["e end", " sea", "is", "e", "at and on"]
        let alone = try tokenize(prompt, client)
        let request = ScoreRequest(
            prompt: .text(prompt), continuations: texts.map { .text($0) })
        let scores = try client.call(request).decoded(ScoreResponse.self).scores
        var shortest = alone.count
        for (text, score) in zip(texts, scores) {
            let whole = try tokenize(prompt + text, client)
            let common = zip(alone, whole).prefix { $0 == $1 }.count
            shortest = min(shortest, common)
            #expect(score.logprobs.tokens == Array(whole[common...]))
            let same = ScoreRequest(
                prompt: .tokens(Array(whole[..<common])),
                continuations: [.tokens(Array(whole[common...]))])
            #expect(try client.call(same).decoded(ScoreResponse.self).scores == [score])
        }
        // Otherwise this has not tried what it is for.
        #expect(shortest < alone.count)
    }

    @Test func behindTokensATextIsTokenizedByItself() throws {
        let server = try TestServer()
        let client = try server.client()
        let request = ScoreRequest(
            prompt: .tokens([1, 300]), continuations: [.text("the </s>")])
        let scores = try client.call(request).decoded(ScoreResponse.self).scores
        #expect(scores[0].logprobs.tokens == (try tokenize("the </s>", client, special: false)))
        #expect(!scores[0].logprobs.tokens.contains(2))
    }

    // MARK: Refusals

    private func refusal(
        _ request: ScoreRequest, _ client: RawClient
    ) throws -> (status: Status, error: ErrorBody?) {
        let answer = try client.call(request)
        return (answer.status, answer.error)
    }

    @Test func whatCannotBeScoredIsRefused() throws {
        let server = try TestServer { $0.contextMax = 64 }
        let client = try server.client()
        func code(_ prompt: Prompt, _ continuation: Input, special: Bool = true) throws -> String? {
            var request = ScoreRequest(prompt: prompt, continuations: [continuation])
            request.addSpecial = special
            return try refusal(request, client).error?.code
        }
        #expect(try code(.text("a"), .text("")) == "continuation_empty")
        #expect(try code(.tokens([1]), .text("")) == "continuation_empty")
        #expect(try code(.text(""), .text("a"), special: false) == "prompt_empty")
        #expect(try code(.text("t"), .text("he"), special: false) == "continuation_not_scorable")
        #expect(try code(.text("t"), .text("he")) == nil)
        #expect(try code(.tokens([1]), .tokens([99_999])) == "token_out_of_range")
        #expect(try code(.tokens([99_999]), .tokens([1])) == "token_out_of_range")
    }

    @Test func whatDoesNotFitIsRefusedSayingByHowMuch() throws {
        let server = try TestServer { $0.contextMax = 64 }
        let client = try server.client()
        let prompt = tokens(40, seed: 1)
        // The last token of a continuation needs no place.
        let fits = ScoreRequest(
            prompt: .tokens(prompt), continuations: [.tokens(tokens(25, seed: 2))])
        #expect(try client.call(fits).status == .ok)
        let long = ScoreRequest(
            prompt: .tokens(prompt), continuations: [.tokens([5]), .tokens(tokens(28, seed: 2))])
        let refused = try refusal(long, client)
        #expect(refused.status == .outOfRange)
        #expect(refused.error?.code == "prompt_too_long")
        #expect(refused.error?.field == "continuations")
        #expect(refused.error?.message.contains("continuation 1") == true)
        #expect(refused.error?.message.contains("3 more than the model's context of 64") == true)
        let prompting = ScoreRequest(
            prompt: .tokens(tokens(70, seed: 1)), continuations: [.tokens([5])])
        #expect(try refusal(prompting, client).error?.message.contains("6 more than") == true)
    }

    /// The context fills the cache, and the root ends inside a page that the branch copies.
    @Test func aBranchAsLongAsTheCacheFits() throws {
        let server = try TestServer {
            $0.contextMax = 64
            $0.cacheTokensMax = 64
        }
        let client = try server.client()
        let request = ScoreRequest(
            prompt: .tokens(tokens(39, seed: 1)),
            continuations: [.tokens(tokens(26, seed: 2)), .tokens(tokens(26, seed: 3))])
        #expect(try client.call(request).decoded(ScoreResponse.self).scores.count == 2)
    }

    @Test func aHostileScoreIsRefusedBeforeAnyWork() throws {
        let (server, model) = try longServer(contextLength: 200_000)
        let client = try server.client()
        // All that a frame holds: a million tokens, whose scores no frame would hold.
        var huge = ScoreRequest(
            model: model, prompt: .tokens([1]),
            continuations: (0..<256).map { .tokens(tokens(3_900, seed: UInt64($0))) })
        #expect(try refusal(huge, client).error?.code == "answer_too_large")
        huge.continuations = (0..<256).map { .tokens(tokens(100, seed: UInt64($0))) }
        huge.topLogprobs = 64
        #expect(try refusal(huge, client).error?.code == "answer_too_large")
        // Texts that would be tokenized again and again.
        let texts = ScoreRequest(
            model: model, prompt: .text(String(repeating: "the sea ", count: 12_000)),
            continuations: (0..<256).map { _ in .text("a") })
        let refused = try refusal(texts, client)
        #expect(refused.status == .outOfRange)
        #expect(refused.error?.message.contains("bytes to tokenize") == true)
        #expect(try server.counter("prompt_tokens") == 0)
    }

    // MARK: Interruptions

    private func longServer(contextLength: Int = 20_000) throws -> (TestServer, String) {
        let server = try TestServer([.tiny])
        let path = try TestServer.writeTiny(
            in: server.directory, name: "long.gguf", contextLength: contextLength)
        let loaded = try server.client().call(LoadRequest(name: "long", path: path))
        #expect(loaded.status == .ok)
        return (server, "long")
    }

    /// Takes seconds, if nobody stops it.
    private func lengthy(_ model: String) -> ScoreRequest {
        ScoreRequest(
            model: model, prompt: .tokens(tokens(3_000, seed: 1)),
            continuations: (0..<256).map { .tokens(tokens(1_500, seed: UInt64($0))) })
    }

    @Test func aScoreIsCancelledInTheMiddle() throws {
        let (server, model) = try longServer()
        let client = try server.client()
        let id = try client.request(lengthy(model))
        let other = try client.call(GenerateRequest.stream(model, tokens: 3))
        #expect(other.status == .ok)
        let cancel = try client.request(CancelRequest(target: id))
        let frames = try client.answers(to: id)
        #expect(frames.map(\.status) == [.cancelled])
        #expect(try client.answers(to: cancel)[0].decoded(CancelResponse.self).found)
        #expect(try ProcessFacts.eventually { try server.counter("requests_in_flight") == 0 })
        let after = ScoreRequest(
            model: model, prompt: .tokens([1]), continuations: [.tokens(tokens(19_000, seed: 5))])
        let id2 = try client.request(after, deadlineMilliseconds: 1)
        #expect(try client.answers(to: id2).map(\.status) == [.deadlineExceeded])
    }

    @Test func aScoreEndsAtItsDeadline() throws {
        let (server, model) = try longServer()
        let client = try server.client()
        let id = try client.request(lengthy(model), deadlineMilliseconds: 80)
        let frames = try client.answers(to: id)
        #expect(frames.map(\.status) == [.deadlineExceeded])
        #expect(try client.call(GenerateRequest.stream(model, tokens: 1)).status == .ok)
    }

    @Test func aMockScoresAndSaysSo() throws {
        let server = try TestServer([.mock])
        let client = try server.client()
        let request = ScoreRequest(
            prompt: .text("hello"), continuations: [.text(" you"), .text(" there")])
        let answer = try client.call(request)
        #expect(answer.header.provenance == .mock)
        #expect(answer.header.flags.contains(.degraded))
        let scores = try answer.decoded(ScoreResponse.self).scores
        #expect(scores.map(\.logprobs.count) == [4, 6])
        #expect(scores.allSatisfy { $0.logprob < 0 && $0.logprob.isFinite })
    }
}
