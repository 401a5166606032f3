// Connections: how many, which one, when a new one, and what becomes of who waits.

import AssayClient
import Synchronization
import Testing

@Suite struct PoolMachineTests {
    final class Member: PoolMember {
        private let count: Mutex<Int>
        init(_ count: Int) { self.count = Mutex(count) }
        var requestCount: Int { count.withLock { $0 } }
        func reserve() { count.withLock { $0 += 1 } }
        func release() { count.withLock { $0 -= 1 } }
    }

    private typealias Machine = PoolMachine<Member, Int>
    private let start = Moment(nanoseconds: 1000)

    private func waiting(_ waiter: Int, end: Moment = .never) -> Machine.Waiting {
        Machine.Waiting(ticket: UInt64(waiter), waiter: waiter, end: end)
    }

    /// A pool whose places hold open connections of so many requests, 4 at most each.
    private func pool(_ counts: [Int]) -> (Machine, [Member]) {
        var machine = Machine(count: counts.count)
        let members = counts.map { Member($0) }
        for index in counts.indices {
            _ = machine.wait(waiting(index), now: start)
        }
        for (index, member) in members.enumerated() {
            let isWanted = machine.connected(index, member)
            #expect(isWanted)
            for waiter in counts.indices { _ = machine.withdraw(UInt64(waiter)) }
            _ = machine.opened(member, max: 4, now: start)
        }
        return (machine, members)
    }

    @Test func theFewestRequestsWin() {
        let (machine, members) = pool([2, 1, 3])
        #expect(machine.member(now: start) === members[1])
        #expect(members[1].requestCount == 2)
    }

    @Test func fullConnectionsMakeCallsWaitInOrder() {
        var (machine, members) = pool([4, 4])
        #expect(machine.member(now: start) == nil)
        let early = [7, 8].map { machine.wait(waiting($0), now: start).granted.count }
        #expect(early == [0, 0])
        members[1].release()
        let first = machine.hasRoom(now: start).granted
        #expect(first.map(\.waiter) == [7])
        #expect(machine.waiting.map(\.waiter) == [8])
        members[0].release()
        let second = machine.hasRoom(now: start).granted
        #expect(second.map { $0.member === members[0] } == [true])
    }

    @Test func callsSpreadOverPlacesThatAreNotConnectedYet() {
        var machine = Machine(count: 2)
        let connects = (1...3).map { machine.wait(waiting($0), now: start).connect }
        #expect(connects == [[0], [1], []])
        #expect(machine.waiting.map(\.place) == [0, 1, 0])
    }

    @Test func anIdleConnectionIsTakenBeforeANewOneIsMade() {
        var machine = Machine(count: 2)
        _ = machine.wait(waiting(1), now: start)
        let member = Member(0)
        let isWanted = machine.connected(0, member)
        #expect(isWanted)
        let granted = machine.opened(member, max: 4, now: start).granted
        #expect(granted.map(\.waiter) == [1])
        member.release()
        #expect(machine.member(now: start) === member)
    }

    @Test func aFailedPlacePausesAndOnlyItsWaitersFail() {
        var machine = Machine(count: 2)
        _ = machine.wait(waiting(1), now: start)
        _ = machine.wait(waiting(2), now: start)
        let error = AssayError(.unreachable, "m")
        let later = Moment(nanoseconds: 5000)
        let effects = machine.connectingFailed(0, error, pauseEnd: later)
        #expect(effects.failed.map(\.waiter) == [1])
        #expect(machine.waiting.map(\.waiter) == [2])
        var alone = Machine(count: 1)
        _ = alone.wait(waiting(1), now: start)
        _ = alone.connectingFailed(0, error, pauseEnd: later)
        let early = alone.wait(waiting(3), now: start).connect
        #expect(early == [])
        #expect(alone.nextMoment == later)
        let connect = alone.hasRoom(now: later).connect
        #expect(connect == [0])
    }

    @Test func whoseTimeIsOverLeaves() {
        var (machine, _) = pool([4])
        _ = machine.wait(waiting(1, end: Moment(nanoseconds: 3000)), now: start)
        _ = machine.wait(waiting(2), now: start)
        #expect(machine.nextMoment == Moment(nanoseconds: 3000))
        let overdue = machine.overdue(now: Moment(nanoseconds: 3000))
        #expect(overdue == [1])
        #expect(machine.waiting.map(\.waiter) == [2])
    }

    @Test func closingFailsWhoWaitsAndWhoComes() {
        var (machine, members) = pool([4])
        _ = machine.wait(waiting(1), now: start)
        let effects = machine.close(AssayError(.connectionClosed, "m"))
        #expect(effects.failed.map(\.waiter) == [1])
        #expect(effects.close.map { $0 === members[0] } == [true])
        let failed = machine.wait(waiting(2), now: start).failed
        #expect(failed.map(\.waiter) == [2])
        let isWanted = machine.connected(0, Member(0))
        #expect(!isWanted)
    }
}

@Suite struct PoolTests {
    private let servers = Servers()

    private func options(_ connections: Int) -> Options {
        var options = Options.hasty
        options.connections = connections
        return options
    }

    /// Answers Stats only when told to, by their number.
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
