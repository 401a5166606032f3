// A server that is not there yet, and a model that is still loading. The client waits for both on
// demand, without spending an attempt, and never past the deadline.

import AssayClient
import Synchronization
import TestSupport
import Testing

@Suite struct WaitingRuleTests {
    private static let millisecond: UInt64 = 1_000_000

    private static func refused(
        _ code: String, retryAfter: UInt64? = nil, _ provenance: Provenance = .real
    ) -> AssayError {
        let body = ErrorBody(code: code, message: "m", retryAfterMilliseconds: retryAfter)
        return AssayError(
            .serverRefused, "m", status: .unavailable, serverError: body, provenance: provenance)
    }

    private static let unreachable = AssayError(.unreachable, "m").unsent

    /// Nanoseconds until the next try, with `waitLeft` milliseconds of the wait and `left`
    /// nanoseconds of the deadline left.
    private func pause(
        _ error: AssayError, left: UInt64 = .max, waitLeft: UInt32 = 60_000
    ) -> UInt64? {
        let now = Moment.now
        var rule = rule(waitLeft, deadline: now.after(nanoseconds: left), now)
        return rule.start(after: error, now: now, jitter: 1)?.nanoseconds(since: now)
    }

    private func rule(_ wait: UInt32, deadline: Moment = .never, _ now: Moment) -> RetryRule {
        var options = Options.once
        options.waitMilliseconds = wait
        return RetryRule(options, .load, deadline: deadline, now: now)
    }

    @Test func triesWhileWaitingAreNoAttemptsAndTheirPausesAreShort() {
        let now = Moment.now
        var rule = rule(60_000, now)
        let pauses = (0..<5).map { _ in
            rule.start(after: Self.unreachable, now: now, jitter: 1).map {
                $0.nanoseconds(since: now) / Self.millisecond
            }
        }
        #expect(pauses == [50, 100, 200, 200, 200])
        #expect(rule.attempt == 1)
        let late = now.after(milliseconds: UInt32(60_000))
        #expect(rule.start(after: Self.unreachable, now: late, jitter: 1) == nil)
    }

    @Test func aModelThatIsLoadingIsTriedAgainWhenTheServerSays() {
        #expect(pause(Self.refused("model_loading", retryAfter: 700)) == 700 * Self.millisecond)
        #expect(pause(Self.refused("model_loading")) == 200 * Self.millisecond)
        #expect(pause(Self.refused("model_loading", retryAfter: 700), waitLeft: 0) == nil)
        // Too late for the wait: a pause that the server asked for is not cut short.
        #expect(pause(Self.refused("model_loading", retryAfter: 700), waitLeft: 699) == nil)
        #expect(pause(Self.refused("model_loading", retryAfter: .max), waitLeft: 3) == nil)
        // The client's own pause is cut short: the last try comes at the end of the wait.
        #expect(pause(Self.refused("model_loading"), waitLeft: 3) == 3 * Self.millisecond)
    }

    @Test func nothingElseIsWaitedFor() {
        #expect(pause(Self.refused("queue_full", retryAfter: 1)) == nil)
        #expect(pause(Self.refused("model_loading", .mock)) == nil)
        #expect(pause(AssayError(.connectionClosed, "m")) == nil)
    }

    @Test func theDeadlineIsNotPassed() {
        #expect(pause(Self.unreachable, left: 50 * Self.millisecond) == nil)
        #expect(pause(Self.unreachable, left: 51 * Self.millisecond) == 50 * Self.millisecond)
    }

    @Test func aPauseBeyondAllMeasureIsNoOverflow() {
        var rule = RetryRule(
            Options(), .ping, deadline: .now.after(milliseconds: UInt64.max - 1), now: .now)
        let busy = Self.refused("queue_full", retryAfter: .max)
        #expect(rule.start(after: busy) == nil)
    }
}

@Suite struct WaitingTests {
    private let servers = Servers()

    private func options(_ wait: UInt32) -> Options {
        var options = Options.once
        options.backoffMilliseconds = 1
        options.waitMilliseconds = wait
        return options
    }

    @Test(arguments: [false, true])
    func aServerThatBeginsLaterIsFound(_ isLoad: Bool) async throws {
        let directory = try TemporaryDirectory()
        let client = try Client(
            .unix(path: directory.path("s")), options: options(60_000))
        let call = Task {
            if isLoad {
                _ = try await client.load(LoadRequest(name: "m", path: "/m"))
            } else {
                _ = try await client.stats()
            }
        }
        // Long enough for some tries. The outcome does not depend on the time.
        try await Task.sleep(for: .milliseconds(50))
        let server = try servers.greeting(in: directory) { asked, _ in
            .send(
                asked.kind == .load
                    ? ScriptedServer.frame(LoadResponse(accepted: true, layers: []), to: asked.id)
                    : ScriptedServer.frame(StatsResponse(), to: asked.id))
        }
        try await call.value
        #expect(server.asked.count == 1)
    }

    /// Refuses `count` requests because the model is loading.
    private func loading(_ count: Int) throws -> ScriptedServer {
        let left = Mutex(count)
        return try servers.greeting { asked, _ in
            let refuses = left.withLock { left in
                left -= 1
                return left >= 0
            }
            let body = ErrorBody(code: "model_loading", message: "m", retryAfterMilliseconds: 1)
            return .send(
                refuses
                    ? ScriptedServer.failure(body, .unavailable, to: asked)
                    : ScriptedServer.frame(StatsResponse(), to: asked.id))
        }
    }

    @Test func aModelThatIsLoadingIsWaitedFor() async throws {
        let server = try loading(5)
        _ = try await Client(server.address, options: options(60_000)).stats()
        #expect(server.asked.count == 6)
        #expect(server.connectionCount == 1)
    }

    @Test func withoutAWaitTheFirstRefusalIsTheAnswer() async throws {
        let server = try loading(5)
        let error = await failure {
            _ = try await Client(server.address, options: options(0)).stats()
        }
        #expect(error?.serverError?.code == "model_loading")
        #expect(server.asked.count == 1)
    }

    @Test func afterTheWaitTheErrorIsTheUsualOne() async throws {
        let directory = try TemporaryDirectory()
        let client = try Client(.unix(path: directory.path("s")), options: options(20))
        #expect(await failure { _ = try await client.stats() }?.code == .unreachable)
        let stream = await failure {
            for try await _ in client.generateStream(GenerateRequest(prompt: .text("x"))) {}
        }
        #expect(stream?.code == .unreachable)
        #expect(await failure { try await client.connect() }?.code == .unreachable)
    }

    @Test func theDeadlineEndsTheWait() async throws {
        let directory = try TemporaryDirectory()
        let client = try Client(.unix(path: directory.path("s")), options: options(3_600_000))
        let error = await failure { _ = try await client.stats(deadlineMilliseconds: 50) }
        #expect(error?.code == .unreachable || error?.code == .timedOut)
    }

    @Test func aCancelledTaskWaitsNoMore() async throws {
        let directory = try TemporaryDirectory()
        let client = try Client(.unix(path: directory.path("s")), options: options(3_600_000))
        let call = Task { try await client.stats() }
        call.cancel()
        #expect(await failure { _ = try await call.value }?.code == .givenUp)
    }
}
