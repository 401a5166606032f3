// Conversations on their way to a renderer: which variables and contents are refused at once, which
// time is told, and what an absent pooling means.

import Service
import Testing
import Wire

@Suite struct ConversationTests {
    private static let turn = ChatMessage(.user, "hi")

    private func render(_ variables: [String]) -> RenderRequest {
        RenderRequest(
            messages: [Self.turn],
            templateVariables: variables.map { TemplateVariable(name: $0, value: "1") })
    }

    @Test func aRenderIsWorkAndItsAnswerIsTheModels() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        #expect(try talk.send(render(["enable_thinking"]), id: 2).isEmpty)
        let work = try #require(talk.work.first)
        guard case .render(let request) = work.request else {
            Issue.record("another request")
            return
        }
        #expect(request.conversation?.messages == [Self.turn])
        let answer = RenderResponse(
            text: "hi", tokens: [1],
            template: ChatTemplateInfo(source: "s", fingerprint: [UInt8](repeating: 1, count: 32)),
            answer: AnswerRecord(model: "", device: "", templateTime: 5))
        let sent = try talk.deliver(.rendered(answer, at: 1500), to: work.ticket)
        #expect(sent.map(\.status) == [.ok])
        let read = try sent[0].decoded(RenderResponse.self)
        #expect(read.tokens == [1])
        #expect(read.answer.model == "real")
        #expect(read.answer.templateTime == 5)
    }

    @Test(arguments: [
        ["messages"], ["a", "tools"], ["add_generation_prompt"], ["strftime_now"], ["a", "b", "a"],
    ])
    func aVariableInAnothersPlaceIsRefused(_ names: [String]) throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        let answer = try #require(try talk.send(render(names), id: 2).first)
        #expect(answer.status == .invalidArgument)
        #expect(answer.error?.code == "field_conflict")
        #expect(answer.error?.field == "template_variables.name")
        #expect(answer.error?.message.contains("variable \(names.count - 1)") == true)
        #expect(talk.work.isEmpty)
    }

    @Test func aMessageHasOneContent() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        let both = ChatMessage(role: .assistant, content: "a", contentJson: "null")
        let prompt = Prompt.messages([Self.turn, both])
        let answer = try #require(try talk.send(GenerateRequest(prompt: prompt), id: 2).first)
        #expect(answer.error?.code == "field_conflict")
        #expect(answer.error?.field == "messages.content_json")
        let one = ChatMessage(role: .assistant, content: "", contentJson: "null")
        let next = GenerateRequest(prompt: .messages([Self.turn, one]))
        #expect(try talk.send(next, id: 2).isEmpty)
    }

    @Test func theTimeIsTheRequestsAndOnlyBesideAConversation() throws {
        var talk = try ConnectionConversation()
        try talk.hello()
        let prompt = Prompt.messages([Self.turn])
        _ = try talk.send(GenerateRequest(prompt: prompt, templateTime: 7), id: 2)
        _ = try talk.send(GenerateRequest(prompt: prompt), id: 3)
        _ = try talk.send(GenerateRequest(prompt: .text("a")), id: 4)
        #expect(talk.work.map(\.templateTime) == [7, nil, nil])
        var accepted = talk.work
        for index in accepted.indices { accepted[index].accept(at: 9, wallSeconds: 8) }
        #expect(accepted.map(\.templateTime) == [7, 8, nil])
        #expect(accepted.map(\.acceptedAt) == [9, 9, 9])
    }

    @Test func aContinuedMessageHasNoOpeningBehind() {
        let plain = RenderRequest(messages: [Self.turn])
        let continued = RenderRequest(messages: [Self.turn], continueFinalMessage: true)
        #expect(plain.conversation?.addsGenerationPrompt == true)
        #expect(continued.conversation?.addsGenerationPrompt == false)
        #expect(continued.conversation?.continuesFinalMessage == true)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func anAbsentPoolingIsMeanBeforeRevision3(_ revision: UInt64) throws {
        var talk = try ConnectionConversation()
        try talk.hello(revision: revision)
        _ = try talk.send(EmbedRequest(inputs: [.text("a")]), id: 2)
        _ = try talk.send(EmbedRequest(inputs: [.text("a")], pooling: .last), id: 3)
        let poolings = talk.work.map { work -> Pooling? in
            if case .embed(let request) = work.request { request.pooling } else { nil }
        }
        let absent: Pooling? = revision == 3 ? nil : .mean
        #expect(poolings == [absent, .last])
    }

    @Test(arguments: [2, 3] as [UInt64])
    func codesOfRenderingHaveADate(_ revision: UInt64) throws {
        var talk = try ConnectionConversation()
        try talk.hello(revision: revision)
        _ = try talk.send(GenerateRequest(prompt: .messages([Self.turn])), id: 2)
        let raised = ServiceError(
            .invalidArgument, .init("template_raised"), "roles must alternate", field: "messages")
        let sent = try talk.deliver(.failed(raised), to: talk.work[0].ticket)
        #expect(sent.map(\.status) == [.invalidArgument])
        let code = revision == 3 ? "template_raised" : "chat_message_invalid"
        #expect(sent[0].error?.code == code)
        #expect(sent[0].error?.message == "roles must alternate")
    }
}
