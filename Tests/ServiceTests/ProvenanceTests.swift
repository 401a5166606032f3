// Every frame says real or mock, and mock exactly where a mock is addressed or counted: answers,
// chunks, refusals, health, unloads, sums. Requirements are refused before any work.

import Service
import Testing
import Wire

@Suite struct ProvenanceTests {
    private let toMock = GenerateRequest(model: "mock", prompt: .tokens([1]))
    private let toReal = GenerateRequest(model: "real", prompt: .tokens([1]))

    private func conversation() throws -> ConnectionConversation {
        var talk = try ConnectionConversation(models: [.real, .mock])
        try talk.hello()
        return talk
    }

    private func provenances(_ answers: [ConnectionConversation.Answer]) -> [Provenance?] {
        answers.map(\.header.provenance)
    }

    @Test func chunksAndAnswersOfAMockSayMock() throws {
        var talk = try conversation()
        _ = try talk.send(toMock, id: 2)
        _ = try talk.send(toReal, id: 3)
        let (mock, real) = (talk.work[0].ticket, talk.work[1].ticket)
        let chunk = WorkEvent.generateChunk(GenerateChunk(tokens: [1]))
        #expect(provenances(try talk.deliver(chunk, to: mock)) == [.mock])
        #expect(provenances(try talk.deliver(chunk, to: real)) == [.real])
        let last = try talk.deliver(.answer, to: mock)
        #expect(provenances(last) == [.mock])
        #expect(last[0].header.flags.contains(.degraded))
        #expect(provenances(try talk.deliver(.answer, to: real)) == [.real])
    }

    @Test func errorsAboutAMockSayMock() throws {
        var talk = try conversation()
        _ = try talk.send(toMock, id: 2)
        let failure = try talk.deliver(.failed(.deadline("generating")), to: talk.work[0].ticket)
        #expect(provenances(failure) == [.mock])
        var demanding = toMock
        demanding.requirements = Requirements(real: true)
        let refusal = try talk.send(demanding, id: 3)
        #expect(refusal.map(\.status) == [.requirementNotMet])
        #expect(provenances(refusal) == [.mock])
        #expect(refusal[0].header.generation == 1)
    }

    @Test func healthUnloadAndCancelOfAMockSayMock() throws {
        var talk = try conversation()
        #expect(provenances(try talk.send(HealthRequest(model: "mock"), id: 2)) == [.mock])
        #expect(provenances(try talk.send(HealthRequest(model: "real"), id: 3)) == [.real])
        _ = try talk.send(toMock, id: 4)
        #expect(provenances(try talk.send(CancelRequest(target: 4), id: 5)) == [.mock])
        _ = try talk.deliver(.answer, to: talk.work[0].ticket)
        _ = try talk.send(UnloadRequest(name: "mock"), id: 6)
        #expect(provenances(try talk.settle()) == [.mock])
    }

    @Test func helloPingModelsAndGoAwayAreReal() throws {
        var talk = try ConnectionConversation(models: [.mock])
        #expect(provenances(try talk.send(HelloRequest(client: "t"), id: 1)) == [.real])
        #expect(provenances(try talk.send(PingRequest(), id: 2)) == [.real])
        #expect(provenances(try talk.send(ModelsRequest(), id: 3)) == [.real])
        talk.machine.drain(context: &talk.context, effects: &talk.effects)
        #expect(provenances(try talk.collect()) == [.real])
    }

    @Test func theModelsListNamesEachProvenance() throws {
        var talk = try conversation()
        let list = try talk.send(ModelsRequest(), id: 2)[0].decoded(ModelsResponse.self)
        #expect(list.models.map(\.name) == ["mock", "real"])
        #expect(list.models.map(\.provenance) == [.mock, .real])
    }

    @Test func statsTurnMockWithTheFirstMockAnswerAndCountApart() throws {
        var talk = try conversation()
        #expect(provenances(try talk.send(StatsRequest(), id: 2)) == [.real])
        _ = try talk.send(toMock, id: 3)
        _ = try talk.deliver(.answer, to: talk.work[0].ticket)
        let stats = try talk.send(StatsRequest(), id: 4)
        #expect(provenances(stats) == [.mock])
        let counters = try stats[0].decoded(StatsResponse.self).counters
        let tokens = try #require(counters.first { $0.name == "completion_tokens" })
        #expect(tokens.mock == 1 && tokens.real == 0)
        #expect(counters.map(\.name) == counters.map(\.name).sorted())
    }

    @Test func aRequestThatCannotBeReadIsTaintedByAnyMock() throws {
        for (models, expected) in [([.real], .real), ([.real, .mock], .mock)]
            as [([ServedFacts], Provenance)]
        {
            var talk = try ConnectionConversation(models: models)
            try talk.hello()
            var encoder = FrameEncoder()
            try encoder.appendRequest(toReal, requestID: 2)
            var bytes = encoder.bytes
            bytes[34] = 1  // The type of the first field: no longer text.
            #expect(provenances(try talk.receive(bytes)) == [expected])
        }
    }

    @Test func aModelThatDoesNotExistTaintsNothing() throws {
        var talk = try conversation()
        let answer = try talk.send(GenerateRequest(model: "none", prompt: .tokens([1])), id: 2)
        #expect(answer.map(\.status) == [.notFound])
        #expect(provenances(answer) == [.real])
    }

    @Test func aLoadThatEndsInAMockSaysSoInItsLastFrame() throws {
        var talk = try conversation()
        _ = try talk.send(LoadRequest(name: "third", path: "/x.gguf"), id: 2)
        let ticket = talk.work[0].ticket
        var facts = ServedFacts.mock
        facts.name = "third"
        facts.generation = 1
        let report = LoadResponse(accepted: false, layers: [])
        #expect(provenances(try talk.deliver(.loaded(report, facts), to: ticket)) == [.mock])
    }

    // MARK: - Score and Embed

    @Test(arguments: [("real", Provenance.real), ("mock", .mock)])
    func scoresAndVectorsCarryWhoMadeThem(_ model: String, _ provenance: Provenance) throws {
        var talk = try conversation()
        let score = ScoreRequest(
            model: model, prompt: .tokens([1]), continuations: [.tokens([2])])
        #expect(try talk.send(score, id: 2).isEmpty)
        #expect(try talk.send(EmbedRequest(model: model, inputs: [.text("a")]), id: 3).isEmpty)
        let tickets = talk.work.map(\.ticket)
        #expect(tickets.count == 2)
        let account = AnswerRecord(model: "", device: "")
        let one = Score(logprobs: Logprobs(), logprob: -1, greedy: true)
        let scored = try talk.deliver(
            .scored(
                ScoreResponse(scores: [one], promptTokens: 3, answer: account), at: talk.now),
            to: tickets[0])
        #expect(provenances(scored) == [provenance])
        #expect(try scored[0].decoded(ScoreResponse.self).answer.model == model)
        let chunk = try talk.deliver(.embedChunk(EmbedChunk(embeddings: [1])), to: tickets[1])
        #expect(chunk[0].header.flags.contains(.more))
        let embedded = try talk.deliver(
            .embedded(
                EmbedResponse(
                    embeddings: [2], dimensions: 2, count: 1, promptTokens: 4, answer: account),
                at: talk.now), to: tickets[1])
        #expect(provenances(chunk + embedded) == [provenance, provenance])
        #expect(try embedded[0].decoded(EmbedResponse.self).answer.device == "cpu")
        #expect(talk.context.admission.outstandingCount == 0)
    }

    @Test func scoresAndVectorsHaveRequirementsToo() throws {
        var talk = try conversation()
        var score = ScoreRequest(
            model: "mock", prompt: .tokens([1]), continuations: [.tokens([2])])
        score.requirements = Requirements(real: true)
        var embed = EmbedRequest(model: "mock", inputs: [.text("a")])
        embed.requirements = Requirements(real: true)
        #expect(try talk.send(score, id: 2).map(\.status) == [.requirementNotMet])
        #expect(try talk.send(embed, id: 3).map(\.status) == [.requirementNotMet])
        #expect(talk.work.isEmpty)
    }

    // MARK: - Requirements

    @Test func requirementsThatHoldAreAccepted() throws {
        var talk = try conversation()
        var request = toReal
        request.requirements = Requirements(
            real: true, fingerprint: ServedFacts.real.fingerprint, device: "cpu")
        #expect(try talk.send(request, id: 2).isEmpty)
        #expect(talk.work.count == 1)
    }

    @Test(arguments: [
        (Requirements(fingerprint: .init(repeating: 1, count: 32)), "requirements.fingerprint"),
        (Requirements(device: "cuda:0"), "requirements.device"),
    ])
    func requirementsThatDoNotHoldAreRefusedBeforeAnyWork(
        requirements: Requirements, field: String
    ) throws {
        var talk = try conversation()
        var request = toReal
        request.requirements = requirements
        let answer = try talk.send(request, id: 2)
        #expect(answer.map(\.status) == [.requirementNotMet])
        #expect(answer.first?.error?.field == field)
        #expect(talk.work.isEmpty)
        #expect(talk.context.admission.outstandingCount == 0)
    }

    @Test func aModelWithoutAFingerprintMeetsNoDemandForOne() throws {
        var facts = ServedFacts.real
        facts.fingerprint = nil
        var talk = try ConnectionConversation(models: [facts])
        try talk.hello()
        var request = toReal
        request.requirements = Requirements(fingerprint: .init(repeating: 7, count: 32))
        let answer = try talk.send(request, id: 2).first
        #expect(answer?.status == .requirementNotMet)
        #expect(answer?.error?.code == "fingerprint_required")
    }
}
