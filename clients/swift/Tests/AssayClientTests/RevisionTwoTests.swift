// Score, Embed, conversations and log-probabilities, against servers with right and wrong answers.

import AssayClient
import Testing

@Suite struct RevisionTwoTests {
    static let answer = AnswerRecord(model: "m", device: "cpu", timing: Timing())

    private let servers = Servers()

    private func client(
        allowMock: Bool = false, revision: UInt64 = Limits.revision,
        _ handler: @escaping ScriptedServer.Handler
    ) throws -> Client {
        var options = Options()
        options.allowMock = allowMock
        options.compression = false
        options.answerMilliseconds = 5000
        let hello = HelloResponse(server: "scripted", revision: revision)
        return try Client(servers.greeting(hello, handler).address, options: options)
    }

    /// Log-probabilities of tokens with `width` alternatives each.
    private static func logprobs(_ tokens: [UInt32], width: Int = 1) -> Logprobs {
        var result = Logprobs(topCount: UInt64(width))
        for token in tokens {
            result.append(token, -1, top: (0..<width).map { (UInt32($0), -0.5) })
        }
        return result
    }

    // MARK: - Score

    private static func scores(_ count: Int, width: Int = 0) -> ScoreResponse {
        let score = Score(logprobs: logprobs([5], width: width), logprob: -1, greedy: false)
        return ScoreResponse(
            scores: Array(repeating: score, count: count), promptTokens: 2, answer: answer)
    }

    private let twoContinuations = ScoreRequest(
        prompt: .messages([ChatMessage(.system, "s"), ChatMessage(.user, "u: v")]),
        continuations: [.text("a"), .tokens([1, 2])])

    @Test func scoreIsAskedAsGivenAndHandedOut() async throws {
        var expected = twoContinuations
        expected.requirements = Requirements(real: true)
        let wanted = expected
        let client = try client { asked, _ in
            guard (try? asked.decoded(ScoreRequest.self)) == wanted else { return .silence }
            return .send(ScriptedServer.frame(Self.scores(2), to: asked.id, generation: 3))
        }
        let reply = try await client.score(twoContinuations)
        #expect(reply.message == Self.scores(2))
        #expect(reply.provenance == .real)
        #expect(reply.generation == 3)
    }

    static let wrongScores: [(String, ScoreResponse)] = [
        ("one too few", scores(1)), ("one too many", scores(3)),
        ("alternatives nobody asked for", scores(2, width: 1)),
        (
            "a score of no token",
            ScoreResponse(
                scores: Array(
                    repeating: Score(logprobs: Logprobs(), logprob: 0, greedy: true), count: 2),
                promptTokens: 1, answer: answer)
        ),
    ]

    @Test(arguments: wrongScores.indices)
    func scoresThatDoNotFitTheRequestAreABreach(_ index: Int) async throws {
        let (name, response) = Self.wrongScores[index]
        let client = try client { asked, _ in
            .send(ScriptedServer.frame(response, to: asked.id))
        }
        #expect(
            await failure { _ = try await client.score(twoContinuations) }?.code == .protocolError,
            "\(name)")
    }

    @Test func scoresAndEmbeddingsOfAMockAreRefusedUnlessAllowed() async throws {
        let handler: ScriptedServer.Handler = { asked, _ in
            asked.kind == .score
                ? .send(ScriptedServer.frame(Self.scores(2), to: asked.id, .mock))
                : .send(Self.embedding(of: [1, 2], count: 1, to: asked.id, .mock))
        }
        let strict = try client(handler)
        let embed = EmbedRequest(inputs: [.text("a")])
        #expect(
            await failure { _ = try await strict.score(twoContinuations) }?.code == .mockRefused)
        #expect(await failure { _ = try await strict.embed(embed) }?.code == .mockRefused)
        let allowing = try client(allowMock: true, handler)
        #expect(try await allowing.score(twoContinuations).provenance == .mock)
        #expect(try await allowing.embed(embed).provenance == .mock)
    }

    // MARK: - Embed

    /// A chunk for each size in `chunks`, then the last frame with the remaining values.
    private static func embedding(
        of values: [Float], chunks: [Int] = [], dimensions: UInt64 = 2, count: UInt64,
        to requestID: UInt64, _ provenance: Provenance = .real
    ) -> [UInt8] {
        var rest = values[...]
        var bytes: [UInt8] = []
        for size in chunks {
            let chunk = EmbedChunk(embeddings: Array(rest.prefix(size)))
            bytes += ScriptedServer.frame(chunk, to: requestID, provenance)
            rest = rest.dropFirst(size)
        }
        let last = EmbedResponse(
            embeddings: Array(rest), dimensions: dimensions, count: count, promptTokens: 7,
            answer: answer)
        return bytes + ScriptedServer.frame(last, to: requestID, provenance)
    }

    @Test(arguments: [[], [4], [1, 1, 1, 1], [3], [2, 1]])
    func embeddingsCutAnywhereArePutTogether(_ chunks: [Int]) async throws {
        let client = try client { asked, _ in
            .send(
                Self.embedding(
                    of: [1, 2, 3, 4], chunks: chunks, count: 2, to: asked.id))
        }
        let request = EmbedRequest(inputs: [.text("a"), .tokens([1])])
        let message = try await client.embed(request).message
        #expect(message.embeddings == [1, 2, 3, 4])
        #expect(message.dimensions == 2)
        #expect(message.promptTokens == 7)
    }

    @Test(
        arguments: [
            // Values, dimensions, count. The request has a single input.
            ([1, 2, 3], 2, 1), ([1], 2, 1), ([], 1, 1), ([1, 2, 3, 4], 2, 2),
        ] as [([Float], UInt64, UInt64)])
    func embeddingsThatDoNotAddUpAreABreach(
        _ values: [Float], _ dimensions: UInt64, _ count: UInt64
    ) async throws {
        let client = try client { asked, _ in
            .send(
                Self.embedding(
                    of: values, dimensions: dimensions, count: count, to: asked.id))
        }
        let error = await failure { _ = try await client.embed(EmbedRequest(inputs: [.text("a")])) }
        #expect(error?.code == .protocolError)
    }

    @Test func valuesWithoutEndAreABreachBeforeTheyFillTheMemory() async throws {
        let client = try client { asked, _ in
            // More values than an input can have, and no last frame: the client must stop by
            // itself.
            let size = Int(Limits.embeddingDimensionsMax) / 2 + 1
            let chunk = EmbedChunk(embeddings: [Float](repeating: 0, count: size))
            let frame = ScriptedServer.frame(chunk, to: asked.id)
            return .send(frame + frame)
        }
        let error = await failure { _ = try await client.embed(EmbedRequest(inputs: [.text("a")])) }
        #expect(error?.code == .protocolError)
    }

    // MARK: - Log-probabilities of Generate

    private static func end(
        _ tokens: [UInt32] = [], before: Int = 0, finish: FinishReason = .length,
        logprobs: Logprobs? = nil, promptLogprobs: Logprobs? = nil
    ) -> GenerateResponse {
        GenerateResponse(
            tokens: tokens, finishReason: finish, promptTokens: 4,
            completionTokens: UInt64(before + tokens.count), logprobs: logprobs,
            promptLogprobs: promptLogprobs, answer: answer)
    }

    private func generate(
        _ chunks: [GenerateChunk], _ end: GenerateResponse, logprobs: UInt64? = 1,
        promptLogprobs: UInt64? = nil
    ) async throws -> GenerateResponse {
        let client = try client { asked, _ in
            let frames = chunks.map { ScriptedServer.frame($0, to: asked.id) }
            return .send(
                frames.flatMap { $0 } + ScriptedServer.frame(end, to: asked.id))
        }
        var request = GenerateRequest(prompt: .text("x"))
        request.logprobs = logprobs
        request.promptLogprobs = promptLogprobs
        return try await client.generate(request).message
    }

    @Test func logprobsOfChunksAndTheEndArePutTogether() async throws {
        let chunks = [
            GenerateChunk(promptLogprobs: Self.logprobs([11, 12], width: 0)),
            GenerateChunk(promptLogprobs: Self.logprobs([13], width: 0)),
            GenerateChunk(tokens: [7, 8], logprobs: Self.logprobs([7, 8])),
            GenerateChunk(text: "late"),
        ]
        let whole = try await generate(
            chunks, Self.end([9], before: 2, logprobs: Self.logprobs([9])), promptLogprobs: 0)
        #expect(whole.tokens == [7, 8, 9])
        #expect(whole.logprobs == Self.logprobs([7, 8, 9]))
        #expect(whole.promptLogprobs == Self.logprobs([11, 12, 13], width: 0))
    }

    @Test func logprobsOfNothingAreEmptyAndNotAbsent() async throws {
        let whole = try await generate([], Self.end(finish: .cancelled), promptLogprobs: 2)
        #expect(whole.logprobs?.count == 0)
        #expect(whole.promptLogprobs?.count == 0)
        #expect(try await generate([], Self.end(), logprobs: nil).logprobs == nil)
    }

    static let wrongLogprobs: [(String, [GenerateChunk], GenerateResponse)] = [
        ("a token without one", [GenerateChunk(tokens: [7])], end(before: 1)),
        ("the last token without one", [], end([7])),
        (
            "more alternatives than asked for",
            [GenerateChunk(tokens: [7], logprobs: logprobs([7], width: 2))], end(before: 1)
        ),
        (
            "another number of alternatives in the next frame",
            [
                GenerateChunk(tokens: [7], logprobs: logprobs([7], width: 0)),
                GenerateChunk(tokens: [7], logprobs: logprobs([7], width: 1)),
            ], end(before: 2)
        ),
        (
            "those of the prompt, which nobody asked for",
            [GenerateChunk(promptLogprobs: logprobs([7]))], end()
        ),
    ]

    @Test(arguments: wrongLogprobs.indices)
    func logprobsThatDoNotFitTheRequestAreABreach(_ index: Int) async throws {
        let (name, chunks, end) = Self.wrongLogprobs[index]
        #expect(
            await failure { _ = try await generate(chunks, end) }?.code == .protocolError, "\(name)"
        )
    }

    @Test func logprobsNobodyAskedForAreABreach() async {
        let chunk = GenerateChunk(tokens: [7], logprobs: Self.logprobs([7], width: 0))
        let error = await failure {
            _ = try await generate([chunk], Self.end(before: 1), logprobs: nil)
        }
        #expect(error?.code == .protocolError)
    }

    @Test(arguments: [0, 2, 4])
    func anotherNumberOfPromptLogprobsThanThePromptHasIsABreach(_ count: UInt32) async {
        let end = Self.end(promptLogprobs: Self.logprobs(Array(0..<count)))
        let error = await failure { _ = try await generate([], end, promptLogprobs: 1) }
        #expect(error?.code == .protocolError)
    }

    // MARK: - Older servers

    @Test func whatAServerOfRevision1DoesNotKnowIsNotSent() async throws {
        let client = try client(revision: 1) { asked, _ in
            asked.kind == .stats
                ? .send(ScriptedServer.frame(StatsResponse(), to: asked.id))
                : .sendAndClose([])
        }
        let chat = Prompt.messages([ChatMessage(.user, "hi")])
        var withLogprobs = GenerateRequest(prompt: .text("x"))
        withLogprobs.logprobs = 0
        let errors = [
            await failure { _ = try await client.score(twoContinuations) },
            await failure { _ = try await client.embed(EmbedRequest(inputs: [.text("a")])) },
            await failure { _ = try await client.generate(GenerateRequest(prompt: chat)) },
            await failure { _ = try await client.generate(withLogprobs) },
            await failure { _ = try await client.logits(LogitsRequest(prompt: chat)) },
        ]
        #expect(errors.map { $0?.code } == Array(repeating: .revisionTooLow, count: 5))
        #expect(errors[0]?.message.contains("revision 2") == true)
        _ = try await client.stats()
    }
}
