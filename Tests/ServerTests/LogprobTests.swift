// Log-probabilities of generated tokens and of prompts.

import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct LogprobTests {
    private func tokens(_ count: Int, seed: UInt64) -> [UInt32] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt32(3 + random.below(320)) }
    }

    private func request(_ prompt: [UInt32], tokens: UInt64 = 30) -> GenerateRequest {
        var request = GenerateRequest(prompt: .tokens(prompt))
        request.maxTokens = tokens
        return request
    }

    private func score(
        _ prompt: [UInt32], _ continuation: [UInt32], top: UInt64, _ client: RawClient
    ) throws -> Logprobs {
        var request = ScoreRequest(
            prompt: .tokens(prompt), continuations: [.tokens(continuation)])
        request.topLogprobs = top
        return try client.call(request).decoded(ScoreResponse.self).scores[0].logprobs
    }

    @Test func whatGreedyChoosesIsTheBest() throws {
        let server = try TestServer()
        let client = try server.client()
        let prompt = tokens(20, seed: 1)
        var asking = request(prompt)
        asking.logprobs = 4
        let frames = try client.answers(to: try client.request(asking))
        let found = try #require(try frames.logprobs(\.logprobs, \.logprobs))
        #expect(try found.tokens == frames.tokens)
        #expect(found.topCount == 4)
        for index in 0..<found.count {
            #expect(found.top(at: index)[0].token == found.tokens[index])
            #expect(found.top(at: index)[0].logprob == found.logprobs[index])
        }
        #expect(found == (try score(prompt, found.tokens, top: 4, client)))
        // Asking changes nothing else.
        #expect(
            try client.answers(to: try client.request(request(prompt))).tokens == found.tokens)
    }

    @Test func sampledTokensAreMeasuredBeforeTemperatureAndFilters() throws {
        let server = try TestServer()
        let client = try server.client()
        let prompt = tokens(5, seed: 2)
        var asking = request(prompt)
        asking.logprobs = 0
        asking.temperature = 1.5
        asking.topK = 50
        asking.seed = 4
        let frames = try client.answers(to: try client.request(asking))
        let found = try #require(try frames.logprobs(\.logprobs, \.logprobs))
        #expect(try found.tokens == frames.tokens)
        #expect(found == (try score(prompt, found.tokens, top: 0, client)))
        #expect(found.topTokens.isEmpty)
    }

    @Test(arguments: [48, 512])
    func thoseOfThePromptAreItsScore(_ stepTokens: Int) throws {
        let server = try TestServer { $0.limits.stepTokensMax = stepTokens }
        let client = try server.client()
        let prompt = tokens(200, seed: 3)
        var asking = request(prompt, tokens: 3)
        asking.promptLogprobs = 2
        asking.logprobs = 1
        let frames = try client.answers(to: try client.request(asking))
        let found = try #require(try frames.logprobs(\.promptLogprobs, \.promptLogprobs))
        #expect(found == (try score([prompt[0]], Array(prompt[1...]), top: 2, client)))
        #expect(
            try frames.tokens
                == client.answers(to: try client.request(request(prompt, tokens: 3))).tokens)
        let progress = try frames.dropLast().compactMap {
            try $0.decoded(GenerateChunk.self).promptDone
        }
        #expect(progress == (stepTokens == 48 ? [48, 96, 144, 192] : []))
    }

    @Test func aPromptOfOneTokenHasNone() throws {
        let server = try TestServer()
        let client = try server.client()
        var asking = request([5], tokens: 2)
        asking.promptLogprobs = 0
        let frames = try client.answers(to: try client.request(asking))
        #expect(frames.last?.status == .ok)
        #expect((try frames.logprobs(\.promptLogprobs, \.promptLogprobs)?.count ?? 0) == 0)
    }

    @Test func theyReachAPeerThatAcceptsOnlySmallFrames() throws {
        let server = try TestServer()
        let small = try RawClient(server.unix)
        try small.hello(bodySizeMax: 4096)
        let prompt = tokens(100, seed: 6)
        var asking = request(prompt, tokens: 5)
        asking.promptLogprobs = 64
        asking.logprobs = 64
        let frames = try small.answers(to: try small.request(asking))
        #expect(frames.allSatisfy { $0.body.count <= 4096 && $0.status == .ok })
        let client = try server.client()
        let found = try #require(try frames.logprobs(\.promptLogprobs, \.promptLogprobs))
        #expect(found == (try score([prompt[0]], Array(prompt[1...]), top: 64, client)))
    }

    @Test func nobodyWhoDoesNotAskGetsThem() throws {
        let server = try TestServer()
        let client = try server.client()
        let frames = try client.answers(to: try client.request(request([1, 2, 3])))
        #expect(try frames.logprobs(\.logprobs, \.logprobs) == nil)
        #expect(try frames.logprobs(\.promptLogprobs, \.promptLogprobs) == nil)
    }
}

extension [AnswerFrame] {
    /// A list of log-probabilities, chunks and last frame together.
    func logprobs(
        _ chunk: (GenerateChunk) -> Logprobs?, _ last: (GenerateResponse) -> Logprobs?
    ) throws -> Logprobs? {
        var sum: Logprobs?
        for frame in self {
            let part =
                frame.isLast
                ? last(try frame.decoded(GenerateResponse.self))
                : chunk(try frame.decoded(GenerateChunk.self))
            guard let part else { continue }
            if sum == nil { sum = part } else { sum?.append(part) }
        }
        return sum
    }
}
