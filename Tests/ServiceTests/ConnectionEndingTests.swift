// Endings that no frame of the peer causes: idle time, the peer's end of stream, slow frames,
// memory. And compression, which needs an agreement.

import Service
import Testing
import Wire

@Suite struct ConnectionEndingTests {
    private let prompt = GenerateRequest(prompt: .tokens([1, 2, 3]))

    // MARK: - Idle

    @Test func anIdleConnectionIsToldWithStatusOKAndEnds() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        talk.machine.take(.idle(.idleForTests), context: &talk.context, effects: &talk.effects)
        #expect(talk.effects.endingReason?.code == .idle)
        let answers = try talk.collect()
        #expect(answers.map(\.header.kind) == [.goAway] && answers[0].status == .ok)
        let notice = try answers[0].decoded(GoAway.self)
        #expect(notice.reason == "idle" && notice.drainMilliseconds == 0)
        #expect(talk.ending == .afterFlush)
        #expect(try talk.send(PingRequest(), id: 2).isEmpty)
    }

    @Test func resetForgetsAnEndingWithItsReason() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        talk.machine.take(.idle(.idleForTests), context: &talk.context, effects: &talk.effects)
        #expect(talk.effects.ending != nil && talk.effects.output.count > 0)
        talk.effects.reset()
        // The next connection of the loop gets the same value.
        #expect(talk.effects.ending == nil && talk.effects.endingReason == nil)
        #expect(talk.effects.output.count == 0)
    }

    @Test func aConnectionIsIdleFromItsLastByteOrAnswerOn() throws {
        var talk = try ConnectionConversation()
        #expect(talk.machine.idleSince == nil, "not before Hello")
        talk.now = 2000
        try talk.hello()
        #expect(talk.machine.idleSince == 2000)
        talk.now = 3000
        _ = try talk.send(PingRequest(), id: 2)
        #expect(talk.machine.idleSince == 3000)
        _ = try talk.send(prompt, id: 3)
        #expect(talk.machine.idleSince == nil)
        talk.now = 5000
        _ = try talk.deliver(.answer, to: talk.work[0].ticket)
        #expect(talk.machine.idleSince == 5000)
        talk.machine.outputLeft(now: 6000)
        #expect(talk.machine.idleSince == 6000)
    }

    @Test func aConnectionThatBecameBusyIsNotEndedAsIdle() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(prompt, id: 2)
        talk.machine.take(.idle(.idleForTests), context: &talk.context, effects: &talk.effects)
        #expect(try talk.collect().isEmpty && talk.ending == nil)
    }

    // MARK: - The peer's end of stream

    @Test func workThatOutlivesTheTimeAfterThePeersEndIsCancelled() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(prompt, id: 2)
        talk.machine.peerFinished(
            now: talk.now, context: &talk.context, effects: &talk.effects)
        #expect(try talk.collect().isEmpty && talk.ending == nil && talk.cancelled.isEmpty)
        let due = talk.now + talk.context.limits.peerFinishedMicroseconds
        let verdicts = talk.context.crowd.look(now: due) { _ in Crowd.Facts() }
        #expect(verdicts == [Crowd.Verdict(1, .finished)])
        talk.machine.take(verdicts[0].cause, context: &talk.context, effects: &talk.effects)
        #expect(try talk.collect().isEmpty)
        #expect(talk.cancelled == [talk.work[0].ticket] && talk.ending == .afterFlush)
        #expect(try talk.deliver(.answer, to: talk.work[0].ticket).isEmpty)
    }

    @Test func workThatEndsInTheTimeIsAnsweredAndTheVerdictFindsNothing() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(prompt, id: 2)
        talk.machine.peerFinished(
            now: talk.now, context: &talk.context, effects: &talk.effects)
        #expect(try talk.deliver(.answer, to: talk.work[0].ticket).map(\.status) == [.ok])
        talk.machine.take(.finished, context: &talk.context, effects: &talk.effects)
        #expect(try talk.collect().isEmpty && talk.cancelled.isEmpty)
    }

    // MARK: - Slow frames, slow readers

    @Test func aSlowFrameIsToldAndItsWorkCancelled() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(prompt, id: 2)
        let error = ServiceError(.deadlineExceeded, .frameTimeout, "waiting for the rest")
        talk.machine.take(.slowFrame(error), context: &talk.context, effects: &talk.effects)
        let answers = try talk.collect()
        #expect(answers.map(\.header.kind) == [.goAway])
        #expect(answers[0].status == .deadlineExceeded)
        #expect(answers[0].error?.code == "frame_timeout")
        #expect(talk.cancelled.count == 1 && talk.ending == .afterFlush)
    }

    @Test func aStalledPeerIsClosedWithoutAWordAlsoAfterItsEnd() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        let error = ServiceError(.resourceExhausted, .writeStalled, "sending")
        talk.machine.take(.stalled(error), context: &talk.context, effects: &talk.effects)
        #expect(try talk.collect().isEmpty && talk.ending == .now)
        talk.ending = nil
        talk.machine.take(.stalled(error), context: &talk.context, effects: &talk.effects)
        #expect(try talk.collect().isEmpty && talk.ending == .now)
    }

    // MARK: - Memory

    @Test func whatAnUnfinishedFrameKeepsIsInTheTotalAndLeavesWithTheFrame() throws {
        var talk = try ConnectionConversation()
        try talk.hello(compression: true)
        var encoder = FrameEncoder()
        encoder.compresses = true
        try encoder.appendRequest(
            TokenizeRequest(text: [UInt8](repeating: 65, count: 3_000_000)), requestID: 2)
        let bomb = encoder.take()
        #expect(bomb.count < 20_000)
        #expect(try talk.receive(bomb + [28]).count <= 1)
        #expect(talk.context.crowd.inputTotal == 1, "the bomb's 3 MB have gone with its answer")
        #expect(try talk.receive([]).isEmpty)
        #expect(talk.machine.idleSince == nil || talk.context.crowd.inputTotal == 1)
    }

    // MARK: - Compression

    /// A compressed request with a body that would be fine.
    private func compressed() throws -> [UInt8] {
        var encoder = FrameEncoder()
        encoder.compresses = true
        try encoder.appendRequest(
            PingRequest(payload: [UInt8](repeating: 0, count: 2000)), requestID: 2)
        return encoder.take()
    }

    @Test(arguments: [true, false])
    func compressionWithoutAgreementEndsTheConnectionWithTheHeader(_ greets: Bool) throws {
        var talk = try ConnectionConversation()
        if greets { try talk.hello(compression: false) }
        let answers = try talk.receive(Array(try compressed()[..<32]))
        #expect(answers.map(\.header.kind) == [.goAway] && answers[0].status == .protocolError)
        #expect(answers[0].error?.code == "compression_not_agreed")
        #expect(talk.ending == .afterFlush)
    }

    @Test func agreedCompressionHoldsFromTheFrameBehindHelloOn() throws {
        var talk = try ConnectionConversation()
        var encoder = FrameEncoder()
        try encoder.appendRequest(HelloRequest(client: "t", compression: true), requestID: 1)
        let answers = try talk.receive(encoder.take() + compressed())
        #expect(answers.map(\.status) == [.ok, .ok])
    }
}
