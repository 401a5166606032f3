// Connections: number, choice, creation, and the fate of waiting calls.

import AssayClient
import Testing

@Suite struct PoolTests {
    private let servers = Servers()

    private func options(_ connections: Int) -> Options {
        var options = Options.hasty
        options.connections = connections
        return options
    }

    /// Holds back every answer. Tests answer Stats requests by number.
    private func holding(_ max: UInt64 = 256) throws -> ScriptedServer {
        try servers.greeting(HelloResponse(server: "s", requestsInFlightMax: max)) { asked, _ in
            .silence
        }
    }

    private func answer(_ asked: Asked, _ server: ScriptedServer) {
        server.push(ScriptedServer.frame(StatsResponse(), to: asked.id), on: asked.connection)
    }

    @Test func callsAtTheSameTimeUseAllConnections() async throws {
        let server = try holding()
        let client = try Client(server.address, options: options(2))
        async let one = client.stats()
        async let other = client.stats()
        await server.received(2)
        #expect(Set(server.asked.map(\.connection)) == [1, 2])
        for asked in server.asked { answer(asked, server) }
        _ = try await (one, other)
    }

    @Test func connectMakesAllOfThem() async throws {
        let server = try holding()
        let client = try Client(server.address, options: options(3))
        #expect(client.server == nil)
        #expect(try await client.connect().server == "s")
        #expect(server.connectionCount == 3)
        #expect(client.server?.server == "s")
    }

    @Test func neverMoreInFlightThanTheServerAllows() async throws {
        let server = try holding(2)
        let client = try Client(server.address)
        await withTaskGroup { group in
            for _ in 0..<5 { group.addTask { _ = try? await client.stats() } }
            for count in 1...5 {
                await server.received(min(5, count + 1))
                #expect(server.asked.count == min(5, count + 1))
                answer(server.asked[count - 1], server)
            }
        }
        #expect(server.asked.count == 5)
    }

    @Test func waitingForRoomEndsWithTheDeadlineAndSendsNothing() async throws {
        let server = try holding(1)
        let client = try Client(server.address)
        let first = Task { try await client.stats() }
        await server.received(1)
        let error = await failure { _ = try await client.stats(deadlineMilliseconds: 20) }
        #expect(error?.code == .timedOut)
        #expect(error?.status == .deadlineExceeded)
        #expect(server.asked.count == 1)
        answer(server.asked[0], server)
        _ = try await first.value
    }

    @Test func aDrainingServerFinishesItsStreamAndTheNextCallConnectsAnew() async throws {
        let end = GenerateResponse(
            tokens: [2], text: "b", finishReason: .length, promptTokens: 1, completionTokens: 2,
            answer: AnswerRecord(model: "m", device: "cpu", timing: Timing()))
        let server = try servers.greeting { asked, _ in
            asked.kind == .generate
                ? .send(
                    ScriptedServer.frame(GenerateChunk(tokens: [1], text: "a"), to: asked.id)
                        + ScriptedServer.frame(
                            GoAway(reason: "shutting_down", drainMilliseconds: 9), to: 0))
                : .send(ScriptedServer.frame(StatsResponse(), to: asked.id))
        }
        let client = try Client(server.address)
        var text = ""
        for try await part in client.generateStream(GenerateRequest(prompt: .text("x"))) {
            text += part.text
            guard part.answer == nil else { break }
            _ = try await client.stats()
            server.push(ScriptedServer.frame(end, to: server.asked[0].id), on: 1)
        }
        #expect(text == "ab")
        #expect(server.asked.map(\.connection) == [1, 2])
    }

    private static let idle = ScriptedServer.frame(
        GoAway(reason: "idle", drainMilliseconds: 0), to: 0)

    /// The server answers the second and the fourth request, and finds the connection idle beside
    /// every other request, which it has not read.
    @Test func aRequestThatCrossesGoAwayIdleIsSentAgainOnce() async throws {
        let server = try servers.greeting { asked, server in
            [2, 4].contains(server.asked.count)
                ? .send(ScriptedServer.frame(UnloadResponse(), to: asked.id))
                : .sendAndClose(Self.idle)
        }
        let client = try Client(server.address, options: .once)
        _ = try await client.unload(UnloadRequest(name: "m"))
        _ = try await client.unload(UnloadRequest(name: "m"))
        let error = await failure { _ = try await client.unload(UnloadRequest(name: "m")) }
        #expect(error?.code == .connectionClosed)
        #expect(server.asked.map(\.connection) == [1, 2, 2, 3, 3, 4])
    }

    @Test func goAwayIdleInTheMiddleOfAnAnswerIsDamage() async throws {
        let server = try servers.greeting { asked, _ in
            .send(
                ScriptedServer.frame(GenerateChunk(tokens: [1], text: "a"), to: asked.id)
                    + Self.idle)
        }
        let client = try Client(server.address)
        let error = await failure {
            _ = try await client.generate(GenerateRequest(prompt: .text("x")))
        }
        #expect(error?.code == .protocolError)
    }

    @Test func closingEndsAStreamOfADrainingConnection() async throws {
        let server = try servers.greeting { asked, _ in
            .send(
                ScriptedServer.frame(GenerateChunk(tokens: [1], text: "a"), to: asked.id)
                    + ScriptedServer.frame(
                        GoAway(reason: "shutting_down", drainMilliseconds: 9), to: 0))
        }
        let client = try Client(server.address)
        let error = await #expect(throws: AssayError.self) {
            for try await _ in client.generateStream(GenerateRequest(prompt: .text("x"))) {
                client.close()
            }
        }
        #expect(error?.code == .connectionClosed)
    }

    @Test func whoWaitsIsServedInOrder() async throws {
        let server = try holding(1)
        let client = try Client(server.address)
        let first = Task { try await client.stats() }
        await server.received(1)
        // On a single thread, tasks begin in order.
        let calls = (1...4).map { index in
            Task(executorPreference: client.executor) {
                _ = try? await client.ping([UInt8(index)])
            }
        }
        await Task(executorPreference: client.executor) {}.value
        answer(server.asked[0], server)
        _ = try await first.value
        for index in 1...4 {
            await server.received(index + 1)
            let asked = server.asked[index]
            #expect(try asked.decoded(PingRequest.self).payload == [UInt8(index)])
            server.push(
                ScriptedServer.frame(PingResponse(payload: [UInt8(index)]), to: asked.id))
        }
        for call in calls { await call.value }
    }

    @Test func closingFailsWhatIsInFlightAndWhatComes() async throws {
        let server = try holding()
        let client = try Client(server.address)
        let call = Task { try await client.stats() }
        await server.received(1)
        client.close()
        client.close()
        #expect(await failure { _ = try await call.value }?.code == .connectionClosed)
        #expect(await failure { _ = try await client.stats() }?.code == .connectionClosed)
    }

    @Test func clientsShareAnExecutorAndTasksRunOnIt() async throws {
        let server = try servers.greeting { asked, _ in
            .send(ScriptedServer.frame(StatsResponse(), to: asked.id))
        }
        let executor = try ClientExecutor()
        let clients = try (0..<4).map { _ in try Client(server.address, executor: executor) }
        let count = try await withTaskExecutorPreference(executor) {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for client in clients {
                    group.addTask {
                        for _ in 0..<50 { _ = try await client.stats() }
                        return 50
                    }
                }
                return try await group.reduce(0, +)
            }
        }
        #expect(count == 200)
        #expect(server.connectionCount == 4)
    }

    @Test func manyTasksShareOneConnection() async throws {
        let server = try servers.greeting { asked, _ in
            let payload = (try? asked.decoded(PingRequest.self))?.payload ?? []
            return .send(ScriptedServer.frame(PingResponse(payload: payload), to: asked.id))
        }
        let client = try Client(server.address)
        try await withThrowingTaskGroup { group in
            for index in 0..<64 {
                group.addTask {
                    for round in 0..<20 { try await client.ping([UInt8(index), UInt8(round)]) }
                }
            }
            try await group.waitForAll()
        }
        #expect(server.asked.count == 64 * 20)
        #expect(server.connectionCount == 1)
    }

    @Test func optionsThatCannotBeMeantAreRefused() {
        let changes: [@Sendable (inout Options) -> Void] = [
            { $0.name = "" }, { $0.name = String(repeating: "n", count: 129) },
            { $0.bodySizeMax = 4095 }, { $0.connections = 0 }, { $0.attempts = 0 },
            { $0.connectMilliseconds = 0 }, { $0.answerSizeMax = 4095 }, { $0.connections = 1025 },
        ]
        for change in changes {
            var options = Options()
            change(&options)
            #expect(throws: AssayError.self) {
                try Client("unix:///nowhere/s", options: options)
            }
        }
    }
}
