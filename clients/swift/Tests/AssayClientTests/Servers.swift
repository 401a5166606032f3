// Shared by all suites of the client: servers with the lifetime of the suite, a catcher for errors,
// and options for clients with a single attempt.

import AssayClient
import Synchronization
import TestSupport
import Testing

/// Servers that end together with the object.
final class Servers: Sendable {
    private let all = Mutex<[ScriptedServer]>([])

    deinit { for server in all.withLock({ $0 }) { server.stop() } }

    /// A server whose `handler` answers all requests, Hello included.
    func start(_ handler: @escaping ScriptedServer.Handler) throws -> ScriptedServer {
        keep(try ScriptedServer(handler))
    }

    /// A server with a ready answer to Hello.
    func greeting(
        _ hello: HelloResponse = HelloResponse(server: "scripted"),
        in directory: TemporaryDirectory? = nil, _ handler: @escaping ScriptedServer.Handler
    ) throws -> ScriptedServer {
        keep(try ScriptedServer.greeting(hello, in: directory, handler))
    }

    private func keep(_ server: ScriptedServer) -> ScriptedServer {
        all.withLock { $0.append(server) }
        return server
    }
}

extension Options {
    /// A single attempt.
    static var once: Options {
        var options = Options()
        options.attempts = 1
        return options
    }

    /// Short pauses, so that tests of repetition are quick.
    static var hasty: Options {
        var options = Options()
        options.backoffMilliseconds = 1
        options.backoffMaxMilliseconds = 2
        return options
    }
}

/// Runs `body` and returns the client's error. Records an issue when `body` does not throw.
func failure(_ body: () async throws -> Void) async -> AssayError? {
    do {
        try await body()
        Issue.record("no error")
        return nil
    } catch {
        return error as? AssayError
    }
}
