// Deadlines and Cancels of which the engine takes no notice: the peer is answered when its answer
// is due, with what it was sent, and the engine's own end comes later without a frame.

import Service
import Testing
import Wire

@Suite struct DueAnswerTests {
    /// Time the engine has to answer itself, in microseconds.
    private static let grace: UInt64 = 5_000

    /// A conversation in which a generation has been accepted as request 2.
    private func generating(deadline: UInt32 = 0) throws -> ConnectionConversation {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(
            GenerateRequest(model: "real", prompt: .tokens([1, 2, 3])), id: 2, deadline: deadline)
        return talk
    }

    private let start = WorkEvent.started(
        WorkStart(
            promptTokens: 3, acceptedAt: 1100, startedAt: 1500, tokenizeMicroseconds: 100,
            degradations: ["prompt_truncated: by 2 tokens"]))

    private func chunk(_ tokens: [UInt32]) -> WorkEvent {
        .generateChunk(GenerateChunk(tokens: tokens, text: "x"))
    }

    @Test func aDeadlineIsDueAGraceLater() throws {
        var talk = try generating(deadline: 5)
        #expect(talk.context.nextDue == talk.now + 5_000 + Self.grace)
        #expect(talk.context.takeDue(now: talk.now + 5_000).isEmpty)
        let due = talk.context.takeDue(now: talk.now + 5_000 + Self.grace)
        #expect(due.map(\.reason) == [.deadline] && due.map(\.isControl) == [false])
        #expect(talk.context.takeDue(now: .max).isEmpty && talk.context.nextDue == nil)
    }

    @Test func aCancelIsDueAGraceLaterAndAnEarlierDeadlineStays() throws {
        var talk = try generating(deadline: 500)
        _ = try talk.send(CancelRequest(target: 2), id: 3)
        #expect(talk.context.takeDue(now: talk.now + Self.grace).map(\.reason) == [.cancelled])
        var other = try generating(deadline: 1)
        other.now += 5_000
        _ = try other.send(CancelRequest(target: 2), id: 3)
        #expect(other.context.takeDue(now: .max).map(\.reason) == [.deadline])
    }

    @Test func withoutADeadlineNothingIsEverDue() throws {
        let talk = try generating()
        #expect(talk.context.nextDue == nil)
    }

    @Test func aGenerationEndsWithWhatWasHandedOut() throws {
        var talk = try generating(deadline: 5)
        let ticket = talk.work[0].ticket
        talk.now = 1600
        #expect(try talk.deliver(start, to: ticket).isEmpty)
        talk.now = 2000
        _ = try talk.deliver(chunk([7]), to: ticket)
        _ = try talk.deliver(chunk([8, 9]), to: ticket)
        talk.now = 9000
        let last = try #require(try talk.deliver(.due(.deadline), to: ticket).first)
        #expect(last.status == .ok && !last.header.flags.contains(.more))
        let answer = try last.decoded(GenerateResponse.self)
        #expect(answer.finishReason == .deadline)
        #expect(answer.completionTokens == 3 && answer.tokens.isEmpty && answer.text.isEmpty)
        #expect(answer.promptTokens == 3)
        #expect(answer.answer.model == "real" && answer.answer.device == "cpu")
        #expect(answer.answer.degradations == ["prompt_truncated: by 2 tokens"])
        let timing = answer.answer.timing
        #expect(timing.accept == 100 && timing.queue == 300 && timing.tokenize == 100)
        #expect(timing.prefill == 500 && timing.decode == 7000 && timing.total == 8000)
        #expect(talk.context.counters.value(.completionTokens) == 3)
    }

    @Test func whatTheEngineSaysLaterIsDroppedAndFreesThePlace() throws {
        var talk = try generating(deadline: 5)
        let ticket = talk.work[0].ticket
        _ = try talk.deliver(start, to: ticket)
        _ = try talk.deliver(chunk([7]), to: ticket)
        _ = try talk.deliver(.due(.deadline), to: ticket)
        #expect(talk.cancelled == [ticket])
        #expect(talk.context.admission.outstandingCount == 1)
        // The id is free again, and its new holder gets none of it.
        _ = try talk.send(GenerateRequest(model: "real", prompt: .tokens([1])), id: 2)
        #expect(try talk.deliver(chunk([8]), to: ticket).isEmpty)
        #expect(talk.context.admission.outstandingCount == 2)
        #expect(try talk.deliver(.answer, to: ticket).isEmpty)
        #expect(talk.context.admission.outstandingCount == 1)
        #expect(talk.machine.inFlightCount == 1)
    }

    @Test(arguments: [
        (FinishReason.deadline, Status.deadlineExceeded), (.cancelled, .cancelled),
    ])
    func whatHasNothingToShowEndsWithTheStatus(reason: FinishReason, status: Status) throws {
        for events in [[], [start]] {
            var talk = try generating(deadline: 5)
            for event in events { _ = try talk.deliver(event, to: talk.work[0].ticket) }
            let frames = try talk.deliver(.due(reason), to: talk.work[0].ticket)
            #expect(frames.map(\.status) == [status])
        }
    }

    @Test func othersThanGenerationsEndWithTheStatus() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(LogitsRequest(model: "real", prompt: .tokens([1])), id: 2, deadline: 5)
        let ticket = talk.work[0].ticket
        _ = try talk.deliver(.logitsChunk(LogitsChunk(logits: [1, 2])), to: ticket)
        let frames = try talk.deliver(.due(.deadline), to: ticket)
        #expect(frames.map(\.status) == [.deadlineExceeded])
    }

    @Test func anAnswerInTimeIsTheOnlyOne() throws {
        var talk = try generating(deadline: 5)
        let ticket = talk.work[0].ticket
        #expect(try talk.deliver(.answer, to: ticket).map(\.status) == [.ok])
        #expect(talk.context.takeDue(now: .max).isEmpty)
    }

    @Test func anUnloadThatHasWaitedMakesItsModelsAnswersDueOnce() throws {
        var talk = try generating()
        _ = try talk.send(UnloadRequest(name: "real"), id: 3)
        talk.context.crowd.leave(talk.machine.id)
        _ = talk.context.crowd.look(now: talk.now) { _ in Crowd.Facts() }
        let until = talk.now + talk.context.limits.drainMicroseconds
        #expect(talk.context.nextLook == until)
        #expect(talk.context.expired(now: until - 1) == [])
        #expect(talk.context.expired(now: until) == [talk.work[0].ticket])
        #expect(talk.context.expired(now: until + 50_000) == [])
        #expect(talk.context.takeDue(now: until + Self.grace).map(\.reason) == [.cancelled])
        #expect(talk.context.nextLook == .max)
        // The model itself goes when the engine lets go of it.
        _ = try talk.deliver(.answer, to: talk.work[0].ticket)
        #expect(try talk.settle().map(\.status) == [.ok])
    }

    @Test func theEndOfADrainMakesAllAnswersDue() throws {
        var talk = try generating(deadline: 60_000)
        #expect(talk.context.cancelAll(now: talk.now) == [talk.work[0].ticket])
        #expect(talk.context.takeDue(now: talk.now + Self.grace).map(\.reason) == [.cancelled])
    }

    @Test func manyAreDueInTheOrderOfTheirAcceptance() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        for id in 2..<12 as Range<UInt64> {
            _ = try talk.send(
                GenerateRequest(model: "real", prompt: .tokens([1])), id: id,
                deadline: UInt32(30 - id))
        }
        // The later ones come first: deadlines of 19 to 28 ms.
        let first = talk.context.takeDue(now: talk.now + 23_000 + Self.grace)
        #expect(first.map(\.ticket) == talk.work[5...].map(\.ticket))
        #expect(talk.context.nextDue == talk.now + 24_000 + Self.grace)
    }
}
