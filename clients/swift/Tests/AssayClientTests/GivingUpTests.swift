// Calls that the client ends: a cancelled task, an early exit from a loop, a deadline, an oversized
// answer. The server is told, and the connection stays open.

import AssayClient
import Synchronization
import Testing

@Suite struct GivingUpTests {
    private let servers = Servers()
    private static let chunk = GenerateChunk(tokens: [1], text: "a")
    private static let end = GenerateResponse(
        finishReason: .cancelled, promptTokens: 1, completionTokens: 1,
        answer: AnswerRecord(model: "m", device: "cpu", timing: Timing()))

    /// Begins each Generate and ends it on Cancel. Answers Stats, and keeps silent on all else.
    private func server(chunks: Int = 1) throws -> ScriptedServer {
        try servers.greeting { asked, server in
            switch asked.kind {
            case .generate:
                let frame = ScriptedServer.frame(Self.chunk, to: asked.id)
                return .send((0..<chunks).flatMap { _ in frame })
            case .cancel:
                let target = (try? asked.decoded(CancelRequest.self))?.target ?? 0
                let found = ScriptedServer.frame(CancelResponse(found: true), to: asked.id)
                let isStream = server.asked.contains { $0.id == target && $0.kind == .generate }
                return .send(
                    isStream ? found + ScriptedServer.frame(Self.end, to: target) : found)
            case .stats: return .send(ScriptedServer.frame(StatsResponse(), to: asked.id))
            default: return .silence
            }
        }
    }

    private func targets(_ server: ScriptedServer) -> [UInt64] {
        server.asked.compactMap { try? $0.decoded(CancelRequest.self).target }
    }

    @Test func leavingTheLoopCancelsTheRequestAndTheConnectionLivesOn() async throws {
        let server = try server()
        let client = try Client(server.address)
        for try await part in client.generateStream(GenerateRequest(prompt: .text("x"))) {
            #expect(part.text == "a")
            break
        }
        await server.received(1, of: .cancel)
        #expect(targets(server) == [server.asked[0].id])
        _ = try await client.stats()
        #expect(server.connectionCount == 1)
    }

    @Test func aCancelledTaskLeavesAtOnceAndTheServerIsTold() async throws {
        let server = try servers.greeting { asked, _ in
            asked.kind == .stats
                ? .send(ScriptedServer.frame(StatsResponse(), to: asked.id)) : .silence
        }
        let client = try Client(server.address)
        let call = Task { try await client.health() }
        await server.received(1)
        call.cancel()
        #expect(await failure { _ = try await call.value }?.code == .givenUp)
        await server.received(1, of: .cancel)
        #expect(targets(server) == [server.asked[0].id])
        _ = try await client.stats()
        #expect(server.connectionCount == 1)
    }

    @Test func aTaskCancelledInMidStreamGetsTheErrorOnce() async throws {
        let server = try server()
        let client = try Client(server.address)
        let (begun, signal) = AsyncStream.makeStream(of: Void.self)
        let call = Task {
            let iterator = client.generateStream(GenerateRequest(prompt: .text("x")))
                .makeAsyncIterator()
            _ = try await iterator.next()
            signal.yield()
            let error = await failure { _ = try await iterator.next() }
            return (error, try await iterator.next() == nil)
        }
        for await _ in begun { break }
        call.cancel()
        let (error, isOver) = try await call.value
        #expect(error?.code == .givenUp)
        #expect(isOver)
    }

    @Test func aCallOfACancelledTaskSendsNothing() async throws {
        let server = try server()
        let client = try Client(server.address)
        _ = try await client.stats()
        let error = await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await failure { _ = try await client.stats() }
        }.value
        #expect(error?.code == .givenUp)
        #expect(server.asked.count == 1)
    }

    @Test func aDeadlineEndsTheWaitWithCancelAfterTheGrace() async throws {
        let server = try server()
        var options = Options()
        options.graceMilliseconds = 10
        let client = try Client(server.address, options: options)
        try await client.connect()
        let error = await failure { _ = try await client.health(deadlineMilliseconds: 250) }
        #expect(error?.code == .timedOut)
        #expect(error?.status == .deadlineExceeded)
        await server.received(1, of: .cancel)
        #expect((1...250).contains(server.asked[0].header.deadlineMilliseconds))
        _ = try await client.stats()
        #expect(server.connectionCount == 1)
    }

    @Test func theClientsThreadAnswersAndKeepsTime() async throws {
        let server = try server()
        var options = Options()
        options.graceMilliseconds = 10
        let client = try Client(server.address, options: options)
        for _ in 0..<50 { _ = try await client.stats() }
        let error = await failure { _ = try await client.health(deadlineMilliseconds: 250) }
        #expect(error?.code == .timedOut)
        try await withTaskExecutorPreference(client.executor) {
            for _ in 0..<50 { _ = try await client.stats() }
        }
        #expect(server.connectionCount == 1)
    }

    @Test func silenceEndsTheWaitWithCancel() async throws {
        let server = try server()
        var options = Options()
        options.answerMilliseconds = 250
        let client = try Client(server.address, options: options)
        var seen = 0
        let error = await failure {
            for try await _ in client.generateStream(GenerateRequest(prompt: .text("x"))) {
                seen += 1
            }
        }
        #expect(seen == 1)
        #expect(error?.code == .timedOut)
        await server.received(1, of: .cancel)
        #expect(server.connectionCount == 1)
    }

    @Test func anAnswerBeyondItsSizeIsGivenUpAndTheConnectionLivesOn() async throws {
        let server = try server(chunks: 1000)
        var options = Options()
        options.answerSizeMax = 4096
        let client = try Client(server.address, options: options)
        let iterator = client.generateStream(GenerateRequest(prompt: .text("x")))
            .makeAsyncIterator()
        _ = try await iterator.next()
        await server.received(1, of: .cancel)
        var taken = 1
        let error = await failure {
            while try await iterator.next() != nil { taken += 1 }
        }
        #expect(error?.code == .givenUp)
        // Each body has 21 bytes.
        #expect(taken == 4096 / 21)
        let whole = await failure {
            _ = try await client.generate(GenerateRequest(prompt: .text("x")))
        }
        #expect(whole?.code == .givenUp)
        #expect(whole?.status == .cancelled)
        await server.received(2, of: .cancel)
        _ = try await client.stats()
        #expect(server.connectionCount == 1)
    }

    @Test func aHelloThatNeverComesIsATimeOut() async throws {
        let server = try servers.start { _, _ in .silence }
        var options = Options.once
        options.connectMilliseconds = 30
        let client = try Client(server.address, options: options)
        #expect(await failure { _ = try await client.stats() }?.code == .timedOut)
    }

    @Test func realIsDemandedUnlessMocksAreAllowed() async throws {
        let server = try servers.greeting { asked, _ in
            .send(
                ScriptedServer.failure(
                    ErrorBody(code: "c", message: "m"), .notFound, to: asked))
        }
        for allowMock in [false, true] {
            var options = Options.once
            options.allowMock = allowMock
            let client = try Client(server.address, options: options)
            var own = GenerateRequest(prompt: .text("x"))
            own.requirements = Requirements(device: "cpu")
            let mine = own
            _ = await failure { _ = try await client.generate(mine) }
            _ = await failure { _ = try await client.health(HealthRequest(model: "m")) }
            let asked = server.asked.suffix(2)
            let generate = try asked[asked.startIndex].decoded(GenerateRequest.self)
            #expect(generate.requirements == Requirements(real: !allowMock, device: "cpu"))
            let health = try asked[asked.startIndex + 1].decoded(HealthRequest.self)
            #expect(health.requirements == (allowMock ? nil : Requirements(real: true)))
            _ = await failure { _ = try await client.health() }
            let whole = try #require(server.asked.last).decoded(HealthRequest.self)
            #expect(whole.requirements == nil)
        }
    }

    @Test func callsCancelledAtAnyMomentCostTheOthersNothing() async throws {
        let server = try servers.greeting(
            HelloResponse(server: "s", requestsInFlightMax: 4)
        ) { asked, _ in
            switch asked.kind {
            case .ping:
                let payload = (try? asked.decoded(PingRequest.self))?.payload ?? []
                return .send(ScriptedServer.frame(PingResponse(payload: payload), to: asked.id))
            case .cancel:
                return .send(ScriptedServer.frame(CancelResponse(found: false), to: asked.id))
            default: return .silence
            }
        }
        let client = try Client(server.address, options: .once)
        let calls = (0..<400).map { index in
            Task { try await client.ping(Array("call \(index)".utf8)) }
        }
        for index in calls.indices where index % 2 == 1 {
            for _ in 0..<index % 7 { await Task.yield() }
            calls[index].cancel()
        }
        for (index, call) in calls.enumerated() {
            // Every call that was not cancelled has the right answer, as the client checks.
            switch await call.result {
            case .success(let reply):
                #expect(reply.message.payload == Array("call \(index)".utf8))
            case .failure(let error):
                #expect((error as? AssayError)?.code == .givenUp && index % 2 == 1, "\(error)")
            }
        }
        // All four places are free: the server gets four requests at once.
        let held = (0..<4).map { _ in
            Task { try await client.stats(deadlineMilliseconds: 60_000) }
        }
        await server.received(4, of: .stats)
        for asked in server.asked where asked.kind == .stats {
            server.push(ScriptedServer.frame(StatsResponse(), to: asked.id))
        }
        for call in held { _ = try await call.value }
        #expect(server.connectionCount == 1)
    }
}
