// What every suite of the client needs: servers that live as long as the suite, an error's catcher,
// and options of a client that does not try again.

import AssayClient
import Synchronization
import TestSupport
import Testing

/// Servers that end with this object.
final class Servers: Sendable {
    private let all = Mutex<[ScriptedServer]>([])

    deinit { for server in all.withLock({ $0 }) { server.stop() } }

    /// A server that `handler` speaks for, Hello included.
    func start(_ handler: @escaping ScriptedServer.Handler) throws -> ScriptedServer {
        keep(try ScriptedServer(handler))
    }

    /// A server that answers Hello by itself.
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
    /// One attempt.
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

/// Runs `body` and returns the client's error; records an issue when there is none.
func failure(_ body: () async throws -> Void) async -> AssayError? {
    do {
        try await body()
        Issue.record("no error")
        return nil
    } catch {
        return error as? AssayError
    }
}
