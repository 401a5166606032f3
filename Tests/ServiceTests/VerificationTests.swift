// Health with `verify` as the decisions see it: who may start one, what its outcome does to the
// model, and that nobody is left waiting.

import Service
import Testing
import Wire

@Suite struct VerificationTests {
    private let real = ServedModel(name: "real", generation: 1)
    private let request = HealthRequest(model: "real", verify: true)

    /// A conversation in which a verification, request 2, is under way as the only work.
    private func verifying() throws -> ConnectionConversation {
        var talk = try ConnectionConversation(models: [.real, .mock])
        try talk.hello()
        #expect(try talk.send(request, id: 2).isEmpty)
        try #require(talk.work.count == 1)
        guard case .verify = talk.work[0].request else {
            Issue.record("\(talk.work[0].request)")
            return talk
        }
        return talk
    }

    private func answer(_ outcome: VerificationOutcome) throws -> (HealthResponse, ServingState?) {
        var talk = try verifying()
        let ticket = talk.work[0].ticket
        talk.context.finishVerification(of: real, ticket: ticket, outcome)
        let answers = try talk.settle()
        let frame = try #require(answers.first)
        #expect(answers.count == 1 && frame.status == .ok && frame.header.generation == 1)
        #expect(frame.header.provenance == .real)
        #expect(talk.context.tickets.isEmpty)
        let later = try talk.send(HealthRequest(model: "real"), id: 3)
        return (
            try frame.decoded(HealthResponse.self),
            try later.first?.decoded(HealthResponse.self).state
        )
    }

    @Test func aModelThatMatchesStaysInService() throws {
        let (matched, after) = try answer(
            .matched(largestDifference: 0.25))
        #expect(
            matched
                == HealthResponse(
                    ready: true, state: .ready, seal: .matched, largestDifference: 0.25,
                    file: .unchanged))
        #expect(after == .ready)
        #expect(
            try answer(.absent).0
                == HealthResponse(
                    ready: true, state: .ready, seal: .absent, file: .unchanged))
    }

    @Test func aModelThatDriftedIsOutOfServiceBeforeTheAnswer() throws {
        for isSealed in [true, false] {
            let (drifted, after) = try answer(.drifted(reason: "other bits", isSealed: isSealed))
            #expect(
                drifted
                    == HealthResponse(
                        ready: false, state: .failed, reason: "other bits",
                        seal: isSealed ? .drifted : .absent, file: .unchanged))
            #expect(after == .failed)
        }
    }

    @Test func aCheckThatFailedLeavesTheModelAlone() throws {
        var talk = try verifying()
        let ticket = talk.work[0].ticket
        let error = ServiceError(.failedPrecondition, .init("seal_invalid"), "reading the seal")
        talk.context.finishVerification(of: real, ticket: ticket, .undecided(error))
        let frame = try #require(try talk.settle().first)
        #expect(frame.status == .failedPrecondition && frame.error?.code == "seal_invalid")
        #expect(talk.context.models.entry("real")?.state == .ready)
    }

    @Test func oneAtATimePerModel() throws {
        var talk = try verifying()
        let ticket = talk.work[0].ticket
        let refused = try #require(try talk.send(request, id: 3).first)
        #expect(refused.status == .resourceExhausted)
        #expect(refused.error?.code == "verify_running")
        #expect(refused.error?.retryAfterMilliseconds != nil)
        talk.context.finishVerification(of: real, ticket: ticket, .absent)
        _ = try talk.settle()
        #expect(try talk.send(request, id: 4).isEmpty)
    }

    /// The thread of a cancelled verification is still there: it counts until it comes back.
    @Test func aCancelledOneCountsUntilItsThreadIsBack() throws {
        var talk = try verifying()
        let ticket = talk.work[0].ticket
        _ = try talk.send(CancelRequest(target: 2), id: 3)
        #expect(talk.cancelled == [ticket])
        let answers = try talk.deliver(.failed(.cancelled("verifying")), to: ticket)
        #expect(answers.map(\.status) == [.cancelled])
        #expect(try talk.send(request, id: 4).first?.error?.code == "verify_running")
        talk.context.finishVerification(of: real, ticket: ticket, .cancelled)
        #expect(try talk.settle().isEmpty)
        #expect(try talk.send(request, id: 5).isEmpty)
    }

    @Test func aDeadlineEndsTheWait() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(request, id: 2, deadline: 5)
        #expect(talk.context.nextDue == talk.now + 5_000)
        #expect(talk.context.takeDue(now: talk.now + 4_999).isEmpty)
        #expect(talk.context.takeDue(now: talk.now + 5_000).map(\.isControl) == [true])
        #expect(talk.context.takeDue(now: talk.now + 9_000).isEmpty)
        let frame = try #require(try talk.settle().first)
        #expect(frame.status == .deadlineExceeded)
        #expect(frame.error?.message.contains("verifying model \"real\"") == true)
    }

    @Test func onlyARealModelThatIsReadyIsVerified() throws {
        var talk = try ConnectionConversation(models: [.real, .mock])
        try talk.hello()
        let mock = try #require(
            try talk.send(HealthRequest(model: "mock", verify: true), id: 2).first)
        #expect(mock.status == .requirementNotMet && mock.header.provenance == .mock)
        let nobody = try talk.send(HealthRequest(verify: true), id: 3)
        #expect(nobody.first?.error?.code == "model_required")
        let unknown = try talk.send(HealthRequest(model: "none", verify: true), id: 4)
        #expect(unknown.first?.status == .notFound)
        talk.context.distrust(real, reason: "cut short")
        #expect(try talk.send(request, id: 5).first?.error?.code == "model_not_ready")
        #expect(talk.work.isEmpty)
    }

    @Test func anAnswerAboutAModelThatIsGoneSaysSo() throws {
        var talk = try verifying()
        let ticket = talk.work[0].ticket
        _ = try talk.send(UnloadRequest(name: "real"), id: 3)
        talk.context.finishVerification(of: real, ticket: ticket, .absent)
        let states = try talk.settle().compactMap {
            try? $0.decoded(HealthResponse.self).state
        }
        #expect(states.contains(.draining))
    }
}
