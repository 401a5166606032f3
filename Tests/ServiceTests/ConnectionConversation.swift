// A connection machine with a client's hands on it: sends frames, decodes what comes out, and
// keeps what the machine wants done.
//
// The context has one or two models, ready at once; nothing computes, the test plays the engine.

import Service
import Testing
import Wire

/// One connection under test.
struct ConnectionConversation: ~Copyable {
    /// A decoded answer.
    struct Answer {
        let header: FrameHeader
        let body: [UInt8]

        var status: Status { header.status }

        func decoded<Message: WireRecord>(_ type: Message.Type) throws -> Message {
            try Message(decoding: body)
        }

        var error: ErrorBody? { try? ErrorBody(decoding: body) }
    }

    var context: ServiceContext
    var machine = ConnectionMachine(id: 1, isOwner: true)
    var effects = ConnectionEffects()
    var now: UInt64 = 1000
    /// Everything the machine asked for since the start, bytes excepted.
    var work: [Work] = []
    var cancelled: [UInt64] = []
    var reading: Bool?
    var ending: ConnectionEffects.Ending?
    var stranger: String?
    private var encoder = FrameEncoder()
    private let decoder = FrameDecoder(.response)

    init(limits: ServiceLimits = ServiceLimits(), models: [ServedFacts] = [.real]) throws {
        context = ServiceContext(limits: limits, serverName: "assayd test")
        context.crowd.join(machine.id, now: now)
        for facts in models { try context.models.serve(facts) }
    }

    // MARK: - The client's side

    mutating func hello(
        revision: UInt64 = Limits.revision, compression: Bool = false,
        bodySizeMax: UInt64 = UInt64(Limits.bodySizeMax)
    ) throws {
        let answers = try send(
            HelloRequest(
                client: "test", revision: revision, compression: compression,
                bodySizeMax: bodySizeMax), id: 1)
        #expect(answers.map(\.status) == [.ok])
    }

    mutating func send(
        _ message: some RequestMessage, id: UInt64, deadline: UInt32 = 0
    ) throws -> [Answer] {
        encoder.removeAll()
        try encoder.appendRequest(message, requestID: id, deadlineMilliseconds: deadline)
        return try receive(encoder.bytes)
    }

    mutating func receive(_ bytes: [UInt8]) throws -> [Answer] {
        bytes.withUnsafeBytes {
            machine.receive($0, now: now, context: &context, effects: &effects)
        }
        return try collect()
    }

    // MARK: - The engine's side

    mutating func deliver(_ event: WorkEvent, to ticket: UInt64) throws -> [Answer] {
        if event.isFinal { context.conclude(ticket, event) }
        guard let target = context.tickets[ticket] else { return [] }
        let known = machine.handle(
            event, requestID: target.requestID, ticket: ticket, now: now, context: &context,
            effects: &effects)
        if !known && event.isFinal { context.finish(ticket, now: now) }
        return try collect()
    }

    /// Carries out what the shared context produced.
    mutating func settle() throws -> [Answer] {
        var answers: [Answer] = []
        while !context.completions.isEmpty {
            let (ticket, event) = context.completions.removeFirst()
            answers += try deliver(event, to: ticket)
        }
        return answers
    }

    mutating func collect() throws -> [Answer] {
        work += effects.work
        work += context.takeLoads()
        cancelled += effects.cancelled
        if let value = effects.reading { reading = value }
        if let value = effects.ending { ending = value }
        if let value = effects.stranger { stranger = value }
        let frames = try decoder.frames(in: effects.output.bytes)
        effects.reset()
        return frames.map { Answer(header: $0.header, body: $0.body) }
    }
}

extension ModelRegistry {
    /// Loads a model from beginning to end. Returns the identity.
    @discardableResult
    mutating func serve(_ facts: ServedFacts) throws(ServiceError) -> ServedModel {
        try beginLoad(facts.name)
        var facts = facts
        facts.generation = reserveGeneration(facts.name).generation
        return finishLoad(facts).served
    }
}

extension ServedFacts {
    static let real = ServedFacts("real", fingerprint: [UInt8](repeating: 7, count: 32))

    static let mock = ServedFacts("mock", .mock, degradations: ["mock_fallback"])

    init(
        _ name: String, _ provenance: Provenance = .real, fingerprint: [UInt8]? = nil,
        degradations: [String] = []
    ) {
        self.init(
            ModelInfo(
                name: name, state: .ready, provenance: provenance,
                architecture: provenance == .real ? "llama" : "mock", parameters: 0,
                vocabulary: 512, context: 128, fingerprint: fingerprint, generation: 0,
                device: "cpu", bytes: 0),
            degradations: degradations)
    }
}

extension WorkEvent {
    /// A finished generation of one token.
    static let answer = WorkEvent.generated(
        GenerateResponse(
            tokens: [5], text: "x", finishReason: .length, promptTokens: 1, completionTokens: 1,
            answer: AnswerRecord(model: "", device: "")), at: 1500)
}
