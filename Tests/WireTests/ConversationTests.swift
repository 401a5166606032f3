// Conversations on the wire: what needs revision 3, what an older peer never sees, and fields that
// exclude each other.

import Testing
import Wire

@Suite struct ConversationTests {
    private static let turn = ChatMessage(.user, "hi")
    private static let call = ToolCall(id: "c1", name: "add", arguments: "{}")

    private func bytes(_ message: some WireRecord) -> [UInt8] {
        var writer = BodyWriter()
        message.encode(into: &writer)
        return writer.bytes
    }

    @Test(arguments: [
        ChatMessage(.tool, "802"),
        ChatMessage(role: .assistant, content: "", contentJson: "null"),
        ChatMessage(role: .assistant, content: "", reasoningContent: "a sum"),
        ChatMessage(role: .user, content: "hi", name: "bob"),
        ChatMessage(role: .assistant, content: "", toolCalls: [call]),
        ChatMessage(role: .user, content: "802", toolCallId: "c1"),
    ])
    func aMessageOfRevision3MakesItsRequestOne(_ message: ChatMessage) throws {
        let prompt = Prompt.messages([Self.turn, message])
        #expect(GenerateRequest(prompt: prompt).revisionNeeded == 3)
        #expect(LogitsRequest(prompt: prompt).revisionNeeded == 3)
        #expect(ScoreRequest(prompt: prompt, continuations: [.text("a")]).revisionNeeded == 3)
        let read = try GenerateRequest(decoding: bytes(GenerateRequest(prompt: prompt)))
        #expect(read.prompt == prompt)
    }

    @Test func plainMessagesStayRevision2() {
        let prompt = Prompt.messages([Self.turn])
        #expect(GenerateRequest(prompt: prompt).revisionNeeded == 2)
        #expect(ScoreRequest(prompt: prompt, continuations: [.text("a")]).revisionNeeded == 2)
        #expect(GenerateRequest(prompt: .text("a")).revisionNeeded == 1)
        #expect(ScoreRequest(prompt: .text("a"), continuations: [.text("a")]).revisionNeeded == 2)
        #expect(RenderRequest(messages: [Self.turn]).revisionNeeded == 3)
    }

    @Test func eachFieldBesideMessagesNeedsRevision3() {
        let prompt = Prompt.messages([Self.turn])
        let requests = [
            GenerateRequest(prompt: prompt, tools: "[]"),
            GenerateRequest(
                prompt: prompt, templateVariables: [TemplateVariable(name: "a", value: "1")]),
            GenerateRequest(prompt: prompt, addGenerationPrompt: false),
            GenerateRequest(prompt: prompt, continueFinalMessage: true),
            GenerateRequest(prompt: prompt, templateTime: 0),
        ]
        #expect(requests.map(\.revisionNeeded) == [3, 3, 3, 3, 3])
    }

    @Test func everyFieldSurvives() throws {
        let request = RenderRequest(
            model: "m",
            messages: [
                Self.turn,
                ChatMessage(
                    role: .assistant, content: "", contentJson: "null", reasoningContent: "a sum",
                    name: "bot", toolCalls: [Self.call, ToolCall(name: "b", arguments: "[]")]),
                ChatMessage(role: .tool, content: "802", name: "add", toolCallId: "c1"),
            ],
            tools: "[]", templateVariables: [TemplateVariable(name: "a", value: "1")],
            continueFinalMessage: true, templateTime: 253_402_300_799)
        #expect(try RenderRequest(decoding: bytes(request)) == request)
    }

    @Test func fieldsOfTheTemplateStandBesideMessagesOnly() throws {
        for prompt in [Prompt.text("a"), .tokens([1])] {
            let requests = [
                ("tools", GenerateRequest(prompt: prompt, tools: "[]")),
                (
                    "template_variables",
                    GenerateRequest(
                        prompt: prompt,
                        templateVariables: [TemplateVariable(name: "a", value: "1")])
                ),
                (
                    "add_generation_prompt",
                    GenerateRequest(prompt: prompt, addGenerationPrompt: false)
                ),
                (
                    "continue_final_message",
                    GenerateRequest(prompt: prompt, continueFinalMessage: true)
                ),
                ("template_time", GenerateRequest(prompt: prompt, templateTime: 1)),
            ]
            for (field, request) in requests {
                let error = #expect(throws: WireError.self) {
                    try GenerateRequest(decoding: bytes(request))
                }
                #expect(error?.code == .fieldConflict)
                #expect(error?.field == field)
            }
        }
    }

    @Test func anOpeningExcludesAnOpenMessage() {
        let request = RenderRequest(
            messages: [Self.turn], addGenerationPrompt: false, continueFinalMessage: true)
        let error = #expect(throws: WireError.self) {
            try RenderRequest(decoding: bytes(request))
        }
        #expect(error?.code == .fieldConflict)
        #expect(error?.field == "continue_final_message")
    }

    /// The vectors hold an answer of each kind with every field; this is the peer that knows fewer.
    @Test func anOlderPeerGetsNoTimeAndNoPooling() throws {
        let answer = AnswerRecord(model: "m", device: "cpu", templateTime: 7)
        let embedded = EmbedResponse(
            embeddings: [1], dimensions: 1, count: 1, promptTokens: 1, pooling: .last,
            answer: answer)
        for revision in [2, 3] as [UInt64] {
            var encoder = FrameEncoder()
            encoder.revision = revision
            try encoder.appendResponse(embedded, to: 1, provenance: .real, generation: 1)
            let frame = try #require(try FrameDecoder(.response).frames(in: encoder.bytes).first)
            let read = try EmbedResponse(decoding: frame.body)
            #expect(read.pooling == (revision == 3 ? .last : nil))
            #expect(read.answer.templateTime == (revision == 3 ? 7 : nil))
        }
    }
}
