// One connection, situation by situation: greeting, limits, requirements, cancellation, drain,
// damage. Each test is a short conversation with the machine; nothing else is running.

import Service
import Testing
import Wire

@Suite struct ConnectionMachineTests {
    private let prompt = GenerateRequest(prompt: .tokens([1, 2, 3]))

    // MARK: - Greeting

    @Test func everythingBeforeHelloIsRefusedAndTheConnectionLivesOn() throws {
        var talk = try ConnectionConversation()
        for (id, message) in [(2, PingRequest()), (3, PingRequest(payload: [1]))]
            as [(UInt64, PingRequest)]
        {
            let answer = try talk.send(message, id: id)
            #expect(answer.map(\.status) == [.failedPrecondition])
            #expect(answer.first?.error?.code == "hello_required")
        }
        #expect(try talk.send(StatsRequest(), id: 4).first?.error?.code == "hello_required")
        try talk.hello()
        #expect(try talk.send(PingRequest(), id: 5).map(\.status) == [.ok])
        #expect(talk.ending == nil)
    }

    @Test func aLargeFrameBeforeHelloEndsTheConnectionWithGoAway() throws {
        var talk = try ConnectionConversation()
        let answers = try talk.send(PingRequest(payload: .init(repeating: 0, count: 5000)), id: 1)
        #expect(answers.map(\.header.kind) == [.goAway])
        #expect(answers.first?.error?.code == "length_too_large")
        #expect(talk.ending == .afterFlush)
    }

    @Test(arguments: [("GET / HT", "HTTP"), ("\u{16}\u{3}\u{1}\u{2}", "TLS"), ("SSH-2.0", "SSH")])
    func aStrangerGetsNoFrameAndIsNamed(_ first: String, _ name: String) throws {
        var talk = try ConnectionConversation()
        #expect(try talk.receive(Array(first.utf8)).isEmpty)
        #expect(talk.ending == .afterFlush && talk.stranger == name)
        // After a frame the same bytes are damage.
        var second = try ConnectionConversation()
        _ = try second.send(PingRequest(), id: 1)
        #expect(try second.receive(Array(first.utf8)).map(\.header.kind) == [.goAway])
    }

    @Test func aLargeFrameBehindHelloInTheSameReadIsFine() throws {
        var talk = try ConnectionConversation()
        var encoder = FrameEncoder()
        try encoder.appendRequest(HelloRequest(client: "t"), requestID: 1)
        try encoder.appendRequest(
            PingRequest(payload: .init(repeating: 9, count: 5000)), requestID: 2)
        let answers = try talk.receive(encoder.bytes)
        #expect(answers.map(\.status) == [.ok, .ok])
        #expect(try answers[1].decoded(PingResponse.self).payload.count == 5000)
    }

    @Test func aSecondHelloIsRefused() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        #expect(
            try talk.send(HelloRequest(client: "t"), id: 2).first?.error?.code == "hello_repeated")
    }

    @Test func helloAgreesOnTheLowerRevisionAndOnCompression() throws {
        var talk = try ConnectionConversation()
        let answer = try talk.send(
            HelloRequest(client: "t", revision: 99, compression: true), id: 1)
        let hello = try answer[0].decoded(HelloResponse.self)
        #expect(hello.revision == Limits.revision)
        #expect(hello.compression)
        #expect(hello.server == "assayd test")
    }

    @Test func whoDoesNotGreetInTimeIsToldAndClosed() throws {
        var talk = try ConnectionConversation()
        talk.machine.take(.helloTimeout, context: &talk.context, effects: &talk.effects)
        let answers = try talk.collect()
        #expect(answers.map(\.header.kind) == [.goAway])
        #expect(answers[0].status == .deadlineExceeded)
        #expect(talk.ending == .afterFlush)
        #expect(try talk.send(HelloRequest(client: "t"), id: 1).isEmpty)
    }

    // MARK: - Answers at once

    @Test func bytesOneAtATimeGiveTheSameAnswers() throws {
        var encoder = FrameEncoder()
        try encoder.appendRequest(HelloRequest(client: "t"), requestID: 1)
        try encoder.appendRequest(PingRequest(payload: [1, 2, 3]), requestID: 2)
        try encoder.appendRequest(ModelsRequest(), requestID: 3)
        var whole = try ConnectionConversation()
        let expected = try whole.receive(encoder.bytes).map(\.body)
        var dripped = try ConnectionConversation()
        var bodies: [[UInt8]] = []
        for byte in encoder.bytes { bodies += try dripped.receive([byte]).map(\.body) }
        #expect(bodies == expected)
    }

    @Test func reservedAndUnknownKindsAreUnimplementedAndTheConnectionLivesOn() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        let kinds = (1...0x7F as ClosedRange<UInt8>).filter { number in
            let kind = MessageKind(rawValue: number)
            return kind?.isServed != true && kind != .goAway
        }
        #expect(kinds.count > 100)
        for kind in kinds {
            var encoder = FrameEncoder()
            try encoder.appendRequest(ModelsRequest(), requestID: UInt64(kind))
            var bytes = encoder.bytes
            bytes[5] = kind
            let answers = try talk.receive(bytes)
            #expect(answers.map(\.status) == [.unimplemented], "kind \(kind)")
            #expect(answers.first?.header.kindByte == kind | 0x80)
        }
        #expect(try talk.send(PingRequest(), id: 9).map(\.status) == [.ok])
    }

    @Test func aGoAwayFromAClientBreaksTheProtocol() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        var encoder = FrameEncoder()
        try encoder.appendRequest(ModelsRequest(), requestID: 2)
        var bytes = encoder.bytes
        bytes[5] = 0x70
        let answers = try talk.receive(bytes)
        #expect(answers.map(\.status) == [.protocolError])
        #expect(answers.first?.header.requestID == 0)
        #expect(talk.ending == .afterFlush)
    }

    @Test func anUnknownFieldIsRefusedByName() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        var encoder = FrameEncoder()
        try encoder.appendRequest(CancelRequest(target: 5), requestID: 2)
        var bytes = encoder.bytes
        bytes[32] = 9
        let answer = try talk.receive(bytes)
        #expect(answer.first?.status == .invalidArgument)
        #expect(answer.first?.error?.field == "#9")
        #expect(talk.ending == nil)
    }

    @Test func aPingBodyThatIsNoPingIsRefusedByName() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        var encoder = FrameEncoder()
        try encoder.appendRequest(PingRequest(payload: [1]), requestID: 2)
        var bytes = encoder.bytes
        bytes[34] = 4
        let answer = try talk.receive(bytes)
        #expect(answer.first?.error?.code == "field_type_mismatch")
    }

    // MARK: - Work

    @Test func anAcceptedRequestBecomesWorkAndOneLastFrame() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        #expect(try talk.send(prompt, id: 7, deadline: 50).isEmpty)
        let work = try #require(talk.work.first)
        #expect(work.deadline == talk.now + 50_000)
        #expect(work.model?.generation == 1)
        let chunk = try talk.deliver(.generateChunk(GenerateChunk(tokens: [4])), to: work.ticket)
        #expect(chunk.map { $0.header.flags.contains(.more) } == [true])
        talk.now = 2000
        let last = try talk.deliver(.answer, to: work.ticket)
        #expect(last.map { $0.header.flags.contains(.more) } == [false])
        let answer = try last[0].decoded(GenerateResponse.self).answer
        #expect(answer.model == "real" && answer.device == "cpu")
        #expect(answer.fingerprint == ServedFacts.real.fingerprint)
        #expect(answer.timing.write == 500 && answer.timing.total == 1000)
        #expect(try talk.deliver(.answer, to: work.ticket).isEmpty)
        #expect(talk.context.tickets.isEmpty)
        #expect(talk.context.admission.outstandingCount == 0)
    }

    @Test func anIDInFlightUsedAgainIsRefusedAndItsHolderGoesOn() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(prompt, id: 7)
        let answers = try talk.send(PingRequest(), id: 7)
        #expect(answers.map(\.status) == [.alreadyExists])
        #expect(answers.first?.header.kind == .ping)
        #expect(answers.first?.error?.code == "request_id_in_use")
        #expect(talk.cancelled.isEmpty && talk.ending == nil)
        #expect(try talk.deliver(.answer, to: talk.work[0].ticket).map(\.status) == [.ok])
    }

    @Test func anIDIsFreeAgainAfterItsLastFrame() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        for _ in 0..<3 {
            _ = try talk.send(prompt, id: 7)
            #expect(try talk.deliver(.answer, to: talk.work.last?.ticket ?? 0).count == 1)
        }
    }

    @Test func oneRequestTooManyIsAnsweredAtOnceWithAPause() throws {
        var limits = ServiceLimits()
        limits.inFlightMax = 2
        var talk = try ConnectionConversation(limits: limits)
        try talk.hello()
        _ = try talk.send(prompt, id: 2)
        _ = try talk.send(prompt, id: 3)
        let answer = try talk.send(prompt, id: 4)
        #expect(answer.first?.status == .resourceExhausted)
        #expect(answer.first?.error?.retryAfterMilliseconds == 10)
        #expect(talk.work.count == 2)
        #expect(try talk.send(PingRequest(), id: 5).map(\.status) == [.ok])
    }

    @Test func overloadOfTheServerIsAnsweredAtOnceWithAPause() throws {
        var limits = ServiceLimits()
        limits.outstandingMax = 1
        var talk = try ConnectionConversation(limits: limits)
        try talk.hello()
        _ = try talk.send(prompt, id: 2)
        let answer = try talk.send(prompt, id: 3)
        #expect(answer.first?.error?.code == "overloaded")
        #expect(answer.first?.error?.retryAfterMilliseconds != nil)
    }

    @Test func aSmallPeerGetsAnErrorInsteadOfALargeAnswer() throws {
        var talk = try ConnectionConversation()
        try talk.hello(bodySizeMax: 4096)
        _ = try talk.send(prompt, id: 2)
        let ticket = talk.work[0].ticket
        let large = GenerateChunk(text: String(repeating: "x", count: 5000))
        let answer = try talk.deliver(.generateChunk(large), to: ticket)
        #expect(answer.map(\.status) == [.outOfRange])
        #expect(talk.cancelled == [ticket])
        #expect(try talk.deliver(.answer, to: ticket).isEmpty)
        #expect(talk.context.tickets.isEmpty)
    }

    @Test func cancelReachesTheEngineAndTheRequestStillGetsItsLastFrame() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(prompt, id: 2)
        let cancel = try talk.send(CancelRequest(target: 2), id: 3)
        #expect(try cancel[0].decoded(CancelResponse.self).found)
        #expect(talk.cancelled == [talk.work[0].ticket])
        let last = try talk.deliver(.failed(.cancelled("generating")), to: talk.work[0].ticket)
        #expect(last.map(\.status) == [.cancelled])
        #expect(
            try talk.send(CancelRequest(target: 2), id: 4)[0].decoded(CancelResponse.self).found
                == false)
    }

    // MARK: - Back-pressure, ends

    @Test func aReaderThatFallsBehindPausesItsRequestsAndResumesThem() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(prompt, id: 2)
        let high = talk.context.limits.outputHighSize
        for (pending, isReading) in [(high, nil), (high + 1, false), (high, false), (0, true)]
            as [(Int, Bool?)]
        {
            talk.machine.outputChanged(
                pendingSize: pending, context: talk.context, effects: &talk.effects)
            _ = try talk.collect()
            #expect(talk.reading == isReading)
        }
    }

    @Test func drainSaysGoAwayFinishesWhatRunsAndTakesNothingNew() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(prompt, id: 2)
        talk.context.isDraining = true
        talk.machine.drain(context: &talk.context, effects: &talk.effects)
        let notice = try talk.collect()
        #expect(notice.map(\.header.kind) == [.goAway])
        #expect(try notice[0].decoded(GoAway.self).reason == "shutting_down")
        #expect(try talk.send(prompt, id: 3).first?.error?.code == "draining")
        #expect(talk.ending == nil)
        #expect(try talk.deliver(.answer, to: talk.work[0].ticket).map(\.status) == [.ok])
        #expect(talk.ending == .afterFlush)
    }

    @Test func anIdleConnectionDrainsAtOnce() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        talk.machine.drain(context: &talk.context, effects: &talk.effects)
        #expect(try talk.collect().count == 1)
        #expect(talk.ending == .afterFlush)
    }

    @Test func aPeerThatVanishesCancelsItsWorkAndItsTicketsEndLater() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(prompt, id: 2)
        talk.machine.peerClosed(effects: &talk.effects)
        #expect(try talk.collect().isEmpty)
        #expect(talk.cancelled == [talk.work[0].ticket])
        #expect(talk.context.tickets.count == 1)
        #expect(try talk.deliver(.answer, to: talk.work[0].ticket).isEmpty)
        #expect(talk.context.tickets.isEmpty)
    }

    @Test func aPeerThatOnlyStopsSendingStillGetsItsAnswer() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        _ = try talk.send(prompt, id: 2)
        talk.machine.peerFinished(
            now: talk.now, context: &talk.context, effects: &talk.effects)
        #expect(try talk.collect().isEmpty)
        #expect(talk.ending == nil)
        #expect(try talk.deliver(.answer, to: talk.work[0].ticket).map(\.status) == [.ok])
        #expect(talk.ending == .afterFlush)
    }
}
