// assay-load rpc against the real assayd: a report that adds up, a mock that fails, exit statuses.
//
// Nothing here depends on how fast the host is: counts, statuses and lower bounds only.

import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite(.serialized) struct LoadTesterTests {
    private struct Report: Decodable {
        struct Times: Decodable {
            let count: Int
            let min: Double
            let p50: Double
            let p99: Double
            let p9999: Double
            let max: Double
        }
        struct Kind: Decodable {
            let kind: String
            let succeeded: Int
        }
        struct Search: Decodable {
            let rate: Double?
        }
        struct Step: Decodable {
            let intended: Int
            let succeeded: Int
        }
        struct Threshold: Decodable {
            let passed: Bool
        }
        struct Origin: Decodable {
            let started: String
            let host: String
            let command: String
        }
        struct Target: Decodable {
            struct Model: Decodable {
                let fingerprint: String
            }
            let models: [Model]
        }
        let target: Target
        let origin: Origin?
        let steps: [Step]?
        let thresholds: [Threshold]?
        let provenance: String
        let intended: Int
        let sent: Int
        let succeeded: Int
        let failed: Int
        let cancelled: Int
        let deadline_exceeded: Int
        let output_tokens_per_second: Double
        let latency: Times?
        let time_to_first_token: Times?
        let inter_token_latency: Times?
        let kinds: [Kind]
        let warnings: [String]
        let search: Search?
    }

    private let directory: TemporaryDirectory
    private let model: String

    init() throws {
        directory = try TemporaryDirectory()
        model = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
    }

    private func load(_ arguments: [String], _ server: ServerProcess) throws -> Program.Outcome {
        try Program.run(
            "assay-load", ["rpc", "--drain", "20s"] + arguments,
            environment: ["ASSAY_SERVER": server.addresses[0]])
    }

    private func report(_ outcome: Program.Outcome) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    }

    private func mockServer() throws -> ServerProcess {
        let broken = try directory.write("no model".utf8, as: "broken.gguf")
        return try ServerProcess(
            model: broken, ["--strategy", "development", "--allow-mock-fallback"])
    }

    @Test func theOpenLoopAddsUp() throws {
        let server = try ServerProcess(model: model)
        let files = ["json", "csv", "hdr", "html"].map { directory.path("report." + $0) }
        let outcome = try load(
            [
                "--rate", "200", "--duration", "1s", "--warmup", "200ms", "--connections", "2",
                "--mix", "ping=6,tokenize=1,detokenize=1,health=1,models=1,stats=1", "--json",
                "--save-json", files[0], "--save-csv", files[1], "--save-hdr", files[2],
                "--save-html", files[3],
            ], server)
        #expect(outcome.status == 0, "\(outcome.errors)\(outcome.output)")
        // Progress is for terminals.
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
        let report = try report(outcome)
        #expect(report.provenance == "real")
        #expect(report.intended == 200 && report.sent == 200 && report.succeeded == 200)
        #expect(report.kinds.reduce(0) { $0 + $1.succeeded } == 200 && report.kinds.count == 6)
        let latency = try #require(report.latency)
        #expect(latency.min > 0 && latency.p50 <= latency.p9999 && latency.p9999 <= latency.max)
        for file in files { #expect(FileManager.default.fileExists(atPath: file)) }
        let same = try Program.run(
            "assay-load", ["compare", files[0], files[0], "--fail-if-worse"])
        #expect(same.status == 0 && same.output.contains("within noise"), "\(same.errors)")
    }

    @Test func everyComputingKindIsMeasured() throws {
        let server = try ServerProcess(model: model)
        let outcome = try load(
            [
                "--requests", "60", "--connections", "2", "--mix", "generate,score,logits,embed",
                "--prompt-tokens", "uniform:2:6", "--output-tokens", "4", "--warmup", "0",
                "--goodput", "10s", "--json",
            ], server)
        #expect(outcome.status == 0, "\(outcome.errors)\(outcome.output)")
        let report = try report(outcome)
        #expect(Set(report.kinds.map(\.kind)) == ["generate", "score", "logits", "embed"])
        #expect(report.succeeded == 60 && report.failed == 0)
        #expect(report.output_tokens_per_second > 0)
        #expect(try #require(report.time_to_first_token).count > 0)
    }

    @Test func cancellationsAndDeadlinesAreCountedApart() throws {
        let server = try ServerProcess(model: model)
        let outcome = try load(
            [
                "--requests", "80", "--connections", "1", "--mix", "generate", "--warmup", "0",
                "--prompt-tokens", "3", "--output-tokens", "20", "--cancel-share", "50%",
                "--json",
            ], server)
        #expect(outcome.status == 0, "\(outcome.errors)\(outcome.output)")
        let report = try report(outcome)
        #expect(report.cancelled > 0)
        #expect(report.succeeded + report.cancelled + report.failed == 80)
        #expect(report.latency?.count == report.succeeded)
    }

    // MARK: - Conversations

    @Test func chatIsMeasuredAsAStream() throws {
        let server = try ServerProcess(model: nil)
        let page = directory.path("chat.html")
        let outcome = try load(
            [
                "--step", "20:500ms,40:500ms", "--mix", "chat=1,ping=1", "--output-tokens", "4",
                "--connections", "2", "--warmup", "0", "--json", "--save-html", page,
                "--fail-if", "chat.ttft.p90>1h",
            ], server)
        #expect(outcome.status == 0, "\(outcome.errors)\(outcome.output)")
        let report = try report(outcome)
        #expect(Set(report.kinds.map(\.kind)) == ["chat", "ping"])
        #expect(report.succeeded == 30 && report.failed == 0)
        #expect(try #require(report.time_to_first_token).count > 0)
        #expect(report.steps?.map(\.intended) == [10, 20])
        #expect(report.steps?.map(\.succeeded) == [10, 20])
        #expect(report.thresholds?.map(\.passed) == [true, true])
        let origin = try #require(report.origin)
        #expect(origin.command.contains("--mix chat=1,ping=1") && !origin.host.isEmpty)
        let text = try String(contentsOfFile: page, encoding: .utf8)
        for part in [
            origin.started, "Time to first token over time", "Latency against rate",
            "chat.ttft.p90&gt;1h", try #require(report.target.models.first?.fingerprint),
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test func aModelWithoutATemplateIsRefusedBeforeTheLoad() throws {
        let server = try ServerProcess(model: model)
        let outcome = try load(["--rate", "50", "--duration", "1s", "--mix", "chat"], server)
        #expect(outcome.status == 2 && outcome.output.isEmpty)
        #expect(
            outcome.errors
                == "assay-load: the model at \(server.addresses[0]) has no chat template, "
                + "so chat in --mix cannot be measured; use generate, or serve a model with a chat "
                + "template\n")
        #expect(try server.counter("completion_tokens") == 0)
    }

    @Test func conversationsComeFromAFile() throws {
        let server = try ServerProcess(model: nil)
        func run(_ text: String, mix: String = "chat") throws -> Program.Outcome {
            let path = try directory.write(text.utf8, as: "talk.json")
            return try load(
                [
                    "--requests", "4", "--mix", mix, "--output-tokens", "2", "--json",
                    "--conversation", path,
                ], server)
        }
        let turn = #"{"role": "user", "content": "Hello!"}"#
        for text in ["[\(turn)]", "{\"messages\": [\(turn)]}", "[[\(turn)], [\(turn)]]"] {
            let outcome = try run(text)
            #expect(outcome.status == 0, "\(text): \(outcome.errors)")
            #expect(try report(outcome).succeeded == 4)
        }
        for (text, sentence) in [
            ("{", "the file: found no JSON"), ("[]", "found 0 messages"),
            (#"[{"role": "user"}]"#, "messages[0].content: found another value"),
            (#"[{"role": "fox", "content": ""}]"#, "messages[0].role: found \"fox\""),
            (#"[[{"role": "user", "content": "", "x": 1}]]"#, "[0][0]: found the key \"x\""),
            ("[[[]]]", "messages[0][0]: found no object"),
        ] {
            let outcome = try run(text)
            #expect(outcome.status == 2 && outcome.errors.contains(sentence), "\(outcome.errors)")
        }
        #expect(try run("[\(turn)]", mix: "ping").status == 2)
    }

    @Test func aMockServerFailsTheRun() throws {
        let server = try mockServer()
        for mix in ["ping", "generate", "tokenize"] {
            let outcome = try load(["--rate", "50", "--duration", "1s", "--mix", mix], server)
            #expect(outcome.status == 79)
            #expect(outcome.errors.contains("is a mock: it answers with made-up numbers"))
            #expect(outcome.output.isEmpty)
        }
        let page = directory.path("mock.html")
        let allowed = try load(
            [
                "--requests", "20", "--mix", "generate", "--prompt-tokens", "3", "--warmup", "0",
                "--output-tokens", "2", "--allow-mock", "--save-html", page,
            ], server)
        #expect(allowed.status == 0, "\(allowed.errors)")
        #expect(allowed.output.hasPrefix("*** MOCK"))
        #expect(allowed.output.contains("mock answers                  20"), "\(allowed.output)")
        #expect(try String(contentsOfFile: page, encoding: .utf8).contains("*** MOCK"))
    }

    @Test func thresholdsDecideTheStatus() throws {
        let server = try ServerProcess(model: model)
        let short = ["--rate", "100", "--duration", "500ms", "--warmup", "0"]
        let broken = try load(short + ["--fail-if", "max > 1ns"], server)
        #expect(broken.status == 1)
        #expect(broken.errors.contains("threshold max > 1ns: found"))
        #expect(try load(short + ["--fail-if", "errors>50%"], server).status == 0)
    }

    @Test func theHighestRateIsSearched() throws {
        let server = try ServerProcess(model: model)
        let outcome = try load(
            [
                "--find-max-rate", "p50=10s", "--rate", "20", "--duration", "300ms", "--warmup",
                "0", "--requests", "60", "--json",
            ], server)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try #require(report(outcome).search?.rate) >= 20)
    }

    @Test func wrongUsageAndNobodyThere() throws {
        let nobody = ["rpc", "--server", "unix://" + directory.path("nobody")]
        #expect(try Program.run("assay-load", nobody).status == 69)
        let wrong = [
            ["--rate", "0"], ["--rate", "1e9"], ["--mix", "fly"], ["--duration", "1000h"],
            ["--connections", "0"], ["--rate", "1", "--ramp", "1:2"], ["--fail-if", "p99"],
            ["--depth", "257"], ["--trace", directory.path("none")], ["--find-max-rate", "fast"],
            ["--failures-max", "101%"], ["--wait", "-1"],
        ]
        for arguments in wrong {
            let outcome = try Program.run("assay-load", nobody + arguments)
            #expect(outcome.status == 2, "\(arguments): \(outcome.status) \(outcome.errors)")
        }
    }

    /// A run in the background, begun when the server has seen some of its pings.
    private func begin(_ arguments: [String], _ server: ServerProcess) throws -> ChildProcess {
        let process = try ChildProcess(
            Program.path("assay-load"),
            ["rpc", "--server", server.addresses[0], "--warmup", "0"] + arguments, [:],
            try TemporaryDirectory())
        #expect(try ProcessFacts.eventually { try server.counter("pings") > 20 })
        return process
    }

    @Test func aStallOfTheServerShowsInTheOpenLoop() throws {
        let server = try ServerProcess(model: model)
        let process = try begin(
            ["--rate", "200", "--duration", "5s", "--drain", "20s", "--json"], server)
        // Of 1,000 requests, those meant for a stop of 300 ms are 60; of these at least the first
        // 40 wait 100 ms or more, however the host behaves: more than one in a hundred.
        server.signal(SIGSTOP)
        usleep(300_000)
        server.signal(SIGCONT)
        #expect(process.waitUntilExit() == 0, "\(process.errors)")
        let report = try JSONDecoder().decode(Report.self, from: Data(process.output.utf8))
        #expect(report.intended == 1_000 && report.succeeded == 1_000)
        #expect(try #require(report.latency).p99 >= 100)
        #expect(try #require(report.latency).max >= 250)
    }

    @Test(arguments: [["--fail-if", "p99>2s", "--failures-max", "100%"], []])
    func aServerThatGoesAwayFailsTheRun(_ bound: [String]) throws {
        let server = try ServerProcess(model: model)
        let process = try begin(
            ["--rate", "100", "--duration", "2s", "--drain", "5s", "--json"] + bound, server)
        server.signal(SIGKILL)
        #expect(process.waitUntilExit() == 1)
        #expect(
            process.errors.contains(
                bound.isEmpty
                    ? "requests failed or had no end" : "threshold p99>2s: found"),
            "\(process.errors)")
        let report = try JSONDecoder().decode(Report.self, from: Data(process.output.utf8))
        // Those that were answered were quick: what failed is not among them.
        #expect(report.succeeded > 0 && report.succeeded < report.intended)
        #expect(try #require(report.latency).count == report.succeeded)
    }

    @Test func anInterruptionEndsWithAReport() throws {
        let server = try ServerProcess(model: model)
        let process = try begin(["--rate", "50", "--duration", "1h"], server)
        process.signal(SIGINT)
        #expect(process.waitUntilExit() == 130)
        #expect(process.output.contains("stopped by the user"))
    }
}
