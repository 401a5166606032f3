// The real program: exit codes, signals, what it prints, what it leaves behind.

import Foundation
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite(.serialized) struct AssaydTests {
    private let directory: TemporaryDirectory
    private let model: String

    init() throws {
        directory = try TemporaryDirectory()
        var shape = TinyLlamaShape()
        shape.contextLength = 200_000
        model = try directory.write(
            GGUFBuilder.tinyLlama(shape: shape).build(), as: "tiny.gguf")
    }

    // MARK: - Starts that fail

    @Test func aRejectedModelPrintsTheLayerReportAndNothingListens() throws {
        let broken = try directory.write("GGUF????".utf8, as: "broken.gguf")
        let socket = directory.path("never")
        let outcome = try Program.run(
            "assayd", ["--model", "m=" + broken, "--listen", "unix://" + socket])
        #expect(outcome.status == 65)
        for layer in ["file", "parse", "compatibility", "placement", "validation"] {
            #expect(outcome.errors.contains(layer))
        }
        #expect(!outcome.errors.contains("listening on"))
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test func cudaWithoutADeviceIsRejectedAtPlacement() throws {
        let outcome = try Program.run("assayd", ["--model", "m=" + model, "--device", "cuda"])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("refused at the placement layer"))
    }

    @Test(
        arguments: [
            (["--model"], 2, "--model"), (["--nonsense"], 2, "--nonsense"),
            (["--model", "m=x", "--threads", "5000"], 78, "0 to 1024"),
            (["--model", "nopath"], 78, "NAME=PATH"),
            (["--model", "m=x", "--config", "/nowhere.json"], 78, "/nowhere.json"),
        ] as [([String], Int32, String)])
    func aWrongCommandLineSaysWhatIsWrong(arguments: [String], status: Int32, text: String) throws {
        let outcome = try Program.run("assayd", arguments)
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(text), "\(outcome.errors)")
    }

    @Test func checkConfigPrintsValuesWithTheirSourcesAndTouchesNothing() throws {
        let file = try directory.write(
            #"{"threads": 3, "drain-seconds": 4}"#.utf8, as: "assayd.json")
        let outcome = try Program.run(
            "assayd", ["--check-config", "--config", file, "--model", "m=/nowhere.gguf"],
            environment: ["ASSAY_SEQUENCES_MAX": "7"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("threads = 3  (\(file))"))
        #expect(outcome.output.contains("sequences-max = 7  (ASSAY_SEQUENCES_MAX)"))
        #expect(outcome.output.contains("model = [m=/nowhere.gguf]  (flag)"))
        #expect(outcome.output.contains("strategy = strict  (default)"))
    }

    @Test func anAddressInUseIsAnErrorOfItsOwn() throws {
        let first = try ServerProcess(model: model)
        let outcome = try Program.run(
            "assayd", ["--model", "m=" + model, "--listen", first.addresses[0]])
        #expect(outcome.status == 70)
        #expect(try first.client().call(PingRequest()).status == .ok)
    }

    @Test func itSaysBoundBeforeItSaysListening() throws {
        let server = try ServerProcess(model: model)
        let lines = server.errors.split(separator: "\n").map(String.init)
        let bound = lines.filter { $0.hasPrefix("bound ") }.map { String($0.dropFirst(6)) }
        #expect(bound == server.addresses)
        let last = try #require(lines.lastIndex { $0.hasPrefix("bound ") })
        let report = try #require(lines.firstIndex { $0.hasPrefix("model \"m\"") })
        let first = try #require(lines.firstIndex { $0.hasPrefix("listening on ") })
        #expect(last < report && report < first)
    }

    // MARK: - Signals

    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalWhileAModelLoadsEndsIt(signal: Int32) throws {
        let socket = directory.path("loading")
        // The graceful strategy waits for a file that is not there yet.
        let process = try ChildProcess(
            Program.path("assayd"),
            [
                "--model", "m=" + directory.path("not-yet.gguf"), "--strategy", "graceful",
                "--listen", "unix://" + socket,
            ], [:], try TemporaryDirectory())
        #expect(ProcessFacts.eventually { process.errors.contains("bound unix://") })
        let client = try RawClient("unix://" + socket)
        try client.hello()
        #expect(try client.call(PingRequest()).status == .ok)
        process.signal(signal)
        #expect(process.waitUntilExit() == 0)
        #expect(!process.errors.contains("listening on"))
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalInMidStreamLetsTheAnswerFinish(signal: Int32) throws {
        let server = try ServerProcess(model: model)
        let client = try server.client(1)
        let id = try client.request(GenerateRequest.stream(tokens: 10_000))
        _ = try client.next()
        server.signal(signal)
        let frames = try client.answers(to: id)
        #expect(try [.length, .stop].contains(frames.generated.finishReason))
        while try client.next() != nil {}
        #expect(client.seen.contains { $0.header.kind == .goAway })
        #expect(server.waitUntilExit() == 0)
        #expect(!FileManager.default.fileExists(atPath: server.directory.path("s")))
    }

    @Test func anAnswerThatTakesTooLongIsCancelledAndTheExitIsClean() throws {
        let server = try ServerProcess(model: model, environment: ["ASSAY_DRAIN_SECONDS": "0.2"])
        let client = try server.client()
        let id = try client.request(GenerateRequest.stream(tokens: 150_000))
        _ = try client.next()
        server.signal(SIGTERM)
        #expect(try client.answers(to: id).generated.finishReason == .cancelled)
        #expect(server.waitUntilExit() == 0)
    }

    @Test func theGraceIsRedAndServes() throws {
        let server = try ServerProcess(
            model: model, ["--admin", "127.0.0.1:0"],
            environment: ["ASSAY_DRAIN_GRACE_SECONDS": "600"])
        let line = try #require(
            server.errors.split(separator: "\n").first { $0.hasPrefix("admin: http://") })
        let admin = String(line.dropFirst("admin: http://".count))
        #expect(try RawHTTP.get("/readyz", admin).status == 200)
        let client = try server.client()
        server.signal(SIGTERM)
        #expect(
            try ProcessFacts.eventually { try RawHTTP.get("/readyz", admin).status == 503 })
        #expect(try RawHTTP.get("/livez", admin).status == 200)
        // Old and new connections are served as before, and told when they ask.
        #expect(try client.call(GenerateRequest.stream(tokens: 2)).status == .ok)
        let late = try server.client(1)
        #expect(try late.call(GenerateRequest.stream(tokens: 2)).status == .ok)
        let health = try late.call(HealthRequest()).decoded(HealthResponse.self)
        #expect(!health.ready && health.state == .draining)
        server.signal(SIGTERM)
        #expect(try client.answers(to: 0).first?.header.kind == .goAway)
        #expect(server.waitUntilExit() == 0)
    }

    @Test func theGraceEndsByItselfAndSIGINTSkipsIt() throws {
        for (number, grace) in [(SIGTERM, "0.2"), (SIGINT, "600")] {
            let server = try ServerProcess(
                model: model, environment: ["ASSAY_DRAIN_GRACE_SECONDS": grace])
            server.signal(number)
            #expect(server.waitUntilExit() == 0)
        }
    }

    @Test func aSecondSignalHurries() throws {
        let server = try ServerProcess(model: model, environment: ["ASSAY_DRAIN_SECONDS": "600"])
        let client = try server.client()
        let id = try client.request(GenerateRequest.stream(tokens: 150_000))
        _ = try client.next()
        server.signal(SIGTERM)
        _ = try client.answers(to: 0)
        server.signal(SIGTERM)
        #expect(try client.answers(to: id).generated.finishReason == .cancelled)
        #expect(server.waitUntilExit() == 0)
    }

    @Test func anIdleServerStopsAtOnceAndAnIdleClientIsTold() throws {
        let server = try ServerProcess(model: model)
        let client = try server.client()
        server.signal(SIGTERM)
        #expect(try client.next()?.header.kind == .goAway)
        #expect(try client.next() == nil)
        #expect(server.waitUntilExit() == 0)
    }

    // MARK: - Serving

    @Test func theFirstLinesSayWhatWasAssayedAndWhereItListens() throws {
        let server = try ServerProcess(model: model)
        #expect(server.errors.contains("model \"m\" accepted"))
        #expect(server.errors.contains("listening on unix://" + server.directory.path("s")))
        #expect(server.addresses[1].hasPrefix("tcp://127.0.0.1:"))
        #expect(!server.addresses[1].hasSuffix(":0"))
        #expect(try server.client(0).call(PingRequest()).status == .ok)
        #expect(try server.client(1).call(PingRequest()).status == .ok)
    }

    @Test func aCrowdThatComesAndGoesLeavesNoDescriptorAndNoMemory() throws {
        let server = try ServerProcess(model: model)
        let client = try server.client()
        _ = try client.answers(to: try client.request(GenerateRequest.stream(tokens: 50)))
        let descriptors = ProcessFacts.descriptorCount(of: server.identifier)
        let memory = ProcessFacts.residentSize(of: server.identifier)
        for _ in 0..<5 {
            let crowd = try (0..<200).map { _ in try server.client(1) }
            for member in crowd { try member.request(GenerateRequest.stream(tokens: 20)) }
        }
        #expect(
            ProcessFacts.eventually {
                ProcessFacts.descriptorCount(of: server.identifier) <= descriptors
            })
        #expect(ProcessFacts.residentSize(of: server.identifier) - memory < 64 << 20)
        #expect(
            try client.answers(to: try client.request(GenerateRequest.stream(tokens: 5))).last?
                .status == .ok)
    }
}
