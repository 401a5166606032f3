// What a request says of its place among others, and what its answer says of the server's load.

import Service
import Testing
import Wire

@Suite struct RequestContextTests {
    private func request(_ context: RequestContext?) -> GenerateRequest {
        GenerateRequest(prompt: .text("a"), context: context)
    }

    @Test func aRequestsPlaceGoesWithItsWork() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        talk.now = 5000
        _ = try talk.send(request(RequestContext(attempt: 2, priority: 7)), id: 2)
        _ = try talk.send(request(nil), id: 3)
        #expect(
            talk.work.map(\.turn) == [
                WorkTurn(connection: 1, priority: 7, since: 5000),
                WorkTurn(connection: 1, priority: 4, since: 5000),
            ])
        #expect(talk.context.counters.value(.requestsRetried) == 1)
    }

    @Test(arguments: [
        "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c8031-9c-b7ad6b7169203331-01",
        "é0-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
    ])
    func aTraceContextThatIsNoneIsRefused(_ text: String) throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        let answer = try #require(
            try talk.send(request(RequestContext(traceContext: text)), id: 2).first)
        #expect(answer.status == .invalidArgument)
        #expect(answer.error?.code == "field_out_of_range")
        #expect(answer.error?.field == "context.trace_context")
        #expect(talk.work.isEmpty)
    }

    @Test func aTraceContextIsCarried() throws {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(request(RequestContext(traceContext: trace)), id: 2)
        #expect(talk.work.first?.context?.traceContext == trace)
    }

    /// Three requests are in flight, one of them in the batch, when the first is answered.
    @Test(arguments: [2, 3] as [UInt64])
    func theLoadIsSaidFromRevision3On(_ revision: UInt64) throws {
        var talk = try ConnectionConversation()
        try talk.hello(revision: revision)
        for id in 2...5 as ClosedRange<UInt64> { _ = try talk.send(request(nil), id: id) }
        talk.context.engineLoad = EngineLoad(running: 1, cachePagesUsed: 3, cachePages: 8)
        let tickets = talk.work.map(\.ticket)
        let expected = ServerLoad(
            queued: 2, running: 1, waitMicroseconds: 0, cachePagesUsed: 3, cachePages: 8)
        let end = try #require(try talk.deliver(.answer, to: tickets[0]).first)
        let answer = try end.decoded(GenerateResponse.self).answer
        #expect(answer.serverLoad == (revision == 3 ? expected : nil))
        let failed = try #require(
            try talk.deliver(.failed(.cancelled("waiting")), to: tickets[1]).first)
        let error = try #require(failed.error)
        #expect(error.serverLoad?.queued == (revision == 3 ? 1 : nil))
        let refused = try #require(
            try talk.send(GenerateRequest(model: "x", prompt: .text("a")), id: 9).first)
        #expect(refused.status == .notFound)
        #expect(refused.error?.serverLoad?.queued == (revision == 3 ? 1 : nil))
    }

    @Test func theWaitIsWhatTheOthersTookLately() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        for id in 2...6 as ClosedRange<UInt64> { _ = try talk.send(request(nil), id: id) }
        let tickets = talk.work.map(\.ticket)
        talk.now = 10_000
        _ = try talk.deliver(.answer, to: tickets[0])
        talk.now = 14_000
        _ = try talk.deliver(.answer, to: tickets[1])
        let end = try #require(try talk.deliver(.answer, to: tickets[2]).first)
        let load = try #require(try end.decoded(GenerateResponse.self).answer.serverLoad)
        #expect(load.queued == 2 && load.waitMicroseconds == 8_000)
    }
}
