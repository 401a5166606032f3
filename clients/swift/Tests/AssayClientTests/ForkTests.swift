// A client in a forked process: a typed error before a lock is taken or a socket touched, and an
// undisturbed parent.
//
// The forked process runs on with a single thread, inside the same asynchronous function. Its exit
// status is the number of the first failed expectation. A signal ends a hanging process.

import AssayClient
import Glibc
import Synchronization
import Testing

@Suite(.serialized) struct ForkTests {
    private let servers = Servers()

    /// fork(2). Swift forbids a direct call.
    private static func fork() -> pid_t {
        typealias Fork = @convention(c) () -> pid_t
        let symbol = dlsym(dlopen(nil, RTLD_NOW), "fork")
        return unsafeBitCast(symbol, to: Fork.self)()
    }

    /// Runs `body` in a forked process. Returns the exit status, or -1 when a signal ended the
    /// process.
    private func inChild(_ body: () async -> Int32) async -> Int32 {
        let child = Self.fork()
        if child == 0 {
            // Ends a hanging process.
            alarm(30)
            _exit(await body())
        }
        return Self.status(child)
    }

    private static func status(_ child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
    }

    private static func code(_ body: () async throws(AssayError) -> Void) async
        -> AssayError.Code?
    {
        do throws(AssayError) {
            try await body()
            return nil
        } catch {
            return error.code
        }
    }

    /// Tells tasks to end.
    private final class End: Sendable {
        let hasCome = Atomic<Bool>(false)
    }

    /// Echoes pings, begins generations, and holds back everything else.
    private func server() throws -> ScriptedServer {
        try servers.greeting { asked, _ in
            switch asked.kind {
            case .ping:
                let payload = (try? asked.decoded(PingRequest.self))?.payload ?? []
                return .send(ScriptedServer.frame(PingResponse(payload: payload), to: asked.id))
            case .generate:
                return .send(ScriptedServer.frame(GenerateChunk(tokens: [7]), to: asked.id))
            default: return .silence
            }
        }
    }

    @Test func everyUseIsRefusedAndTheParentIsLeftAlone() async throws {
        let server = try server()
        let client = try Client(server.address)
        let held = Task { try await client.stats() }
        await server.received(1, of: .stats)
        var stream: GenerateStream.Iterator? = client.generateStream(
            GenerateRequest(prompt: .text("x"))
        ).makeAsyncIterator()
        _ = try await stream?.next()
        let asked = server.asked.count

        let status = await inChild {
            if await Self.code({ () async throws(AssayError) in try await client.ping() })
                != .processForked
            {
                return 1
            }
            if await Self.code({ () async throws(AssayError) in _ = try await stream?.next() })
                != .processForked
            {
                return 2
            }
            if await Self.code({ () async throws(AssayError) in try await client.connect() })
                != .processForked
            {
                return 3
            }
            if await Self.code({ () throws(AssayError) in _ = try Client(client.address) })
                != .processForked
            {
                return 4
            }
            if client.server != nil { return 5 }
            // The server gets neither Cancel nor the end of the connection.
            stream = nil
            client.close()
            return 0
        }
        #expect(status == 0)
        #expect(server.asked.count == asked)
        #expect(server.connectionCount == 1 && server.endedCount == 0)
        // The connection still works: it answers the request in flight and new requests.
        let first = try #require(server.asked.first { $0.kind == .stats })
        server.push(ScriptedServer.frame(StatsResponse(), to: first.id))
        _ = try await held.value
        try await client.ping([1])
        #expect(server.connectionCount == 1)
    }

    @Test func aForkOnTheClientsOwnThreadIsRefusedToo() async throws {
        let server = try server()
        let client = try Client(server.address)
        let status = try await withTaskExecutorPreference(client.executor) {
            try await client.ping()
            return await inChild {
                await Self.code({ () async throws(AssayError) in try await client.ping() })
                    == .processForked ? 0 : 1
            }
        }
        #expect(status == 0)
        try await client.ping([1])
        #expect(server.connectionCount == 1)
    }

    @Test func forksAmongBusyTasksDisturbNobody() async throws {
        let server = try server()
        let client = try Client(server.address)
        try await client.ping()
        let end = End()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<4 {
                group.addTask {
                    var count = 0
                    while !end.hasCome.load(ordering: .relaxed) {
                        try await client.ping([UInt8(index), UInt8(truncatingIfNeeded: count)])
                        count += 1
                    }
                    return count
                }
            }
            for _ in 0..<20 {
                let status = await inChild {
                    await Self.code({ () async throws(AssayError) in try await client.ping() })
                        == .processForked ? 0 : 1
                }
                #expect(status == 0)
            }
            end.hasCome.store(true, ordering: .relaxed)
            let counts = try await group.reduce(into: []) { $0.append($1) }
            #expect(counts.count == 4)
        }
        #expect(server.connectionCount == 1)
    }

    @Test func aClosedConnectionIsClosedThoughAForkedProcessHoldsACopy() async throws {
        let server = try server()
        let client = try Client(server.address)
        try await client.ping()
        let child = Self.fork()
        if child == 0 {
            alarm(30)
            while true { pause() }
        }
        client.close()
        // A generous bound that only an open connection reaches.
        for _ in 0..<2_000 where server.endedCount == 0 {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(server.endedCount == 1)
        kill(child, SIGKILL)
        _ = Self.status(child)
    }
}
