// Connecting and Hello: time limits, and the frames about a connection.

import AssayClient
import Glibc
import TestSupport
import Testing

@Suite struct ConnectingTests {
    private let servers = Servers()

    /// A Unix socket with a full queue: every connecting client waits.
    private final class FullQueue {
        private let directory: TemporaryDirectory
        private var descriptors: [Int32] = []

        init() throws {
            directory = try TemporaryDirectory()
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) {
                $0.copyBytes(from: directory.path("s").utf8)
            }
            let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            var isListening = false
            var status: Int32 = 0
            while status == 0 {
                let descriptor = socket(AF_UNIX, Int32(kind), 0)
                descriptors.append(descriptor)
                status = withUnsafePointer(to: &name) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        isListening
                            ? connect(descriptor, $0, size)
                            : bind(descriptor, $0, size) | listen(descriptor, 0)
                    }
                }
                isListening = true
            }
        }

        deinit { for descriptor in descriptors { close(descriptor) } }

        var address: ServerAddress { .unix(path: directory.path("s")) }
    }

    @Test func connectingThatTakesTooLongIsUnreachable() async throws {
        let queue = try FullQueue()
        var options = Options.once
        options.connectMilliseconds = 50
        let client = try Client(queue.address, options: options)
        #expect(await failure { try await client.ping() }?.code == .unreachable)
    }

    @Test func theDeadlineEndsConnecting() async throws {
        let queue = try FullQueue()
        let client = try Client(queue.address, options: .once)
        let error = await failure { try await client.ping([], deadlineMilliseconds: 50) }
        #expect(error?.code == .timedOut)
    }

    @Test func closeEndsConnectingAtOnce() async throws {
        let queue = try FullQueue()
        let client = try Client(queue.address)
        let call = Task { try await client.ping() }
        try await Task.sleep(for: .milliseconds(20))
        client.close()
        #expect(await failure { _ = try await call.value }?.code == .connectionClosed)
    }

    @Test func closeEndsThePauseBeforeAnotherAttempt() async throws {
        var options = Options()
        options.backoffMilliseconds = 60_000
        options.backoffMaxMilliseconds = 60_000
        let client = try Client("unix:///nowhere/s", options: options)
        let call = Task { try await client.ping() }
        try await Task.sleep(for: .milliseconds(50))
        client.close()
        #expect(await failure { _ = try await call.value }?.code == .connectionClosed)
    }

    @Test(arguments: [false, true])
    func helloIsNeverAMocks(_ allowMock: Bool) async throws {
        let server = try servers.start { asked, _ in
            .send(ScriptedServer.frame(HelloResponse(server: "s"), to: asked.id, .mock))
        }
        var options = Options.once
        options.allowMock = allowMock
        let client = try Client(server.address, options: options)
        #expect(await failure { try await client.ping() }?.code == .protocolError)
    }

    /// Byte 6 holds the flags, byte 7 the provenance.
    @Test(arguments: [(6, 2), (6, 4), (7, 2)] as [(Int, UInt8)])
    func goAwayIsNeverAMocksAndHasNoFlags(_ index: Int, _ value: UInt8) async throws {
        let server = try servers.greeting { asked, _ in
            var frame = ScriptedServer.frame(
                GoAway(reason: "shutting_down", drainMilliseconds: 9), to: 0)
            frame[index] = value
            return .send(frame)
        }
        var options = Options.once
        options.allowMock = true
        let client = try Client(server.address, options: options)
        #expect(await failure { try await client.ping() }?.code == .protocolError)
    }

    /// No byte shows that the server is alive, so the next call gets another connection.
    @Test func tenSecondsWithoutAByteEndAConnectionThatIsOverdue() async throws {
        let server = try servers.greeting { _, _ in .silence }
        var options = Options.once
        options.answerMilliseconds = 10_050
        let client = try Client(server.address, options: options)
        #expect(await failure { try await client.ping() }?.code == .timedOut)
        let next = Task { try await client.ping() }
        await server.received(2, of: .ping)
        #expect(server.connectionCount == 2)
        client.close()
        #expect(await failure { _ = try await next.value }?.code == .connectionClosed)
    }
}
