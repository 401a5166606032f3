// Repetition of calls: the rule alone, and the client against servers that refuse, vanish, and come
// back.

import AssayClient
import Dispatch
import Synchronization
import Testing

@Suite struct RetryRuleTests {
    private static let refused = ErrorBody(code: "c", message: "m")

    private static func failure(
        _ code: AssayError.Code, _ status: Status = .unavailable, retryAfter: UInt64? = nil,
        provenance: Provenance? = nil
    ) -> AssayError {
        let body = ErrorBody(code: "c", message: "m", retryAfterMilliseconds: retryAfter)
        return AssayError(code, "m", status: status, serverError: body, provenance: provenance)
    }

    /// Failures after which all kinds are tried again.
    static let repeated: [AssayError] = [
        failure(.unreachable), failure(.unreachable).unsent,
        failure(.connectionClosed).unsent, failure(.timedOut, .deadlineExceeded).unsent,
        failure(.serverRefused, .unavailable), failure(.serverRefused, .resourceExhausted),
        failure(.serverRefused, .aborted),
    ]

    /// Failures after which no kind is tried again.
    static let final: [AssayError] = [
        failure(.protocolError, .protocolError), failure(.mockRefused, .mockRefused),
        failure(.timedOut, .deadlineExceeded), failure(.givenUp, .cancelled),
        failure(.requestInvalid, .invalidArgument).unsent,
        failure(.revisionTooLow, .unimplemented).unsent,
        failure(.protocolError, .protocolError).unsent,
        failure(.serverRefused, .deadlineExceeded), failure(.serverRefused, .internalError),
        failure(.serverRefused, .notFound), failure(.serverRefused, .cancelled),
        failure(.serverRefused, .unavailable, provenance: .mock),
    ]

    /// Nanoseconds until the next attempt, with `left` nanoseconds of the deadline left.
    private func pause(
        _ error: AssayError, _ kind: MessageKind = .load, left: UInt64 = .max,
        jitter: Double = 1
    ) -> UInt64? {
        let now = Moment.now
        var rule = RetryRule(
            Options(), kind, deadline: now.after(nanoseconds: left), now: now)
        return rule.start(after: error, now: now, jitter: jitter)?.nanoseconds(since: now)
    }

    @Test(arguments: repeated.indices)
    func whatCannotHaveDoneAnythingIsTriedAgainWhateverTheKind(_ index: Int) {
        #expect(pause(Self.repeated[index], .load) != nil)
        #expect(pause(Self.repeated[index], .generate) != nil)
    }

    @Test(arguments: final.indices)
    func whatMayHaveHadConsequencesOrWouldFailAgainIsNot(_ index: Int) {
        #expect(pause(Self.final[index], .ping) == nil)
    }

    @Test(arguments: MessageKind.allCases)
    func aLostConnectionIsForgivenWhereAskingTwiceIsHarmless(_ kind: MessageKind) {
        let harmful: Set<MessageKind> = [.load, .unload, .cancel, .swap, .rollback, .goAway]
        let lost = Self.failure(.connectionClosed)
        #expect((pause(lost, kind) != nil) == !harmful.contains(kind))
    }

    @Test func pausesDoubleUpToTheirMostAndAttemptsEnd() {
        var options = Options()
        options.attempts = 8
        let now = Moment.now
        var rule = RetryRule(options, .ping, deadline: .never, now: now)
        let lost = Self.failure(.serverRefused)
        let pauses = (0..<8).map { _ in
            rule.start(after: lost, now: now, jitter: 1).map {
                $0.nanoseconds(since: now) / 1_000_000
            }
        }
        #expect(pauses == [50, 100, 200, 400, 800, 1600, 2000, nil])
        #expect(pause(lost, jitter: 0.5) == 25_000_000)
    }

    @Test func theServersPauseIsTakenAndTheDeadlineRespected() {
        let busy = Self.failure(.serverRefused, .resourceExhausted, retryAfter: 300)
        #expect(pause(busy) == 300_000_000)
        #expect(pause(busy, left: 300_000_000) == nil)
        #expect(pause(busy, left: 300_000_001) == 300_000_000)
    }

    @Test func aDeadConnectionCostsAnAttempt() {
        let dead = Self.failure(.connectionClosed).unsent
        var rule = RetryRule(.hasty, .load, deadline: .never, now: .now)
        #expect(rule.start(after: dead) != nil)
        #expect(rule.attempt == 2)
        var once = RetryRule(.once, .load, deadline: .never, now: .now)
        #expect(once.start(after: dead) == nil)
    }
}

@Suite struct RetryTests {
    private let servers = Servers()
    private let load = LoadRequest(name: "m", path: "/m.gguf")
    private static let end = GenerateResponse(
        tokens: [1], finishReason: .length, promptTokens: 1, completionTokens: 1,
        answer: AnswerRecord(model: "m", device: "cpu", timing: Timing()))

    /// A server that refuses `count` requests with `status`, then answers Stats and Load.
    private func refusing(_ count: Int, _ status: Status = .unavailable) throws -> ScriptedServer {
        let left = Mutex(count)
        return try servers.greeting { asked, _ in
            let refuses = left.withLock { left in
                left -= 1
                return left >= 0
            }
            if refuses {
                let body = ErrorBody(code: "busy", message: "m", retryAfterMilliseconds: 1)
                return .send(ScriptedServer.failure(body, status, to: asked))
            }
            return .send(
                asked.kind == .load
                    ? ScriptedServer.frame(LoadResponse(accepted: true, layers: []), to: asked.id)
                    : ScriptedServer.frame(StatsResponse(), to: asked.id))
        }
    }

    @Test(arguments: [Status.unavailable, .resourceExhausted, .aborted])
    func whatIsRefusedBeforeAnyWorkIsAskedAgain(_ status: Status) async throws {
        let server = try refusing(2, status)
        let client = try Client(server.address, options: .hasty)
        _ = try await client.load(load)
        #expect(server.asked.count == 3)
        #expect(server.connectionCount == 1)
    }

    @Test func attemptsAreCounted() async throws {
        let server = try refusing(9)
        let client = try Client(server.address, options: .hasty)
        #expect(await failure { _ = try await client.stats() }?.status == .unavailable)
        #expect(server.asked.count == 3)
    }

    /// Cuts the first connection at the first request, then answers on the next.
    private func cutting(_ before: [UInt8] = []) throws -> ScriptedServer {
        try servers.greeting { asked, _ in
            if asked.connection == 1 { return .sendAndClose(before) }
            return .send(
                asked.kind == .generate
                    ? ScriptedServer.frame(Self.end, to: asked.id)
                    : ScriptedServer.frame(StatsResponse(), to: asked.id))
        }
    }

    @Test func aLostAnswerIsAskedForAgainOnANewConnection() async throws {
        let server = try cutting()
        let client = try Client(server.address, options: .hasty)
        _ = try await client.stats()
        #expect(server.connectionCount == 2)
    }

    @Test func loadAndUnloadAreNeverSentTwice() async throws {
        for isLoad in [true, false] {
            let server = try cutting()
            let client = try Client(server.address, options: .hasty)
            let error = await failure {
                if isLoad {
                    _ = try await client.load(load)
                } else {
                    _ = try await client.unload(UnloadRequest(name: "m"))
                }
            }
            #expect(error?.code == .connectionClosed)
            #expect(server.asked.count == 1)
        }
    }

    @Test func aStreamIsRepeatedBeforeItsFirstPartAndNeverAfter() async throws {
        let early = try cutting()
        var parts = 0
        let stream = try Client(early.address, options: .hasty).generateStream(
            GenerateRequest(prompt: .text("x")))
        for try await part in stream { parts += part.tokens.count }
        #expect(parts == 1)

        let late = try cutting(
            ScriptedServer.frame(GenerateChunk(tokens: [5]), to: 2))
        let client = try Client(late.address, options: .hasty)
        var seen: [UInt32] = []
        let error = await failure {
            for try await part in client.generateStream(GenerateRequest(prompt: .text("x"))) {
                seen += part.tokens
            }
        }
        #expect(error?.code == .connectionClosed)
        #expect(seen == [5])
        #expect(late.asked.count == 1)
    }

    @Test func aWholeAnswerIsRepeatedThoughPartsOfItHadCome() async throws {
        let server = try cutting(
            ScriptedServer.frame(GenerateChunk(tokens: [5]), to: 2))
        let client = try Client(server.address, options: .hasty)
        let reply = try await client.generate(GenerateRequest(prompt: .text("x")))
        #expect(reply.message.tokens == [1])
        #expect(server.asked.count == 2)
    }

    @Test func aServerThatComesBackIsFound() async throws {
        let client: Client
        do {
            let first = try refusing(0)
            client = try Client(first.address, options: .hasty)
            _ = try await client.stats()
            first.stop()
        }
        // Nobody listens there any more. However the client notices, the call fails cleanly.
        let error = await failure { _ = try await client.stats() }
        #expect(error?.code == .unreachable || error?.code == .connectionClosed)
    }

    @Test func anIdleConnectionThatDiedIsReplacedSilentlyEvenForLoad() async throws {
        let server = try refusing(0)
        let client = try Client(server.address, options: .hasty)
        _ = try await client.stats()
        server.cut(1)
        _ = try await client.load(load)
        #expect(server.connectionCount == 2)
        #expect(server.asked.count == 2)
    }
    /// The server stops reading, so that a large request is written in part and the Load after it
    /// not at all. Then the connection is cut.
    @Test func whatWasNotWrittenIsToldFromWhatWas() async throws {
        let reads = DispatchSemaphore(value: 0)
        let server = try servers.greeting { asked, _ in
            if asked.connection == 1 { reads.wait() }
            switch asked.kind {
            case .load:
                return .send(
                    ScriptedServer.frame(LoadResponse(accepted: true, layers: []), to: asked.id))
            case .tokenize:
                return .send(
                    ScriptedServer.frame(
                        TokenizeResponse(tokens: [1], answer: Self.end.answer), to: asked.id))
            default: return .send(ScriptedServer.frame(StatsResponse(), to: asked.id))
            }
        }
        let client = try Client(server.address, options: .hasty)
        let stats = Task { try await client.stats() }
        await server.received(1)
        let text = [UInt8](repeating: 116, count: 2 << 20)
        let large = Task { try await client.tokenize(TokenizeRequest(text: text)) }
        // The large request blocks the connection before the Load is made.
        try await Task.sleep(for: .milliseconds(50))
        let load = Task { try await client.load(self.load) }
        try await Task.sleep(for: .milliseconds(50))
        server.cut(1)
        _ = try await load.value
        _ = try await large.value
        _ = try await stats.value
        #expect(server.asked.filter { $0.kind == .load }.map(\.connection) == [2])
        reads.signal()
    }
}
