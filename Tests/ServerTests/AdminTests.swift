// The admin pages over real HTTP: real, mock, failed and draining servers, monitors that behave
// and peers that do not.

import Foundation
import Loading
import Logging
import Server
import ServerTestSupport
import Synchronization
import TestSupport
import Testing
import Wire

@Suite struct AdminTests {
    private func server(
        _ models: [TestServer.Model] = [.tiny],
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> (TestServer, String) {
        let server = try TestServer(models) { configuration in
            configuration.admin = "127.0.0.1:0"
            configure(&configuration)
        }
        return (server, try #require(server.admin))
    }

    private func object(_ answer: RawHTTPAnswer) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any])
    }

    private func reasons(_ answer: RawHTTPAnswer) throws -> [String] {
        try #require(try object(answer)["reasons"] as? [String])
    }

    private func models(_ answer: RawHTTPAnswer) throws -> [[String: Any]] {
        try #require(try object(answer)["models"] as? [[String: Any]])
    }

    // MARK: - Verdicts

    @Test func aServerWithARealModelIsAliveAndReady() throws {
        let (server, admin) = try server()
        let live = try RawHTTP.get("/livez", admin)
        #expect(live.status == 200)
        #expect(try object(live)["live"] as? Bool == true)
        let ready = try RawHTTP.get("/readyz", admin)
        #expect(ready.status == 200)
        #expect(try object(ready)["phase"] as? String == "serving")
        #expect(try reasons(ready) == [])
        withExtendedLifetime(server) {}
    }

    @Test func theModelsPageSaysWhatStandsBehindEachName() throws {
        let (server, admin) = try server()
        let client = try server.client()
        #expect(
            try ProcessFacts.eventually {
                try models(try RawHTTP.get("/models", admin))[0]["fingerprint"] is String
            })
        let served = try client.call(ModelsRequest()).decoded(ModelsResponse.self).models[0]
        let model = try models(try RawHTTP.get("/models", admin))[0]
        #expect(model["name"] as? String == "tiny")
        #expect(model["state"] as? String == "ready")
        #expect(model["provenance"] as? String == "real")
        #expect(model["device"] as? String == "cpu")
        #expect(model["generation"] as? Int == 1)
        #expect(model["required"] as? Bool == true)
        let hex = served.fingerprint.map { bytes in
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        #expect(model["fingerprint"] as? String == hex)
    }

    @Test func aMockTurnsReadinessRedUnlessConfiguredOtherwise() throws {
        let (strict, address) = try server([.mock])
        let red = try RawHTTP.get("/readyz", address)
        #expect(red.status == 503)
        #expect(try reasons(red) == ["model \"mock\": a mock stands in for it"])
        #expect(try RawHTTP.get("/livez", address).status == 200)
        #expect(
            try models(try RawHTTP.get("/models", address))[0]["provenance"] as? String == "mock")
        let (lenient, other) = try server([.mock]) { $0.isReadyWithMock = true }
        #expect(try RawHTTP.get("/readyz", other).status == 200)
        let (elsewhere, third) = try server([.mock, .tiny]) { $0.requiredModels = ["tiny"] }
        #expect(try RawHTTP.get("/readyz", third).status == 200)
        withExtendedLifetime((strict, lenient, elsewhere)) {}
    }

    @Test func aRequiredModelThatIsNotThereIsNamed() throws {
        let (server, admin) = try server { $0.requiredModels = ["tiny", "large"] }
        let red = try RawHTTP.get("/readyz", admin)
        #expect(red.status == 503)
        #expect(try reasons(red) == ["model \"large\": not loaded"])
        let path = try TestServer.writeTiny(in: server.directory, name: "large.gguf", seed: 3)
        let client = try server.client()
        _ = try client.answers(to: try client.request(LoadRequest(name: "large", path: path)))
        #expect(
            try ProcessFacts.eventually { try RawHTTP.get("/readyz", admin).status == 200 })
    }

    @Test func aModelThatDriftedTurnsReadinessRedWithItsReason() throws {
        let (server, admin) = try server()
        let client = try server.client()
        let path = server.directory.path("tiny.gguf")
        _ = try ModelLoader().load(path: path).ensureReal().writeSeal()
        let text = try String(contentsOfFile: path + ".seal", encoding: .utf8)
        let digest = try #require(text.range(of: #"[0-9a-f]{64}"#, options: .regularExpression))
        try server.directory.write(
            text.replacingCharacters(in: digest, with: String(repeating: "0", count: 64)).utf8,
            as: "tiny.gguf.seal")
        _ = try client.call(HealthRequest(model: "tiny", verify: true))
        #expect(
            try ProcessFacts.eventually { try RawHTTP.get("/readyz", admin).status == 503 })
        let reason = try reasons(try RawHTTP.get("/readyz", admin))[0]
        #expect(reason.hasPrefix("model \"tiny\": failed: seal_fingerprint_mismatch"))
    }

    @Test func aFailedLoadOfAClientLeavesReadinessAlone() throws {
        let (server, admin) = try server()
        let client = try server.client()
        let path = try server.directory.write("GGUF?".utf8, as: "broken.gguf")
        _ = try client.answers(to: try client.request(LoadRequest(name: "bad", path: path)))
        let listed = try models(try RawHTTP.get("/models", admin))
        let bad = try #require(listed.first { $0["name"] as? String == "bad" })
        #expect(bad["state"] as? String == "failed" && bad["required"] as? Bool == false)
        #expect(try RawHTTP.get("/readyz", admin).status == 200)
    }

    @Test func aDrainIsRedWhileAnswersFinish() throws {
        let directory = try TemporaryDirectory()
        let path = try TestServer.writeTiny(in: directory, contextLength: 200_000)
        let (server, admin) = try server {
            $0.models = ["long=" + path]
            $0.limits.drainMicroseconds = 60_000_000
        }
        // An answer that nobody reads is paused, and keeps the drain from its end.
        var client: RawClient? = try server.client()
        try client?.request(GenerateRequest.stream(tokens: 150_000))
        _ = try client?.next()
        server.drain()
        #expect(
            try ProcessFacts.eventually { try RawHTTP.get("/readyz", admin).status == 503 })
        let red = try RawHTTP.get("/readyz", admin)
        #expect(try reasons(red).contains("the server is draining"))
        #expect(try RawHTTP.get("/livez", admin).status == 200)
        client = nil
        server.waitUntilStopped()
        #expect(throws: RawClientError.self) { try RawHTTP(admin) }
    }

    @Test func beforeTheStartItIsAliveAndSaysWhatWillBeLoaded() throws {
        let directory = try TemporaryDirectory()
        var configuration = ServerConfiguration()
        configuration.admin = "127.0.0.1:0"
        configuration.models = ["late=" + directory.path("late.gguf")]
        configuration.listen = ["unix://" + directory.path("s")]
        configuration.threads = 1
        let server = try AssayServer(
            configuration: configuration, logger: .init(label: "t") { _ in NoLog() })
        let admin = try #require(try server.startAdmin())
        #expect(try RawHTTP.get("/livez", admin).status == 200)
        let before = try RawHTTP.get("/readyz", admin)
        #expect(before.status == 503)
        #expect(
            try reasons(before) == [
                "the server is loading its models", "model \"late\": waits for its turn to load",
            ])
        let error = #expect(throws: ServerStartError.self) { try server.start() }
        guard case .modelRejected(let name, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(name == "late")
        #expect(!FileManager.default.fileExists(atPath: directory.path("s")))
        #expect(throws: RawClientError.self) { try RawHTTP(admin) }
    }

    // MARK: - The port

    @Test func aTakenPortIsAConfigurationErrorThatSaysWhatToDo() throws {
        let (first, admin) = try server()
        var configuration = ServerConfiguration()
        configuration.admin = admin
        configuration.threads = 1
        let second = try AssayServer(
            configuration: configuration, logger: .init(label: "t") { _ in NoLog() })
        let error = #expect(throws: ServerStartError.self) { try second.startAdmin() }
        guard case .configuration(let text)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.contains(admin) && text.contains("--admin none"), "\(text)")
        #expect(try RawHTTP.get("/livez", admin).status == 200)
        withExtendedLifetime(first) {}
    }

    // MARK: - Peers

    @Test func headIsGetWithoutTheBody() throws {
        let (server, admin) = try server()
        for path in ["/livez", "/readyz", "/models", "/nowhere"] {
            let get = try RawHTTP.get(path, admin)
            let head = try RawHTTP.get(path, admin, method: "HEAD")
            #expect(head.status == get.status && head.body == "")
            #expect(head.headers["content-length"] == get.headers["content-length"])
            #expect(get.headers["content-length"] == "\(get.body.utf8.count)")
            #expect(get.headers["connection"] == "close")
        }
        withExtendedLifetime(server) {}
    }

    @Test(arguments: [
        ("GET /nowhere HTTP/1.0\r\n\r\n", 404), ("GET /livezz HTTP/1.0\r\n\r\n", 404),
        ("GET /%6civez%00 HTTP/1.0\r\n\r\n", 404), ("GET //livez HTTP/1.0\r\n\r\n", 404),
        ("GET /../etc/passwd HTTP/1.0\r\n\r\n", 404), ("GET /livez/..%2f HTTP/1.0\r\n\r\n", 404),
        ("DELETE /models HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\r\n\r\n", 400),
    ])
    func wrongRequestsAreAnsweredWithTheirStatus(text: String, status: Int) throws {
        let (server, admin) = try server()
        let connection = try RawHTTP(admin)
        connection.send(Array(text.utf8))
        let answer = try #require(try connection.answer())
        #expect(answer.status == status)
        #expect(try object(answer)["error"] is String)
        #expect(status != 405 || answer.headers["allow"] == "GET, HEAD")
        withExtendedLifetime(server) {}
    }

    @Test func aHeadWithoutEndCostsNoMoreThanItsBound() throws {
        let (server, admin) = try server()
        let before = ProcessFacts.residentSize()
        for _ in 0..<8 {
            let connection = try RawHTTP(admin)
            // 4 MiB and no end of the line: what is beyond the bound is thrown away.
            connection.send([UInt8](repeating: 65, count: 4 << 20))
            connection.finishSending()
            let answer = try? connection.answer()
            #expect(answer == nil || answer?.status == 431)
        }
        #expect(ProcessFacts.residentSize() - before < 16 << 20)
        #expect(try RawHTTP.get("/livez", admin).status == 200)
        withExtendedLifetime(server) {}
    }

    @Test func dawdlersAreTurnedOutWithATimeOutAndMakeRoomForMonitors() throws {
        let (server, admin) = try server()
        // Three times as many as are held at once; none ever finishes its head.
        let dawdlers = try (0..<96).map { _ in try RawHTTP(admin) }
        for dawdler in dawdlers { dawdler.send(Array("GET /livez HTTP/1.1\r\n".utf8)) }
        #expect(try RawHTTP.get("/readyz", admin).status == 200)
        // The youngest is still held, and told when its time is up.
        #expect(try dawdlers[95].answer()?.status == 408)
        #expect(try dawdlers[0].readToEnd() == [])
        withExtendedLifetime(server) {}
    }

    /// Newcomers push out who has said nothing whole, and never a monitor that asks.
    @Test func everyProbeIsAnsweredWhileACrowdKeepsComing() throws {
        let (server, admin) = try server()
        let isOver = Atomic(false)
        let crowdIsGone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            var held: [RawHTTP] = []
            while !isOver.load(ordering: .relaxed) {
                guard let dawdler = try? RawHTTP(admin) else { continue }
                dawdler.send(Array("GET /livez".utf8))
                held.append(dawdler)
                if held.count > 64 { held.removeFirst() }
            }
            crowdIsGone.signal()
        }
        // A monitor that was kept from asking, between its connection and its words, asks again.
        let statuses = (0..<50).map { _ in
            (try? RawHTTP.get("/livez", admin).status) ?? (try? RawHTTP.get("/livez", admin).status)
        }
        isOver.store(true, ordering: .relaxed)
        crowdIsGone.wait()
        #expect(statuses == [Int?](repeating: 200, count: 50))
        withExtendedLifetime(server) {}
    }

    @Test func peersThatNeverLeaveWithTheirAnswerMakeRoom() throws {
        let (server, admin) = try server()
        let stayers = try (0..<96).map { _ in try RawHTTP(admin) }
        for stayer in stayers { stayer.send(Array("GET /livez HTTP/1.0\r\n\r\n".utf8)) }
        #expect(try RawHTTP.get("/readyz", admin).status == 200)
        withExtendedLifetime((server, stayers)) {}
    }

    @Test func pipelinedRequestsGetOneAnswerAndTheEnd() throws {
        let (server, admin) = try server()
        let connection = try RawHTTP(admin)
        let request = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        connection.send(Array(String(repeating: request, count: 50).utf8))
        let text = String(decoding: try connection.readToEnd(), as: UTF8.self)
        #expect(text.components(separatedBy: "HTTP/1.1 ").count == 2)
        withExtendedLifetime(server) {}
    }

    @Test func aPeerThatHasSaidAllStillGetsItsAnswer() throws {
        let (server, admin) = try server()
        let connection = try RawHTTP(admin)
        connection.send(Array("GET /livez HTTP/1.0\r\n\r\n".utf8))
        connection.finishSending()
        #expect(try connection.answer()?.status == 200)
        let silent = try RawHTTP(admin)
        silent.finishSending()
        #expect(try silent.readToEnd() == [])
        withExtendedLifetime(server) {}
    }

    @Test func aCrowdLeavesNoDescriptorBehind() throws {
        let (server, admin) = try server()
        _ = try RawHTTP.get("/livez", admin)
        for _ in 0..<200 {
            let connection = try RawHTTP(admin)
            connection.send(Array("GET /models HTTP/1.0\r\n\r\n".utf8))
        }
        // A connection is accepted in its turn, so whoever is answered came after all of the crowd.
        var status: Int?
        for _ in 0..<20_000 where status == nil {
            status = try? RawHTTP.get("/readyz", admin).status
        }
        #expect(status == 200)
        withExtendedLifetime(server) {}
    }
}

/// Throws everything away.
private struct NoLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.critical

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {}
}
