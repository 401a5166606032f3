// The client against servers that behave, servers that misbehave, and mocks.

import AssayClient
import Synchronization
import Testing

@Suite struct AssayClientTests {
    private let answer = AnswerRecord(model: "m", device: "cpu", timing: Timing())

    private let servers = Servers()

    private func client(
        allowMock: Bool = false, compression: Bool = false, answerMilliseconds: UInt32 = 5000,
        _ handler: @escaping ScriptedServer.Handler
    ) throws -> Client {
        var options = Options()
        options.allowMock = allowMock
        options.compression = compression
        options.answerMilliseconds = answerMilliseconds
        let hello = HelloResponse(server: "scripted", compression: compression)
        return try Client(servers.greeting(hello, handler).address, options: options)
    }

    /// A last frame. `before` is the number of tokens in earlier frames.
    private func end(
        _ tokens: [UInt32] = [], _ text: String = "", before: Int = 0
    ) -> GenerateResponse {
        GenerateResponse(
            tokens: tokens, text: text, finishReason: .length, promptTokens: 1,
            completionTokens: UInt64(before + tokens.count), answer: answer)
    }

    // MARK: - Servers that behave

    @Test func pingComesBack() async throws {
        let client = try client { asked, _ in
            .send(ScriptedServer.frame(PingResponse(payload: [1, 2]), to: asked.id))
        }
        try await client.ping([1, 2])
        #expect(client.server?.server == "scripted")
    }

    @Test func streamIsHandedOutAndPutTogether() async throws {
        let end = end([9], "c", before: 2)
        let client = try client { asked, _ in
            .send(
                ScriptedServer.frame(
                    GenerateChunk(promptDone: 1, promptTotal: 1), to: asked.id,
                    generation: 4)
                    + ScriptedServer.frame(
                        GenerateChunk(tokens: [7, 8], text: "ab"), to: asked.id,
                        generation: 4)
                    + ScriptedServer.frame(end, to: asked.id, generation: 4))
        }
        var parts: [GeneratePart] = []
        for try await part in client.generateStream(GenerateRequest(prompt: .text("x"))) {
            parts.append(part)
        }
        #expect(parts.map(\.text) == ["", "ab", "c"])
        #expect(parts.map { $0.answer == nil } == [true, true, false])
        #expect(parts.allSatisfy { $0.provenance == .real && $0.generation == 4 })
        let reply = try #require(parts.last?.answer)
        #expect(reply.message.tokens == [7, 8, 9])
        #expect(reply.message.text == "abc")
        #expect(reply.generation == 4)
        #expect(reply.provenance == .real)
    }

    @Test func logitsAreCountedAndPutTogether() async throws {
        let answer = answer
        let client = try client { asked, _ in
            .send(
                ScriptedServer.frame(LogitsChunk(logits: [1, 2, 3]), to: asked.id)
                    + ScriptedServer.frame(
                        LogitsResponse(
                            logits: [4], vocabulary: 2, positions: 2, answer: answer),
                        to: asked.id))
        }
        var request = LogitsRequest(prompt: .tokens([1, 2]))
        request.allPositions = true
        let reply = try await client.logits(request)
        #expect(reply.message.logits == [1, 2, 3, 4])
    }

    @Test func compressedBodiesGoBothWays() async throws {
        let payload = [UInt8](repeating: 5, count: 20_000)
        let client = try client(compression: true) { asked, _ in
            guard asked.header.flags.contains(.compressed),
                let request = try? PingRequest(decoding: asked.body)
            else { return .sendAndClose([]) }
            var encoder = FrameEncoder()
            encoder.compresses = true
            try? encoder.appendResponse(
                PingResponse(payload: request.payload), to: asked.id, provenance: .real)
            return .send(encoder.take())
        }
        try await client.ping(payload)
    }

    @Test func answersMayOvertakeEachOther() async throws {
        let held = Mutex<UInt64>(0)
        let server = try servers.greeting { asked, _ in
            if asked.kind == .health {
                held.withLock { $0 = asked.id }
                return .silence
            }
            let first = HealthResponse(ready: true, state: .ready)
            return .send(
                ScriptedServer.frame(StatsResponse(), to: asked.id)
                    + ScriptedServer.frame(first, to: held.withLock { $0 }))
        }
        let client = try Client(server.address)
        async let late = client.health()
        await server.received(1, of: .health)
        _ = try await client.stats()
        #expect(try await late.message.ready)
        #expect(server.connectionCount == 1)
    }

    @Test func loadEndsWithTheGenerationItsProgressCouldNotKnow() async throws {
        let layer = LayerVerdictRecord(layer: "file", ok: true, microseconds: 1)
        let client = try client { asked, _ in
            .send(
                ScriptedServer.frame(LoadProgress(layer: layer), to: asked.id)
                    + ScriptedServer.frame(
                        LoadResponse(accepted: true, layers: [layer]), to: asked.id,
                        generation: 2))
        }
        var layers: [String] = []
        let reply = try await client.load(LoadRequest(name: "m", path: "/m.gguf")) {
            layers.append($0.layer)
        }
        #expect(layers == ["file"])
        #expect(reply.generation == 2)
    }

    @Test func deadlineIsSentInTheHeader() async throws {
        let client = try client { asked, _ in
            // Connecting has used up part of the deadline.
            let isThere = (1...60_000).contains(asked.header.deadlineMilliseconds)
            let state: ServingState = isThere ? .ready : .failed
            return .send(
                ScriptedServer.frame(
                    HealthResponse(ready: true, state: state), to: asked.id))
        }
        #expect(try await client.health(deadlineMilliseconds: 60_000).message.state == .ready)
    }

    // MARK: - Mocks

    @Test func mockAnswerIsRefusedByDefault() async throws {
        let client = try client { asked, _ in
            .send(
                ScriptedServer.frame(
                    HealthResponse(ready: true, state: .ready), to: asked.id, .mock))
        }
        let error = await failure { _ = try await client.health() }
        #expect(error?.code == .mockRefused)
        #expect(error?.status == .mockRefused)
        #expect(error?.provenance == .mock)
    }

    @Test func mockStreamIsRefusedBeforeItsFirstTokenIsSeenAndTheConnectionLivesOn() async throws {
        let end = end()
        let client = try client { asked, _ in
            switch asked.kind {
            case .generate:
                .send(
                    ScriptedServer.frame(
                        GenerateChunk(tokens: [1], text: "a"), to: asked.id, .mock)
                        + ScriptedServer.frame(end, to: asked.id, .mock))
            case .cancel:
                .send(ScriptedServer.frame(CancelResponse(found: false), to: asked.id))
            default: .send(ScriptedServer.frame(StatsResponse(), to: asked.id))
            }
        }
        var seen = 0
        let error = await failure {
            for try await _ in client.generateStream(GenerateRequest(prompt: .text("x"))) {
                seen += 1
            }
        }
        #expect(error?.code == .mockRefused)
        #expect(seen == 0)
        #expect(try await client.stats().provenance == .real)
    }

    @Test func mockAnswerIsHandedOutAndSaysSoWhenAllowed() async throws {
        let client = try client(allowMock: true) { asked, _ in
            .send(
                ScriptedServer.frame(
                    HealthResponse(ready: true, state: .ready), to: asked.id, .mock))
        }
        #expect(try await client.health().provenance == .mock)
    }

    @Test func errorAboutAMockIsAMockRefusalWithoutTheMocksWords() async throws {
        let client = try client { asked, _ in
            .send(
                ScriptedServer.failure(
                    ErrorBody(code: "real_required", message: "secret words"),
                    .requirementNotMet, to: asked, .mock))
        }
        let error = await failure { _ = try await client.health() }
        #expect(error?.code == .mockRefused)
        #expect(error?.serverError == nil)
        #expect(error?.message.contains("secret words") == false)
    }

    // MARK: - Refusals

    @Test func serverErrorKeepsStatusFieldAndRetryAfter() async throws {
        let client = try client { asked, _ in
            .send(
                ScriptedServer.failure(
                    ErrorBody(code: "queue_full", message: "busy", retryAfterMilliseconds: 250),
                    .resourceExhausted, to: asked))
        }
        let error = await failure { _ = try await client.stats() }
        #expect(error?.code == .serverRefused)
        #expect(error?.status == .resourceExhausted)
        #expect(error?.advice == .backoff)
        #expect(error?.retryAfterMilliseconds == 250)
    }

    @Test func errorInMidStreamEndsTheStream() async throws {
        let client = try client { asked, _ in
            .send(
                ScriptedServer.frame(GenerateChunk(tokens: [1]), to: asked.id)
                    + ScriptedServer.failure(
                        ErrorBody(code: "engine_failed", message: "m"), .internalError,
                        to: asked))
        }
        var seen = 0
        let error = await failure {
            for try await _ in client.generateStream(GenerateRequest(prompt: .text("x"))) {
                seen += 1
            }
        }
        #expect(seen == 1)
        #expect(error?.status == .internalError)
    }

    @Test func requestAboveTheServersLimitIsNotSent() async throws {
        let server = try servers.greeting(
            HelloResponse(server: "s", bodySizeMax: 4096)
        ) { _, _ in .silence }
        let client = try Client(server.address)
        let error = await failure { try await client.ping([UInt8](repeating: 0, count: 5000)) }
        #expect(error?.code == .requestInvalid)
        #expect(server.asked.isEmpty)
    }

    @Test func silentServerRunsIntoTheTimeOut() async throws {
        let client = try client(answerMilliseconds: 30) { _, _ in .silence }
        let error = await failure { _ = try await client.stats() }
        #expect(error?.code == .timedOut)
    }

    @Test func nobodyAtTheAddressIsUnreachable() async {
        let error = await failure {
            _ = try await Client("unix:///nowhere/assay.sock", options: .once).stats()
        }
        #expect(error?.code == .unreachable)
        #expect(error?.status == .unavailable)
    }

    // MARK: - Breaches of the protocol

    /// Changes that turn the well-formed answer to a Stats request into a breach.
    static let breaches: [(String, @Sendable ([UInt8]) -> [UInt8])] = [
        ("provenance 0", { edit($0, 7, 0) }),
        ("provenance 3", { edit($0, 7, 3) }),
        ("version 2", { edit($0, 4, 2) }),
        ("unknown flag", { edit($0, 6, 8) }),
        ("another kind", { edit($0, 5, 0x82) }),
        ("a request's kind", { edit($0, 5, 0x0F) }),
        ("another request id", { edit($0, 8, 99) }),
        ("request id 0", { edit($0, 8, 0) }),
        ("reserved", { edit($0, 28, 1) }),
        ("degraded without a reason", { edit($0, 6, 4) }),
        ("more where there is one frame", { edit($0, 6, 2) }),
        ("oversized", { edit($0, 3, 0x7F) }),
        ("garbage", { _ in [UInt8](repeating: 0x47, count: 64) }),
        (
            "a field nobody knows",
            { bytes in
                var frame = bytes + [9, 0, 8, 0, 1, 0, 0, 0, 1]
                frame[0] = 37
                frame[20] = 9
                return frame
            }
        ),
    ]

    private static func edit(_ bytes: [UInt8], _ offset: Int, _ value: UInt8) -> [UInt8] {
        var result = bytes
        result[offset] = value
        return result
    }

    @Test(arguments: breaches.indices)
    func breachIsAProtocolErrorAndEndsTheConnection(_ index: Int) async throws {
        let (name, damage) = Self.breaches[index]
        let client = try client { asked, _ in
            .send(damage(ScriptedServer.frame(StatsResponse(), to: asked.id)))
        }
        let error = await failure { _ = try await client.stats() }
        #expect(error?.code == .protocolError, "\(name)")
        #expect(error?.status == .protocolError, "\(name)")
    }

    @Test func provenanceThatChangesInMidStreamIsABreach() async throws {
        let end = end()
        let client = try client(allowMock: true) { asked, _ in
            .send(
                ScriptedServer.frame(GenerateChunk(tokens: [1]), to: asked.id, .real)
                    + ScriptedServer.frame(end, to: asked.id, .mock))
        }
        let error = await failure {
            _ = try await client.generate(GenerateRequest(prompt: .text("x")))
        }
        #expect(error?.code == .protocolError)
    }

    @Test func otherBytesThanWerePingedAreABreach() async throws {
        let client = try client { asked, _ in
            .send(ScriptedServer.frame(PingResponse(payload: [3]), to: asked.id))
        }
        #expect(await failure { try await client.ping([4]) }?.code == .protocolError)
    }

    @Test func logitsThatDoNotAddUpAreABreach() async throws {
        let answer = answer
        let client = try client { asked, _ in
            .send(
                ScriptedServer.frame(
                    LogitsResponse(logits: [4], vocabulary: 2, positions: 2, answer: answer),
                    to: asked.id))
        }
        let error = await failure {
            _ = try await client.logits(LogitsRequest(prompt: .tokens([1])))
        }
        #expect(error?.code == .protocolError)
    }

    @Test(arguments: [0, 1, 31, 40])
    func serverThatClosesInMidFrameIsNoticed(_ size: Int) async throws {
        let client = try client { asked, _ in
            let chunk = ScriptedServer.frame(
                GenerateChunk(tokens: [1], text: "abc"), to: asked.id)
            return .sendAndClose(chunk + chunk.prefix(size))
        }
        var seen = 0
        let error = await failure {
            for try await _ in client.generateStream(GenerateRequest(prompt: .text("x"))) {
                seen += 1
            }
        }
        #expect(error?.code == .connectionClosed)
        #expect(seen == 1)
    }

    @Test func goAwayWithAStatusIsTheServersReason() async throws {
        let client = try client { _, _ in
            var encoder = FrameEncoder()
            encoder.appendGoAway(
                ErrorBody(code: "version_unsupported", message: "m"), status: .protocolError)
            return .sendAndClose(encoder.take())
        }
        let error = await failure { _ = try await client.stats() }
        #expect(error?.status == .protocolError)
        #expect(error?.serverError?.code == "version_unsupported")
    }

    @Test func helloAnsweredByGarbageIsAProtocolError() async throws {
        let server = try servers.start { _, _ in
            .send(Array("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".utf8))
        }
        let client = try Client(server.address)
        #expect(await failure { _ = try await client.stats() }?.code == .protocolError)
        #expect(server.connectionCount == 1)
    }
}
