// Answers that end early: cancelled, out of time, left behind, refused for lack of room, drained.
// Others are never affected.

import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct InterruptionTests {
    /// A server whose context lets a stream run for thousands of tokens.
    private func longServer(_ configure: (inout ServerConfiguration) -> Void = { _ in }) throws
        -> (TestServer, String)
    {
        let server = try TestServer([.tiny]) { configure(&$0) }
        let path = try TestServer.writeTiny(
            in: server.directory, name: "long.gguf", contextLength: 200_000)
        let client = try server.client()
        let loaded = try client.answers(
            to: try client.request(LoadRequest(name: "long", path: path)))
        #expect(loaded.last?.status == .ok, "\(String(describing: loaded.last?.error))")
        return (server, "long")
    }

    private func endless(_ model: String) -> GenerateRequest {
        var request = GenerateRequest.stream(model, tokens: 150_000)
        // Sampled, so that an end token is no dead certainty; many tokens whatever happens.
        request.temperature = 0
        return request
    }

    @Test func cancelInMidStreamEndsItWithWhatThereIs() throws {
        let (server, model) = try longServer()
        let client = try server.client()
        let id = try client.request(endless(model))
        _ = try client.next()
        let cancel = try client.request(CancelRequest(target: id))
        let frames = try client.answers(to: id)
        #expect(try frames.generated.finishReason == .cancelled)
        #expect(try frames.generated.completionTokens < 150_000)
        #expect(try client.answers(to: cancel)[0].decoded(CancelResponse.self).found)
        // The loop answers where the engine takes long; its place is free when the engine lets go.
        #expect(try ProcessFacts.eventually { try server.counter("requests_in_flight") == 0 })
    }

    @Test func aDeadlineInMidStreamEndsItWithWhatThereIs() throws {
        let (server, model) = try longServer()
        let client = try server.client()
        let id = try client.request(endless(model), deadlineMilliseconds: 60)
        let frames = try client.answers(to: id)
        #expect(try frames.generated.finishReason == .deadline)
        #expect(try frames.generated.completionTokens > 0)
    }

    @Test func aDeadlineBeforeTheFirstTokenIsAnError() throws {
        let (server, model) = try longServer { $0.limits.sequencesMax = 1 }
        let client = try server.client()
        let first = try client.request(endless(model))
        _ = try client.next()
        let second = try client.request(endless(model), deadlineMilliseconds: 30)
        let frames = try client.answers(to: second)
        #expect(frames.map(\.status) == [.deadlineExceeded])
        try client.request(CancelRequest(target: first))
        #expect(try client.answers(to: first).generated.finishReason == .cancelled)
    }

    @Test func aClientThatVanishesFreesItsPlace() throws {
        let (server, model) = try longServer()
        do {
            let client = try server.client()
            _ = try client.request(endless(model))
            _ = try client.next()
        }
        #expect(try ProcessFacts.eventually { try server.counter("requests_in_flight") == 0 })
    }

    @Test func overloadIsAnsweredAtOnce() throws {
        let (server, model) = try longServer { $0.limits.outstandingMax = 2 }
        let client = try server.client()
        let running = try [client.request(endless(model)), client.request(endless(model))]
        let refused = try client.call(GenerateRequest.stream(model, tokens: 1))
        #expect(refused.status == .resourceExhausted)
        #expect(refused.error?.retryAfterMilliseconds != nil)
        for id in running {
            try client.request(CancelRequest(target: id))
            #expect(try client.answers(to: id).last?.isLast == true)
        }
        #expect(try ProcessFacts.eventually { try server.counter("requests_in_flight") == 0 })
        #expect(try client.call(GenerateRequest.stream(model, tokens: 1)).status == .ok)
    }

    @Test func aDrainFinishesWhatRunsRefusesWhatComesAndStops() throws {
        let (server, model) = try longServer { $0.limits.drainMicroseconds = 20_000_000 }
        let client = try server.client()
        let id = try client.request(GenerateRequest.stream(model, tokens: 3000))
        _ = try client.next()
        server.drain()
        let notice = try #require(try client.nextGoAway())
        #expect(try notice.decoded(GoAway.self).reason == "shutting_down")
        let late = try client.request(GenerateRequest.stream(model, tokens: 1))
        let frames = try client.answers(to: id)
        #expect(try [.length, .stop].contains(frames.generated.finishReason))
        // Refused, or too late to be refused: the connection ended with the last answer.
        if let refused = try? client.answers(to: late) {
            #expect(refused.map(\.status) == [.unavailable])
        }
        server.waitUntilStopped()
    }

    @Test func aDrainThatTakesTooLongCancels() throws {
        let (server, model) = try longServer { $0.limits.drainMicroseconds = 100_000 }
        let client = try server.client()
        let id = try client.request(endless(model))
        _ = try client.next()
        server.drain()
        #expect(try client.answers(to: id).generated.finishReason == .cancelled)
        server.waitUntilStopped()
    }
}

extension RawClient {
    /// Reads until a GoAway comes; frames before it are kept.
    func nextGoAway() throws -> AnswerFrame? {
        try answers(to: 0).first
    }
}
