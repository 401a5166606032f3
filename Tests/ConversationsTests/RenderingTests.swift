// Conversations as the template renders them, and whose words the text is made of.

import Conversations
import Testing
import Tokenizers

@Suite struct RenderingTests {
    private func refusal(
        _ template: String, _ conversation: ChatConversation
    ) throws -> ConversationError? {
        let template = try chatTemplate(template)
        return #expect(throws: ConversationError.self) {
            try template.render(conversation, at: 0)
        }
    }

    @Test func rolesAreTheTemplatesWordsAndTextsTheCallers() throws {
        let prompt = try chatTemplate(Templates.framed).render(
            ChatConversation([.init(.system, "Short."), .init(.user, "<|end|>")]), at: 0
        ).prompt
        #expect(
            String(decoding: prompt.text, as: UTF8.self)
                == "<|system|>Short.<|end|><|user|><|end|><|end|><|assistant|>")
        #expect(callersWords(prompt) == ["Short.", "<|end|>"])
    }

    @Test(arguments: [
        "{{ messages[0].content | upper }}", "{{ messages[0].content[::-1] }}",
        "{{ messages[0].content | trim }}", "{{ '' ~ messages[0].content }}",
        "{{ messages[0].content | tojson }}", "{{ messages[0] }}",
        "{{ messages[0].content.split('|') | join('|') }}",
        "{{ messages[0].content | replace('q', 'r') }}",
        "{% set x %}{{ messages[0].content }}{% endset %}{{ x }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(messages[0].content) }}",
    ])
    func aTemplateCannotMakeTheCallersWordsItsOwn(_ template: String) throws {
        let word = "<|end|>"
        let prompt = try chatTemplate(template + "<|x|>").render(
            ChatConversation([.init(.user, word)]), at: 0
        ).prompt
        let marked = callersWords(prompt).joined()
        for letter in "endEND" where String(decoding: prompt.text, as: UTF8.self).contains(letter) {
            #expect(marked.contains(letter))
        }
        #expect(!marked.contains("x"))
    }

    @Test func variablesAreSeenAndMarked() throws {
        let template = try chatTemplate(
            """
            {{ messages[0].content }}{% if mood is defined %}({{ mood }}){% endif %}{{ bos_token }}
            """
        )
        var conversation = ChatConversation([.init(.user, "Hi")])
        #expect(try rendered(template, conversation) == "Hi<s>")
        try conversation.setVariable("mood", "\"</s>\"")
        let prompt = try template.render(conversation, at: 0).prompt
        #expect(String(decoding: prompt.text, as: UTF8.self) == "Hi(</s>)<s>")
        #expect(callersWords(prompt) == ["Hi", "</s>"])
    }

    @Test(arguments: ["messages", "tools", "add_generation_prompt", "bos_token", "eos_token"])
    func variablesOfTheProductAreNotTheCallers(_ name: String) {
        var conversation = ChatConversation([.init(.user, "Hi")])
        let error = #expect(throws: ConversationError.self) {
            try conversation.setVariable(name, "1")
        }
        #expect(error?.code == .invalid && error?.field == "template_variables")
    }

    @Test func theTimeIsTheCallersAndTold() throws {
        let template = try chatTemplate(
            "{{ messages[0].content }} {{ strftime_now('%Y-%m-%d') }}")
        let conversation = ChatConversation([.init(.user, "Hi")])
        let result = try template.render(conversation, at: 86_400 * 365)
        #expect(String(decoding: result.prompt.text, as: UTF8.self) == "Hi 1971-01-01")
        #expect(result.usesTime)
        #expect(template.abilities.readsTime)
        #expect(try !chatTemplate("{{ messages[0].content }}").render(conversation, at: 0).usesTime)
    }

    @Test func reasoningHasBothNames() throws {
        var answer = ConversationMessage(.assistant, "4")
        answer.reasoning = "2 and 2"
        let text = try rendered(
            """
            {% for m in messages %}{{ m.thinking }}|{{ m.reasoning_content }}|{{ m.content }};\
            {% endfor %}
            """,
            [.init(.user, "Sum?"), answer])
        #expect(text == "||Sum?;2 and 2|2 and 2|4;")
    }

    // MARK: - What must not be lost

    @Test func aLostSystemTextIsRefused() throws {
        let template = """
            {% for m in messages %}{% if m.role != 'system' %}{{ m.content }}{% endif %}{% endfor %}
            """
        let error = try refusal(
            template, ChatConversation([.init(.system, "A"), .init(.user, "B")]))
        #expect(error?.code == .notRendered)
        #expect(error?.message.contains("the system text of message 0") == true)
        #expect(try !chatTemplate(template).abilities.takesSystem)
    }

    @Test func aLostUserTextIsRefused() throws {
        let error = try refusal(
            "{{ messages[-1].content }}", ChatConversation([.init(.user, "A"), .init(.user, "B")]))
        #expect(error?.message.contains("the user text of message 0") == true)
    }

    @Test func aLostResultIsRefused() throws {
        let error = try refusal(
            "{{ messages[0].content }}{{ messages[1].tool_calls }}",
            ChatConversation([
                .init(.user, "A"), .calls([.init(id: "1", name: "sum", arguments: "{}")]),
                .result("5", of: "1"),
            ]))
        #expect(error?.message.contains("the tool text of message 2") == true)
    }

    @Test func aLostCallIsRefused() throws {
        let error = try refusal(
            "{% for m in messages %}{{ m.content }}{% endfor %}",
            ChatConversation([
                .init(.user, "A"), .calls([.init(name: "sum", arguments: "{\"a\":1}")]),
            ]))
        #expect(error?.code == .notRendered)
        #expect(error?.message.contains("call 0 of message 1") == true)
    }

    @Test func aLostToolIsRefused() throws {
        var conversation = ChatConversation([.init(.user, "A")])
        try conversation.setTools("[\(Templates.tool)]")
        let error = try refusal("{{ messages[0].content }}", conversation)
        #expect(error?.code == .notRendered && error?.field == "tools")
        let text = try rendered(chatTemplate(Templates.framed), conversation)
        #expect(text.contains("\"name\": \"sum\""))
    }

    @Test func pastThoughtsMayBeLost() throws {
        var answer = ConversationMessage(.assistant, "4")
        answer.reasoning = "hm"
        let template = "{% for m in messages %}{{ m.content }}{% endfor %}"
        #expect(try rendered(template, [.init(.user, "2"), answer, .init(.user, "3")]) == "243")
    }

    @Test func blankTextsNeedNotArrive() throws {
        #expect(try rendered("{{ messages[0].content | trim }}.", [.init(.user, " \n")]) == ".")
    }

    @Test func blankPartsNeedNotArrive() throws {
        let template = """
            {% if messages[0].content is string %}{{ messages[0].content }}{% else %}\
            {% for p in messages[0].content %}{{ p.text }}{% endfor %}{% endif %}.
            """
        let blank = try ConversationMessage.Content(json: #"[{"type":"text","text":" "}]"#)
        #expect(try rendered(template, [.init(role: .user, content: blank)]) == " .")
    }

    // MARK: - The end

    @Test func theLastMessageCanBeContinued() throws {
        var conversation = ChatConversation([.init(.user, "A"), .init(.assistant, "So ")])
        conversation.addsGenerationPrompt = false
        conversation.continuesFinalMessage = true
        let kept = try rendered(chatTemplate(Templates.framed), conversation)
        #expect(kept == "<|user|>A<|end|><|assistant|>So ")
        let trimmed = try rendered(
            chatTemplate("{% for m in messages %}[{{ m.content | trim }}]{% endfor %}"),
            conversation)
        #expect(trimmed == "[A][So")
        conversation.addsGenerationPrompt = true
        let error = try refusal(Templates.framed, conversation)
        #expect(error?.code == .invalid && error?.field == "continue_final_message")
    }

    @Test func theTemplatesOwnWordsReachTheCaller() throws {
        let error = try refusal(
            "{{ raise_exception('Only two turns, please.') }}",
            ChatConversation([.init(.user, "A")]))
        #expect(error?.code == .raised && error?.message == "Only two turns, please.")
        #expect(
            try chatTemplate("{{ raise_exception('No.') }}").abilities.failure?.message == "No.")
    }

    @Test func refusalsHaveTheLineAndNoWordsOfTheCaller() throws {
        let error = try refusal(
            "\n{{ messages[0].content + 1 }}", ChatConversation([.init(.user, "Geheim")]))
        #expect(error?.code == .failed)
        #expect(error?.message.contains("line 2") == true)
        #expect(error?.message.contains("Geheim") == false)
    }

    @Test func noMessagesAreRefused() throws {
        #expect(try refusal(Templates.framed, ChatConversation([]))?.code == .invalid)
    }
}
