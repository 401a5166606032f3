// A whole conversation, every kind of request, real and mock: every frame is seen, each says what
// it must, and every request has exactly one last frame.

import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct ConversationTests {
    /// Plays every kind against `model` and returns the frames of the requests addressed to it.
    private func play(_ client: RawClient, _ model: String) throws -> [AnswerFrame] {
        var addressed: [AnswerFrame] = []
        func ask(_ message: some RequestMessage) throws {
            addressed += try client.answers(to: try client.request(message))
        }
        try ask(HealthRequest(model: model))
        try ask(TokenizeRequest(model: model, text: Array("the end".utf8)))
        try ask(DetokenizeRequest(model: model, tokens: [300, 301]))
        var generate = GenerateRequest.stream(model, tokens: 6)
        generate.truncatePrompt = true
        try ask(generate)
        var logits = LogitsRequest(model: model, prompt: .tokens([1, 5, 9]))
        logits.allPositions = true
        try ask(logits)
        // Errors about the model: a token it does not have, a device it is not on.
        try ask(DetokenizeRequest(model: model, tokens: [4_000_000]))
        generate.requirements = Requirements(device: "cuda:7")
        try ask(generate)
        try ask(UnloadRequest(name: model))
        return addressed
    }

    @Test func everyFrameOfARealConversationSaysReal() throws {
        let server = try TestServer([.tiny])
        let client = try server.client()
        let frames = try play(client, "tiny")
        #expect(frames.allSatisfy { $0.header.provenance == .real })
        #expect(
            frames.filter { $0.status != .ok }.map(\.status) == [.outOfRange, .requirementNotMet])
        #expect(frames.filter(\.isLast).count == 8)
        #expect(client.seen.allSatisfy { $0.header.provenance == .real })
    }

    @Test func everyFrameAboutAMockSaysMock() throws {
        let server = try TestServer([.mock, .tiny])
        let client = try server.client()
        let frames = try play(client, "mock")
        #expect(frames.allSatisfy { $0.header.provenance == .mock })
        #expect(frames.count > 8)
        let answers = frames.filter { $0.isLast && $0.status == .ok && $0.header.generation > 0 }
        #expect(answers.count >= 5)
        let generated = try #require(
            frames.last { $0.header.kind == .generate && $0.status == .ok })
        #expect(generated.header.flags.contains(.degraded))
        #expect(
            try generated.decoded(GenerateResponse.self).answer.degradations == ["mock_fallback"])
        // The real model beside it stays real; the sums do not.
        let real = try client.answers(
            to: try client.request(GenerateRequest.stream("tiny", tokens: 3)))
        #expect(real.allSatisfy { $0.header.provenance == .real })
        #expect(try client.call(StatsRequest()).header.provenance == .mock)
        #expect(try client.call(PingRequest()).header.provenance == .real)
    }

    @Test func aMockIsRefusedToWhoeverRequiresReal() throws {
        let server = try TestServer([.mock])
        var request = GenerateRequest.stream(tokens: 2)
        request.requirements = Requirements(real: true)
        let answer = try server.client().call(request)
        #expect(answer.status == .requirementNotMet)
        #expect(answer.error?.field == "requirements.real")
        #expect(answer.header.provenance == .mock)
    }

    @Test func anAnswerAccountsForItself() throws {
        let server = try TestServer()
        let client = try server.client(server.tcp)
        let frames = try client.answers(to: try client.request(GenerateRequest.stream(tokens: 5)))
        let answer = try frames.generated.answer
        #expect(answer.model == "tiny" && answer.device == "cpu")
        let timing = answer.timing
        let parts =
            timing.accept + timing.queue + timing.tokenize + timing.prefill + timing.decode
            + timing.write
        #expect(timing.total > 0 && parts <= timing.total)
        #expect(frames.last?.header.generation == 1)
        #expect(answer.degradations.isEmpty)
        #expect(frames.last?.header.flags.contains(.degraded) == false)
    }

    @Test func theFingerprintAppearsInTheListAndCanBeRequired() throws {
        let server = try TestServer()
        let client = try server.client()
        var fingerprint: [UInt8]?
        let appeared = try ProcessFacts.eventually {
            let list = try client.call(ModelsRequest()).decoded(ModelsResponse.self)
            fingerprint = list.models.first?.fingerprint
            return fingerprint != nil
        }
        #expect(appeared)
        var request = GenerateRequest.stream(tokens: 2)
        request.requirements = Requirements(real: true, fingerprint: fingerprint, device: "cpu")
        let frames = try client.answers(to: try client.request(request))
        #expect(try frames.generated.answer.fingerprint == fingerprint)
        request.requirements?.fingerprint?[0] ^= 1
        #expect(try client.call(request).status == .requirementNotMet)
    }

    @Test func compressedBodiesWorkBothWays() throws {
        let server = try TestServer()
        let client = try RawClient(server.unix)
        try client.hello(compression: true)
        let text = Array(String(repeating: "the end and the end ", count: 2000).utf8)
        // Without a begin token in front, `decode` gives exactly the text back.
        let id = try client.request(TokenizeRequest(text: text, addSpecial: false))
        let tokens = try client.answers(to: id)[0].decoded(TokenizeResponse.self).tokens
        let back = try client.call(DetokenizeRequest(tokens: tokens))
        #expect(back.header.flags.contains(.compressed))
        #expect(try back.decoded(DetokenizeResponse.self).text == text)
    }
}
