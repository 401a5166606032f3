// Seeded random histories of one connection: requests of every kind, cancels, events, drains,
// back-pressure and vanishing peers in any order. After each step the books must balance.

import Service
import TestSupport
import Testing
import Wire

@Suite struct RandomHistoryTests {
    @Test func booksBalanceInAnyHistory() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("RandomHistoryTests"))
        for _ in 0..<300 {
            var history = try ConnectionHistory()
            try history.run(&random)
        }
    }

    /// Whatever bytes come, there is never a crash, an answer after the end, or a frame without
    /// provenance (the decoder of `collect` refuses one).
    @Test func damagedBytesEndTheConnectionOrAreAnswered() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("RandomHistoryTests.damage"))
        for _ in 0..<2000 {
            var talk = try ConnectionConversation(models: [.real, .mock])
            try talk.hello()
            var bytes = try ConnectionHistory.someRequest(&random, id: 2)
            for _ in 0..<random.below(4) {
                bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            let cut = random.below(bytes.count + 1)
            var answers = try talk.receive(Array(bytes[..<cut]))
            answers += try talk.receive(Array(bytes[cut...]))
            let goAways = answers.count { $0.header.kind == .goAway }
            #expect(goAways <= 1)
            #expect((goAways == 1) == (talk.ending == .afterFlush))
            if talk.ending != nil { #expect(try talk.receive(bytes).isEmpty) }
        }
    }
}

/// A conversation with a model of what must be true of it.
private struct ConnectionHistory: ~Copyable {
    private var talk: ConnectionConversation
    private var nextID: UInt64 = 2
    /// Requests that have not had their last frame.
    private var open: Set<UInt64> = []
    private var endedBefore = false
    /// Tickets whose work has not ended.
    private var running: [UInt64] = []

    init() throws {
        var limits = ServiceLimits()
        limits.inFlightMax = 8
        limits.outstandingMax = 6
        talk = try ConnectionConversation(limits: limits, models: [.real, .mock])
    }

    mutating func run(_ random: inout SeededGenerator) throws {
        try talk.hello()
        for _ in 0..<60 {
            talk.now += UInt64(random.below(1000))
            switch random.below(12) {
            case 0...4: try ask(&random)
            case 5...8: try answer(&random)
            case 9: try cancel(&random)
            case 10: try press(&random)
            default:
                if random.below(6) == 0 { try end(&random) }
            }
            check()
        }
    }

    static func someRequest(_ random: inout SeededGenerator, id: UInt64) throws -> [UInt8] {
        var encoder = FrameEncoder()
        let model = ["real", "mock", "none"][random.below(3)]
        switch random.below(12) {
        case 0: try encoder.appendRequest(PingRequest(payload: [1, 2]), requestID: id)
        case 1: try encoder.appendRequest(HealthRequest(model: model), requestID: id)
        case 2: try encoder.appendRequest(ModelsRequest(), requestID: id)
        case 3: try encoder.appendRequest(StatsRequest(), requestID: id)
        case 4: try encoder.appendRequest(TokenizeRequest(model: model, text: [65]), requestID: id)
        case 5: try encoder.appendRequest(HelloRequest(client: "again"), requestID: id)
        case 6:
            try encoder.appendRequest(
                LogitsRequest(model: model, prompt: .text("a")), requestID: id)
        case 7: try encoder.appendRequest(RollbackRequest(name: model), requestID: id)
        case 8: try encoder.appendRequest(PinRequest(name: model), requestID: id)
        case 9:
            try encoder.appendRequest(
                AliasRequest(name: model, label: "x", generation: 1, share: 0.5), requestID: id)
        default:
            let request = GenerateRequest(model: model, prompt: .tokens([1]))
            try encoder.appendRequest(request, requestID: id)
        }
        return encoder.bytes
    }

    // MARK: - Moves

    private mutating func ask(_ random: inout SeededGenerator) throws {
        let id = nextID
        nextID += 1
        let before = talk.work.count
        let answers = try talk.receive(try Self.someRequest(&random, id: id))
        if endedBefore {
            #expect(answers.isEmpty && talk.work.count == before)
            return
        }
        open.insert(id)
        note(answers)
        for work in talk.work[before...] { running.append(work.ticket) }
        // Either it was answered at once or it became work; never both, never neither.
        #expect(open.contains(id) == (talk.work.count == before + 1))
    }

    private mutating func answer(_ random: inout SeededGenerator) throws {
        guard !running.isEmpty else { return }
        let index = random.below(running.count)
        let ticket = running[index]
        let events: [WorkEvent] = [
            .generateChunk(GenerateChunk(tokens: [1])), .answer, .failed(.cancelled("x")),
            .failed(.deadline("x")), .due(.deadline), .due(.cancelled),
            .started(
                WorkStart(
                    promptTokens: 1, acceptedAt: 1, startedAt: 2, tokenizeMicroseconds: 0,
                    degradations: [])),
        ]
        let event = events[random.below(events.count)]
        note(try talk.deliver(event, to: ticket))
        if event.isFinal { running.remove(at: index) }
    }

    private mutating func cancel(_ random: inout SeededGenerator) throws {
        guard !endedBefore else { return }
        let id = nextID
        nextID += 1
        open.insert(id)
        let target = UInt64(random.below(Int(nextID))) + 1
        let expected = open.contains(target) && target != id
        let answers = try talk.send(CancelRequest(target: target), id: id)
        #expect(try answers[0].decoded(CancelResponse.self).found == expected)
        note(answers)
    }

    private mutating func press(_ random: inout SeededGenerator) throws {
        let size = random.below(2) == 0 ? 0 : talk.context.limits.outputHighSize + 1
        talk.machine.outputChanged(
            pendingSize: size, context: talk.context, effects: &talk.effects)
        note(try talk.collect())
    }

    private mutating func end(_ random: inout SeededGenerator) throws {
        switch random.below(5) {
        case 0:
            talk.machine.peerClosed(effects: &talk.effects)
            open.removeAll()
            endedBefore = true
        case 1:
            talk.machine.peerFinished(
                now: talk.now, context: &talk.context, effects: &talk.effects)
        case 2:
            talk.machine.take(
                .idle(.idleForTests), context: &talk.context, effects: &talk.effects)
        case 3:
            talk.machine.take(.finished, context: &talk.context, effects: &talk.effects)
            open.removeAll()
            endedBefore = true
        default: talk.machine.drain(context: &talk.context, effects: &talk.effects)
        }
        note(try talk.collect())
    }

    // MARK: - Books

    private mutating func note(_ answers: [ConnectionConversation.Answer]) {
        for answer in answers where answer.header.kind != .goAway {
            #expect(open.contains(answer.header.requestID), "an answer to nothing")
            if !answer.header.flags.contains(.more) { open.remove(answer.header.requestID) }
        }
        if talk.ending != nil { endedBefore = true }
    }

    private func check() {
        #expect(talk.context.tickets.count == running.count)
        #expect(talk.context.admission.outstandingCount == running.count)
        #expect(talk.context.admission.outstandingCount <= talk.context.limits.outstandingMax)
        #expect(talk.machine.inFlightCount <= talk.context.limits.inFlightMax)
        let held = talk.context.models.entries.reduce(0) { $0 + $1.inFlightCount }
        #expect(held == running.count)
        if !endedBefore { #expect(talk.machine.inFlightCount == open.count) }
        let counted =
            talk.context.counters.value(.requestsInFlight, .real)
            + talk.context.counters.value(.requestsInFlight, .mock)
        #expect(Int(counted) == running.count)
    }
}

extension ServiceError {
    static let idleForTests = ServiceError(.unavailable, .idle, "keeping a connection")
}
