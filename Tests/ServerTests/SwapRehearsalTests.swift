// Swaps that are rehearsed, over a real socket: what the shadow finds, what the warm-up computes,
// and that nobody's answers are touched.

import Foundation
import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct SwapRehearsalTests {
    private let directory: TemporaryDirectory
    private let server: TestServer
    private let client: RawClient
    private let golden: [AnswerFrame]

    private static let logits = LogitsRequest(model: "tiny", prompt: .tokens([1, 300, 301]))

    init() throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        let lines = """
            {"prompt": "a", "max_tokens": 2}

            {"tokens": [1, 300]}
            """
        let path = try directory.write(lines.utf8, as: "warm-up.jsonl")
        server = try TestServer { configuration in
            configuration.warmUpRequests = path
            configuration.shadowSeconds = 20
        }
        client = try server.client()
        golden = try client.answers(to: try client.request(Self.logits))
    }

    /// The served file with one altered value in one tensor.
    private func altered() throws -> String {
        let path = server.directory.path("tiny.gguf")
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[bytes.count - 2] ^= 0x20
        return try directory.write(bytes, as: "altered.gguf")
    }

    private func row() throws -> ModelInfo {
        let list = try client.call(ModelsRequest()).decoded(ModelsResponse.self)
        return try #require(list.models.first)
    }

    /// Swaps while `live` asks, again and again until the swap is over. Returns the swap's frames.
    private func swap(_ request: SwapRequest, live: () throws -> Void) throws -> [AnswerFrame] {
        let swapping = try server.client()
        let id = try swapping.request(request)
        let isOver = try ProcessFacts.eventually {
            try live()
            let row = try row()
            return row.generation > 1 || row.loadFailure != nil
        }
        #expect(isOver)
        return try swapping.answers(to: id)
    }

    /// Asks for logits. The serving generation's bits are the golden ones.
    private func askLogits() throws {
        let frames = try client.answers(to: try client.request(Self.logits))
        guard frames.last?.header.generation == 1 else { return }
        #expect(
            try frames.last?.decoded(LogitsResponse.self).logits
                == golden.last?.decoded(LogitsResponse.self).logits)
    }

    private func report(_ frames: [AnswerFrame]) throws -> SwapResponse {
        let last = try #require(frames.last)
        #expect(last.status == .ok, "\(String(describing: last.error))")
        return try last.decoded(SwapResponse.self)
    }

    @Test func oneAlteredTensorIsFoundAndReportedBeforeTheSwitch() throws {
        let frames = try swap(
            SwapRequest(name: "tiny", path: try altered(), shadow: 3), live: askLogits)
        let answer = try report(frames)
        #expect(answer.warmed == 2 && answer.previousGeneration == 1)
        let shadow = try #require(answer.shadow)
        #expect(shadow.compared == 3 && shadow.equal == 0 && shadow.divergenceMax > 0)
        #expect(shadow.firstDifference?.hasPrefix("request 1: the values differ by up to") == true)
        let steps = try frames.dropLast().map { try $0.decoded(SwapProgress.self) }
        #expect(steps.filter { $0.step == .warmUp }.map(\.done) == [1, 2])
        #expect(steps.filter { $0.step == .shadow }.map(\.done) == [0, 1, 2, 3])
    }

    @Test func theSameFileComparesEqualWhateverIsAsked() throws {
        var sampled = GenerateRequest.stream("tiny", tokens: 4)
        sampled.temperature = 0.9
        let score = ScoreRequest(
            model: "tiny", prompt: .tokens([1, 300]), continuations: [.tokens([270, 271])])
        let embed = EmbedRequest(model: "tiny", inputs: [.tokens([1, 300])])
        let frames = try swap(
            SwapRequest(
                name: "tiny", path: server.directory.path("tiny.gguf"), shadow: 10,
                requireEqual: true)
        ) {
            try askLogits()
            for id in [
                try client.request(GenerateRequest.stream("tiny", tokens: 6)),
                try client.request(sampled), try client.request(score), try client.request(embed),
            ] {
                #expect(try client.answers(to: id).last?.status == .ok)
            }
        }
        let shadow = try #require(try report(frames).shadow)
        #expect(shadow == ShadowReport(compared: 10, equal: 10, divergenceMax: 0))
    }

    @Test func aDifferenceEndsASwapThatDemandsEqualAnswers() throws {
        let frames = try swap(
            SwapRequest(
                name: "tiny", path: try altered(), shadow: 50, requireEqual: true),
            live: askLogits)
        #expect(frames.last?.status == .aborted)
        #expect(frames.last?.error?.code == "shadow_differs")
        let row = try row()
        #expect(row.generation == 1 && row.state == .ready)
        #expect(row.loadFailure?.contains("the values differ") == true)
        try askLogits()
    }

    @Test func withoutLiveRequestsTheShadowEndsAtItsBound() throws {
        let server = try TestServer { $0.shadowSeconds = 0.3 }
        let client = try server.client()
        let path = server.directory.path("tiny.gguf")
        let frames = try client.answers(
            to: try client.request(SwapRequest(name: "tiny", path: path, shadow: 5)))
        let answer = try report(frames)
        // Without a file of requests the server has one of its own.
        #expect(answer.warmed == 1)
        #expect(answer.shadow == ShadowReport(compared: 0, equal: 0, divergenceMax: 0))
        #expect(try server.counter("requests_in_flight") == 0)
    }

    @Test func liveRequestsWarmUpWhereTheOperatorAllowsIt() throws {
        let server = try TestServer { $0.warmUpLive = 3 }
        let client = try server.client()
        for _ in 0..<5 {
            let id = try client.request(GenerateRequest.stream("tiny", tokens: 30))
            #expect(try client.answers(to: id).last?.status == .ok)
        }
        let request = SwapRequest(name: "tiny", path: server.directory.path("tiny.gguf"))
        let answer = try report(try client.answers(to: try client.request(request)))
        #expect(answer.warmed == 3 && answer.shadow == nil)
    }

    @Test func aSwapThatIsCancelledInItsShadowLeavesEverythingAsItWas() throws {
        let id = try client.request(
            SwapRequest(name: "tiny", path: server.directory.path("tiny.gguf"), shadow: 5))
        while true {
            let frame = try #require(try client.next())
            guard frame.header.requestID == id, !frame.isLast else { continue }
            if try frame.decoded(SwapProgress.self).step == .shadow { break }
        }
        _ = try client.request(CancelRequest(target: id))
        #expect(try client.answers(to: id).last?.status == .cancelled)
        let row = try row()
        #expect(row.generation == 1 && row.loadFailure == nil)
        try askLogits()
    }

    @Test func aFileOfRequestsIsReadAtTheStart() throws {
        let path = try directory.write("[1]".utf8, as: "bad.jsonl")
        let error = #expect(throws: ServerStartError.self) {
            _ = try TestServer { $0.warmUpRequests = path }
        }
        #expect("\(try #require(error))".contains("bad.jsonl\", line 1: found an array"))
    }
}

@Suite struct WarmUpsTests {
    @Test func linesAreRequests() throws {
        let text = #"{"prompt": "a", "max_tokens": 2}"# + "\n\n" + #"{"tokens": [1, 300]}"#
        let lines = try WarmUps(Array(text.utf8), path: "x").lines
        #expect(lines.map(\.input) == [.text("a"), .tokens([1, 300])])
        #expect(lines.map(\.tokensMax) == [2, 16])
    }

    @Test(arguments: [
        "", "[1]", #"{"prompt": 1}"#, #"{"prompt": "a", "tokens": [1]}"#, #"{"tokens": []}"#,
        #"{"tokens": [-1]}"#, #"{"prompt": "a", "max_tokens": 0}"#, #"{"prompt": "a", "top_k": 1}"#,
        #"{"prompt": "a"} {}"#, #"{"prompt": "a", "max_tokens": 513}"#, "{",
    ])
    func whatDoesNotFitIsRefused(_ line: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            _ = try WarmUps(Array(line.utf8), path: "x")
        }
        #expect(error?.message.hasPrefix("reading warm-up requests of \"x\"") == true)
    }

    @Test func sizeAndLinesAreBounded() {
        let line = Array((#"{"prompt": "a"}"# + "\n").utf8)
        for text in [
            [UInt8](repeating: 32, count: (1 << 20) + 1),
            Array((0..<257).map { _ in line }.joined()),
        ] {
            #expect(throws: ConfigurationError.self) { _ = try WarmUps(text, path: "x") }
        }
    }
}
