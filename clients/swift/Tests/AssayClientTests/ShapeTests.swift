// The interface that all clients share: replies, streams, errors, options, and the context of a
// request.

import AssayClient
import Synchronization
import Testing

@Suite struct ShapeTests {
    private let servers = Servers()
    private static let answer = AnswerRecord(
        model: "m", device: "cpu", timing: Timing(),
        serverLoad: ServerLoad(queued: 3, running: 1))
    private static let end = GenerateResponse(
        tokens: [2], text: "b", finishReason: .length, promptTokens: 1, completionTokens: 2,
        answer: answer)
    private let request = GenerateRequest(prompt: .text("x"))

    /// Answers each Generate with two frames. Holds back all other answers.
    private func server(revision: UInt64 = Limits.revision) throws -> ScriptedServer {
        try servers.greeting(HelloResponse(server: "s", revision: revision)) { asked, _ in
            guard asked.kind == .generate else { return .silence }
            return .send(
                ScriptedServer.frame(
                    GenerateChunk(tokens: [1], text: "a"), to: asked.id, generation: 4)
                    + ScriptedServer.frame(Self.end, to: asked.id, generation: 4))
        }
    }

    // MARK: - Replies and streams

    @Test func fieldsAreReadStraightOffAReply() async throws {
        let client = try Client(server().address)
        let reply = try await client.generate(request)
        #expect(reply.text == "ab" && reply.message.text == "ab")
        #expect(reply.answer.model == "m")
        #expect(reply.answer.serverLoad?.queued == 3)
        #expect(reply.generation == 4 && reply.provenance == .real && !reply.degraded)
    }

    @Test func theResultOfAStreamIsTheWholeAnswerHoweverMuchWasTaken() async throws {
        let client = try Client(server().address)
        for taken in 0...2 {
            let stream = client.generateStream(request)
            let iterator = stream.makeAsyncIterator()
            for _ in 0..<taken { _ = try await iterator.next() }
            #expect(try await stream.result().tokens == [1, 2])
            #expect(try await stream.result().text == "ab")
            stream.close()
            #expect(try await stream.result().text == "ab")
        }
    }

    @Test func aClosedStreamHasNoPartAndNoResult() async throws {
        let server = try servers.greeting { asked, _ in
            asked.kind == .generate
                ? .send(ScriptedServer.frame(GenerateChunk(tokens: [1]), to: asked.id)) : .silence
        }
        let client = try Client(server.address)
        let stream = client.generateStream(request)
        let iterator = stream.makeAsyncIterator()
        _ = try await iterator.next()
        stream.close()
        stream.close()
        #expect(try await iterator.next() == nil)
        #expect(await failure { _ = try await stream.result() }?.code == .givenUp)
        await server.received(1, of: .cancel)
        #expect(server.connectionCount == 1)
    }

    @Test func aDroppedStreamIsClosed() async throws {
        let server = try servers.greeting { asked, _ in
            asked.kind == .generate
                ? .send(ScriptedServer.frame(GenerateChunk(tokens: [1]), to: asked.id)) : .silence
        }
        let client = try Client(server.address)
        _ = try await client.generateStream(request).makeAsyncIterator().next()
        await server.received(1, of: .cancel)
    }

    @Test func aStreamThatFailedHasThatErrorAsItsResult() async throws {
        let server = try servers.greeting { asked, _ in
            .send(
                ScriptedServer.failure(
                    ErrorBody(code: "c", message: "m"), .notFound, to: asked))
        }
        let stream = try Client(server.address).generateStream(request)
        #expect(await failure { _ = try await stream.result() }?.status == .notFound)
        #expect(await failure { _ = try await stream.result() }?.status == .notFound)
    }

    // MARK: - Errors

    @Test func anErrorHasTheServersOwnWords() async throws {
        let server = try servers.greeting { asked, _ in
            let load = ServerLoad(queued: 9, running: 4, waitMicroseconds: 70)
            return .send(
                ScriptedServer.failure(
                    ErrorBody(
                        code: "queue_full", message: "busy", field: "prompt",
                        retryAfterMilliseconds: 250, layer: "parse", serverLoad: load),
                    .resourceExhausted, to: asked))
        }
        let error = await failure { _ = try await Client(server.address, options: .once).stats() }
        #expect(error?.serverCode == "queue_full")
        #expect(error?.field == "prompt")
        #expect(error?.layer == "parse")
        #expect(error?.retryAfterMilliseconds == 250)
        #expect(error?.serverLoad == ServerLoad(queued: 9, running: 4, waitMicroseconds: 70))
    }

    @Test func anOptionOutOfItsRangeIsNamed() throws {
        var options = Options()
        options.answerSizeMax = 4095
        let error = #expect(throws: AssayError.self) {
            try Client("unix:///nowhere/s", options: options)
        }
        #expect(error?.code == .requestInvalid)
        #expect(error?.field == "answer_size_max")
        #expect(error?.message.contains("4095") == true)
    }

    // MARK: - Requests

    /// Requests that break their tables, with the offending fields.
    static let broken: [(GenerateRequest, String)] = [
        (with { $0.temperature = -1 }, "temperature"),
        (with { $0.stop = [""] }, "stop"),
        (with { $0.context = RequestContext(priority: 10) }, "context.priority"),
        (with { $0.context = RequestContext(traceContext: "00-0") }, "context.trace_context"),
        (with { $0.requirements = Requirements(device: "") }, "requirements.device"),
        (
            with {
                $0.prompt = .messages([ChatMessage(.user, "hi")])
                $0.parseSpecial = true
            }, "parse_special"
        ),
    ]

    private static func with(_ change: (inout GenerateRequest) -> Void) -> GenerateRequest {
        var request = GenerateRequest(prompt: .text("x"))
        change(&request)
        return request
    }

    @Test(arguments: broken.indices)
    func aRequestThatBreaksItsTableIsRefusedAndNothingIsSent(_ index: Int) async throws {
        let (request, field) = Self.broken[index]
        let server = try server()
        let client = try Client(server.address)
        let error = await failure { _ = try await client.generate(request) }
        #expect(error?.code == .requestInvalid)
        #expect(error?.field == field)
        #expect(server.connectionCount == 0)
    }

    /// A server that refuses the first `count` requests with a context, then answers.
    private func refusing(_ count: Int, revision: UInt64 = 3) throws -> ScriptedServer {
        let left = Mutex(count)
        return try servers.greeting(HelloResponse(server: "s", revision: revision)) { asked, _ in
            let refuses = left.withLock { left in
                left -= 1
                return left >= 0
            }
            let body = ErrorBody(code: "busy", message: "m", retryAfterMilliseconds: 1)
            return .send(
                refuses
                    ? ScriptedServer.failure(body, .unavailable, to: asked)
                    : ScriptedServer.frame(
                        TokenizeResponse(tokens: [1], answer: Self.answer), to: asked.id))
        }
    }

    private func contexts(_ server: ScriptedServer) throws -> [RequestContext?] {
        try server.asked.map { try $0.decoded(TokenizeRequest.self).context }
    }

    @Test func attemptsAreNumberedFromTheSecondOnAndTheCallersContextStays() async throws {
        let server = try refusing(2)
        let client = try Client(server.address, options: .hasty)
        _ = try await client.tokenize(TokenizeRequest(text: [120]))
        #expect(
            try contexts(server) == [nil, RequestContext(attempt: 2), RequestContext(attempt: 3)])

        let other = try refusing(1)
        var own = TokenizeRequest(text: [120])
        own.context = RequestContext(priority: 7)
        _ = try await Client(other.address, options: .hasty).tokenize(own)
        #expect(
            try contexts(other) == [
                RequestContext(priority: 7), RequestContext(attempt: 2, priority: 7),
            ])
    }

    @Test func anOlderServerIsToldOfNoAttemptAndOfNoContext() async throws {
        let server = try refusing(1, revision: 2)
        let client = try Client(server.address, options: .hasty)
        _ = try await client.tokenize(TokenizeRequest(text: [120]))
        #expect(try contexts(server) == [nil, nil])
        var own = TokenizeRequest(text: [120])
        own.context = RequestContext(priority: 7)
        let error = await failure { [own] in _ = try await client.tokenize(own) }
        #expect(error?.code == .revisionTooLow)
        #expect(server.asked.count == 2)
    }

    @Test func triesWhileAModelLoadsAreNoAttempts() async throws {
        let left = Mutex(3)
        let server = try servers.greeting { asked, _ in
            let isLoading = left.withLock { left in
                left -= 1
                return left >= 0
            }
            let body = ErrorBody(code: "model_loading", message: "m", retryAfterMilliseconds: 1)
            return .send(
                isLoading
                    ? ScriptedServer.failure(body, .unavailable, to: asked)
                    : ScriptedServer.frame(
                        TokenizeResponse(tokens: [1], answer: Self.answer), to: asked.id))
        }
        var options = Options.hasty
        options.waitMilliseconds = 60_000
        _ = try await Client(server.address, options: options)
            .tokenize(TokenizeRequest(text: [120]))
        #expect(try contexts(server) == [nil, nil, nil, nil])
    }
}
