// Logits that are not finite while a model serves: once, and the request is computed again without
// a seam; twice, and the model's circuit breaker opens.

import Loading
import Server
import ServerTestSupport
import Synchronization
import TestSupport
import Testing
import Wire

@Suite struct NonFiniteTests {
    /// A server whose rows are damaged as the plan says, counted from when it is set.
    private final class Faults: Sendable {
        private let plan = Mutex<(@Sendable (Int) -> Bool)?>(nil)
        private let start = Atomic<Int>(0)
        private let bad = Mutex(Float.nan)

        func set(from row: Int, _ plan: @escaping @Sendable (Int) -> Bool) {
            start.store(row, ordering: .sequentiallyConsistent)
            self.plan.withLock { $0 = plan }
        }

        func set(_ value: Float) { bad.withLock { $0 = value } }

        /// What is wrong with a row.
        func value(_ row: Int) -> Float? {
            let isBad = plan.withLock { $0 }?(row - start.load(ordering: .sequentiallyConsistent))
            return isBad == true ? bad.withLock { $0 } : nil
        }
    }

    private let faults = Faults()
    private let backend: FaultyBackend
    private let server: TestServer
    private let sound: RawClient
    private let soundServer: TestServer

    init() throws {
        try self.init(rowWidth: GGUFBuilder.tinyVocabulary.count)
    }

    private init(rowWidth: Int) throws {
        let faults = faults
        backend = try FaultyBackend(rowWidth: rowWidth) { faults.value($0) }
        server = try TestServer(backend: backend.device) { configuration in
            configuration.limits.breaker.pauseMin = 500_000
        }
        soundServer = try TestServer()
        sound = try soundServer.client()
    }

    /// Rows `rows` of the next request are damaged, whoever computes them.
    private func damage(_ rows: Set<Int>) {
        faults.set(from: backend.rowCount) { rows.contains($0) }
    }

    private func ask(_ client: RawClient, _ request: some RequestMessage) throws -> [AnswerFrame] {
        try client.answers(to: try client.request(request))
    }

    private func expectNumbered(_ frames: [AnswerFrame]) throws {
        let numbers = try frames.map { frame in
            frame.isLast
                ? try frame.decoded(GenerateResponse.self).frame
                : try frame.decoded(GenerateChunk.self).frame
        }
        #expect(numbers == (0..<UInt64(frames.count)).map { $0 })
    }

    @Test(arguments: [0, 1, 7, 19])
    func aGenerationGoesOnWithoutASeam(_ row: Int) throws {
        let request = GenerateRequest.stream(tokens: 20)
        let expected = try ask(sound, request)
        damage([row])
        let frames = try ask(try server.client(), request)
        #expect(try frames.tokens == expected.tokens && frames.text == expected.text)
        #expect(try frames.generated.completionTokens == UInt64(expected.tokens.count))
        try expectNumbered(frames)
        #expect(try server.counter("requests_recomputed") == 1)
        #expect(try server.counter("requests_in_flight") == 0)
    }

    @Test func aSeededGenerationWithLogProbabilitiesIsTheSame() throws {
        var request = GenerateRequest.stream(tokens: 24)
        request.prompt = .tokens((0..<40).map { UInt32(260 + $0 % 30) })
        request.temperature = 0.9
        request.seed = 5
        request.logprobs = 2
        request.promptLogprobs = 1
        let expected = try pieces(try ask(sound, request))
        for row in [3, 39, 50] {
            damage([row])
            let found = try pieces(try ask(try server.client(), request))
            #expect(found.tokens == expected.tokens)
            #expect(found.logprobs == expected.logprobs && found.prompt == expected.prompt)
        }
        #expect(try server.counter("requests_recomputed") == 3)
    }

    private func pieces(
        _ frames: [AnswerFrame]
    ) throws -> (tokens: [UInt32], logprobs: [Float], prompt: [Float]) {
        var logprobs: [Float] = []
        var prompt: [Float] = []
        for frame in frames {
            let (made, read) =
                frame.isLast
                ? try { ($0.logprobs, $0.promptLogprobs) }(frame.decoded(GenerateResponse.self))
                : try { ($0.logprobs, $0.promptLogprobs) }(frame.decoded(GenerateChunk.self))
            logprobs += made?.logprobs ?? []
            prompt += read?.logprobs ?? []
        }
        return (try frames.tokens, logprobs, prompt)
    }

    @Test func logitsOfEveryPositionAreTheSame() throws {
        var request = LogitsRequest(prompt: .tokens((0..<60).map { UInt32(260 + $0 % 30) }))
        request.allPositions = true
        func values(_ frames: [AnswerFrame]) throws -> [Float] {
            try frames.flatMap { frame in
                frame.isLast
                    ? try frame.decoded(LogitsResponse.self).logits
                    : try frame.decoded(LogitsChunk.self).logits
            }
        }
        // Small frames: some are out before the damage.
        let client = try RawClient(server.unix)
        try client.hello(bodySizeMax: 8192)
        let expected = try values(try ask(sound, request))
        for row in [0, 30, 59] {
            damage([row])
            #expect(try values(try ask(client, request)) == expected)
        }
        #expect(try server.counter("requests_recomputed") == 3)
    }

    @Test func scoresAreTheSame() throws {
        let request = ScoreRequest(
            prompt: .tokens([1, 300, 301]),
            continuations: [.tokens([270, 271, 272]), .tokens([273]), .tokens([274, 275])])
        let expected = try sound.call(request).decoded(ScoreResponse.self).scores
        for row in 0..<3 {
            damage([row])
            let found = try server.client().call(request).decoded(ScoreResponse.self).scores
            #expect(found == expected)
        }
        #expect(try server.counter("requests_recomputed") == 3)
    }

    /// Each kind of request notices each of them, in one place of one row.
    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func oneBadValueIsEnough(_ value: Float) throws {
        faults.set(value)
        let client = try server.client()
        let generate = GenerateRequest.stream(tokens: 6)
        let logits = LogitsRequest(prompt: .tokens([1, 300]))
        let score = ScoreRequest(
            prompt: .tokens([1, 300]), continuations: [.tokens([270]), .tokens([273])])
        damage([2])
        #expect(try ask(client, generate).tokens == ask(sound, generate).tokens)
        damage([0])
        #expect(
            try client.call(logits).decoded(LogitsResponse.self).logits
                == sound.call(logits).decoded(LogitsResponse.self).logits)
        damage([0])
        #expect(
            try client.call(score).decoded(ScoreResponse.self).scores
                == sound.call(score).decoded(ScoreResponse.self).scores)
        #expect(try server.counter("requests_recomputed") == 3)
    }

    @Test func othersBesideItGoOn() throws {
        let client = try server.client()
        let request = GenerateRequest.stream(tokens: 30)
        let expected = try ask(sound, request).tokens
        damage([11])
        let ids = try (0..<4).map { _ in try client.request(request) }
        for id in ids { #expect(try client.answers(to: id).tokens == expected) }
        #expect(try server.counter("requests_recomputed") == 1)
    }

    // MARK: - Twice

    @Test func aModelThatGivesThemAgainHasAnOpenBreaker() throws {
        let client = try server.client()
        damage(Set(5..<100_000))
        let end = try #require(try ask(client, GenerateRequest.stream(tokens: 20)).last)
        #expect(end.status == .dataLoss && end.error?.code == "logits_not_finite")
        let health = try client.call(HealthRequest(model: "tiny")).decoded(HealthResponse.self)
        #expect(!health.ready && health.state == .failed)
        #expect(health.reason?.contains("NaN") == true)
        #expect(try !client.call(HealthRequest()).decoded(HealthResponse.self).ready)
        let late = try client.call(GenerateRequest.stream(tokens: 1))
        #expect(late.status == .unavailable && late.error?.code == "breaker_open")
        #expect(late.error?.retryAfterMilliseconds != nil)
        let list = try client.call(ModelsRequest()).decoded(ModelsResponse.self)
        #expect(list.models.map(\.breaker) == [.open])
        #expect(try server.counter("requests_in_flight") == 0)

        // Loaded anew it serves again.
        damage([])
        #expect(try client.call(UnloadRequest(name: "tiny")).status == .ok)
        let path = server.directory.path("tiny.gguf")
        let loaded = try ask(client, LoadRequest(name: "tiny", path: path))
        #expect(loaded.last?.status == .ok)
        let expected = try ask(sound, GenerateRequest.stream(tokens: 20)).tokens
        #expect(try ask(client, GenerateRequest.stream(tokens: 20)).tokens == expected)
    }

    @Test func itsWeightsAreVerifiedAndAProbeClosesTheBreaker() throws {
        let path = server.directory.path("tiny.gguf")
        _ = try ModelLoader().load(path: path).ensureReal().writeSeal()
        let client = try server.client()
        damage(Set(5..<100_000))
        let end = try #require(try ask(client, GenerateRequest.stream(tokens: 20)).last)
        #expect(end.error?.code == "logits_not_finite")
        damage([])
        let expected = try ask(sound, GenerateRequest.stream(tokens: 20)).tokens
        var frames: [AnswerFrame] = []
        let closed = try ProcessFacts.eventually {
            frames = try ask(client, GenerateRequest.stream(tokens: 20))
            if frames.last?.status == .ok { return true }
            #expect(frames.last?.error?.code == "breaker_open")
            return false
        }
        #expect(closed)
        #expect(try frames.tokens == expected)
        let row = try #require(
            try client.call(ModelsRequest()).decoded(ModelsResponse.self).models.first)
        #expect(row.state == .ready && row.breaker == .closed && row.breakerSeconds != nil)
        // The verification before the probe found the seal that was written after the load.
        #expect(row.sealAgeSeconds != nil)
    }

    /// A connection that agreed on revision 2 gets the code that revision knows, and no new field,
    /// counter or word.
    @Test func anOlderConnectionGetsWhatItKnows() throws {
        let client = try RawClient(server.unix)
        let hello = try client.call(HelloRequest(client: "old", revision: 2))
        #expect(try hello.decoded(HelloResponse.self).revision == 2)
        let list = try client.call(ModelsRequest()).decoded(ModelsResponse.self)
        #expect(list.models.map(\.file) == [nil])
        #expect(
            try client.call(HealthRequest(model: "tiny")).decoded(HealthResponse.self).file == nil)
        let frames = try ask(client, GenerateRequest.stream(tokens: 4))
        #expect(try frames.generated.frame == nil)
        #expect(try frames[0].decoded(GenerateChunk.self).frame == nil)
        #expect(try frames.generated.answer.serverLoad == nil)
        let refusal = try client.call(GenerateRequest(model: "other", prompt: .text("a")))
        #expect(refusal.status == .notFound && refusal.error?.serverLoad == nil)
        let stats = try client.call(StatsRequest()).decoded(StatsResponse.self)
        let names = Set(stats.counters.map(\.name))
        #expect(names.isDisjoint(with: ["requests_recomputed", "requests_retried"]))
        damage(Set(0..<100_000))
        let end = try #require(try ask(client, GenerateRequest.stream(tokens: 20)).last)
        #expect(end.status == .dataLoss && end.error?.code == "model_damaged")
    }
}
