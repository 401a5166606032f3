// The time between binding and serving: who is answered what while the models of the start load,
// and how a start ends that does not come so far.
//
// A model is held in its load by a file that is not there yet: the graceful strategy asks again
// after one second, two and four.

import Foundation
import Logging
import Server
import ServerTestSupport
import Synchronization
import TestSupport
import Testing
import Wire

@Suite struct StartTests {
    @Test func boundAndLoadingItAnswersAllButTheModel() throws {
        let start = try PendingStart()
        let client = try start.client()
        #expect(try client.call(PingRequest()).status == .ok)
        #expect(try client.call(StatsRequest()).status == .ok)
        let models = try client.call(ModelsRequest()).decoded(ModelsResponse.self).models
        #expect(models.map(\.name) == ["late"] && models[0].state == .loading)
        let health = try client.call(HealthRequest()).decoded(HealthResponse.self)
        #expect(!health.ready && health.state == .loading)
        #expect(health.reason == "the server is loading its models, late is loading")
        let ofModel = try client.call(HealthRequest(model: "late"))
        #expect(try ofModel.decoded(HealthResponse.self).state == .loading)
        for name in ["late", nil] {
            let refused = try client.call(GenerateRequest.stream(name, tokens: 1))
            #expect(refused.status == .unavailable)
            #expect(refused.error?.code == "model_loading")
            #expect((refused.error?.retryAfterMilliseconds ?? 0) > 0)
        }
        let unknown = try client.call(GenerateRequest.stream("nobody", tokens: 1))
        #expect(unknown.status == .notFound)
        let again = try client.call(LoadRequest(name: "late", path: "/x"))
        #expect(again.status == .alreadyExists)

        try start.provideModel()
        #expect(try start.wait() == ["unix://" + start.directory.path("s")])
        #expect(try client.call(HealthRequest()).decoded(HealthResponse.self).ready)
        #expect(try client.call(GenerateRequest.stream(tokens: 1)).status == .ok)
        #expect(start.reported == ["late"])
    }

    @Test func theMonitorsSeeTheSame() throws {
        let start = try PendingStart { $0.admin = "127.0.0.1:0" }
        let admin = try #require(start.admin)
        #expect(
            try ProcessFacts.eventually {
                try RawHTTP.get("/readyz", admin).body.contains("loading: file layer")
            })
        #expect(try RawHTTP.get("/readyz", admin).status == 503)
        #expect(try RawHTTP.get("/livez", admin).status == 200)
        try start.provideModel()
        _ = try start.wait()
        #expect(try RawHTTP.get("/readyz", admin).status == 200)
    }

    @Test func aModelThatIsReadyIsServedWhileTheNextLoads() throws {
        let start = try PendingStart(before: true)
        let client = try start.client()
        #expect(
            try ProcessFacts.eventually {
                try client.call(GenerateRequest.stream("tiny", tokens: 1)).status == .ok
            })
        let refused = try client.call(GenerateRequest.stream("late", tokens: 1))
        #expect(refused.error?.code == "model_loading")
        // Ready is said of the whole only when the whole is there.
        #expect(try !client.call(HealthRequest()).decoded(HealthResponse.self).ready)
        try start.provideModel()
        _ = try start.wait()
        #expect(try client.call(HealthRequest()).decoded(HealthResponse.self).ready)
    }

    @Test func aStopWhileLoadingEndsTheStart() throws {
        let start = try PendingStart()
        let client = try start.client()
        start.stop()
        let error = #expect(throws: ServerStartError.self) { try start.wait() }
        guard case .stopped? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try client.next()?.header.kind == .goAway)
        #expect(!FileManager.default.fileExists(atPath: start.directory.path("s")))
    }

    @Test func aRejectionEndsTheServerWithItsReport() throws {
        let start = try PendingStart()
        let client = try start.client()
        try start.directory.write("GGUF????".utf8, as: "late.gguf")
        let error = #expect(throws: ServerStartError.self) { try start.wait() }
        guard case .modelRejected("late", let report)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect("\(report)".contains("parse"))
        #expect(try client.next()?.header.kind == .goAway)
        #expect(!FileManager.default.fileExists(atPath: start.directory.path("s")))
    }

    @Test func aNameThatIsThereTwiceIsRefusedBeforeBinding() throws {
        let directory = try TemporaryDirectory()
        var configuration = ServerConfiguration()
        configuration.models = ["a=/nowhere"]
        configuration.listen = ["unix://" + directory.path("s")]
        configuration.threads = 1
        let server = try AssayServer(configuration: configuration, logger: .silent)
        let error = #expect(throws: ServerStartError.self) {
            try server.start(strictly: [("a", "/elsewhere")])
        }
        guard case .configuration? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!FileManager.default.fileExists(atPath: directory.path("s")))
    }
}

/// The progress of a start, told by the thread that it runs on.
private final class StartProgress: Sendable {
    typealias Outcome = Result<[String], ServerStartError>

    private let names = Mutex<[String]>([])
    private let outcome = Mutex<Outcome?>(nil)
    private let isBound = DispatchSemaphore(value: 0)
    private let isOver = DispatchSemaphore(value: 0)

    /// Names of the models that were reported as passed.
    var reported: [String] { names.withLock { $0 } }

    func run(_ server: AssayServer) {
        let result: Outcome
        do throws(ServerStartError) {
            result = .success(
                try server.start(
                    bound: { _ in isBound.signal() },
                    report: { name, _ in names.withLock { $0.append(name) } }))
        } catch {
            result = .failure(error)
        }
        outcome.withLock { $0 = result }
        isBound.signal()
        isOver.signal()
    }

    func waitUntilBound() { isBound.wait() }

    func wait() -> Outcome {
        isOver.wait()
        isOver.signal()  // Lets the next waiter through as well.
        guard let result = outcome.withLock({ $0 }) else { preconditionFailure("signalled unset") }
        return result
    }
}

/// A server that has bound and waits for the file of its model `late`.
private final class PendingStart {
    let directory: TemporaryDirectory
    let admin: String?
    private let server: AssayServer
    private let progress = StartProgress()

    /// - Parameter before: whether another model, `tiny`, is loaded first.
    init(
        before: Bool = false, _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        let directory = try TemporaryDirectory()
        var configuration = ServerConfiguration()
        configuration.models =
            (before ? ["tiny=" + (try TestServer.writeTiny(in: directory))] : [])
            + ["late=" + directory.path("late.gguf")]
        configuration.strategy = "graceful"
        configuration.listen = ["unix://" + directory.path("s")]
        configuration.admin = "none"
        configuration.threads = 1
        configuration.limits.drainMicroseconds = 1_000_000
        configure(&configuration)
        self.directory = directory
        server = try AssayServer(configuration: configuration, logger: .silent)
        admin = try server.startAdmin()
        let thread = Thread { [server, progress] in progress.run(server) }
        thread.stackSize = 4 << 20
        thread.start()
        progress.waitUntilBound()
    }

    /// Names of the models that were reported as passed.
    var reported: [String] { progress.reported }

    func client() throws -> RawClient {
        let client = try RawClient("unix://" + directory.path("s"))
        try client.hello()
        return client
    }

    /// Puts the file there that the load waits for.
    func provideModel() throws {
        let made = try TestServer.writeTiny(in: directory, name: "made.gguf")
        try FileManager.default.moveItem(atPath: made, toPath: directory.path("late.gguf"))
    }

    func stop() { server.stop() }

    /// The end of the start.
    func wait() throws -> [String] { try progress.wait().get() }

    deinit {
        server.stop()
        server.stop()
        _ = progress.wait()
        server.waitUntilStopped()
    }
}

extension Logger {
    /// Throws everything away.
    fileprivate static var silent: Logger {
        Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    }
}
