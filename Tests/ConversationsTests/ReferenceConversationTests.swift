// The reference's changes to messages, and continuing the last message.

import Conversations
import Templates
import Testing

@Suite("conversations as the reference renders them")
struct ReferenceConversationTests {
    private func render(
        _ source: String, _ messages: String, continuing: Bool = false
    ) throws -> String {
        guard case .list(let list) = try TemplateValue(json: Array(messages.utf8)) else {
            return ""
        }
        var conversation = ReferenceConversation(messages: Array(list))
        conversation.continueFinalMessage = continuing
        return try conversation.render(Template(source: source), now: nil).text.string
    }

    @Test("keys of value null are dropped")
    func dropsNulls() throws {
        #expect(
            try render("{{ messages }}", #"[{"role":"user","content":null,"x":[null]}]"#)
                == "[{'role': 'user', 'x': [None]}]")
    }

    @Test(
        "reasoning goes by two names",
        arguments: [
            (
                #"{"role":"a","reasoning_content":"r"}"#,
                "{'thinking': 'r', 'role': 'a', 'reasoning_content': 'r'}"
            ),
            (
                #"{"role":"a","thinking":"r"}"#,
                "{'thinking': 'r', 'role': 'a', 'reasoning_content': 'r'}"
            ),
            (
                #"{"reasoning":"r","thinking":"t"}"#,
                "{'thinking': 't', 'reasoning': 'r', 'reasoning_content': 't'}"
            ),
        ])
    func copiesReasoning(_ message: String, _ seen: String) throws {
        #expect(try render("{{ messages[0] }}", "[\(message)]") == seen)
    }

    @Test("tools and documents are none, not undefined")
    func passesNone() throws {
        let source = "{{ tools }}{{ documents }}{{ add_generation_prompt }}"
        #expect(try render(source, "[]") == "NoneNoneFalse")
    }

    @Test(
        "the text ends behind the content of the last message",
        arguments: [
            ("{% for m in messages %}<{{ m.content }}>{% endfor %}", "a b ", "<a b "),
            ("{% for m in messages %}<{{ m.content|trim }}>{% endfor %}", " a b ", "<a b"),
            ("{{ messages[0].content }}|{{ messages[0]['content'] }}|", "x", "x|x"),
        ])
    func continues(_ source: String, _ content: String, _ expected: String) throws {
        let messages = #"[{"role":"assistant","content":"\#(content)"}]"#
        let text = try render(source, messages, continuing: true)
        // The reference cuts at the last place, so a mark at an earlier one stays.
        #expect(text.replacing("CONTINUE_FINAL_MESSAGE_TAG ", with: "") == expected)
    }

    @Test("the last text part is continued")
    func continuesParts() throws {
        let messages = #"[{"role":"a","content":[{"type":"text","text":"one"},{"type":"image"}]}]"#
        let source = "{% for p in messages[0].content %}{{ p.text }};{% endfor %}"
        #expect(try render(source, messages, continuing: true) == "one")
    }

    @Test(
        "a message that does not come through is not continued",
        arguments: [
            ("{{ messages[0].content|length }}", #"[{"role":"a","content":"x"}]"#),
            ("{{ messages[0].content|upper }}", #"[{"role":"a","content":"x"}]"#),
            ("{{ messages[0].content }}", #"[{"role":"a"}]"#), ("{{ messages }}content", "[]"),
        ])
    func refusesLostMessage(_ source: String, _ messages: String) {
        let error = #expect(throws: TemplateError.self) {
            try render(source, messages, continuing: true)
        }
        #expect(error?.code == .error)
    }
}
