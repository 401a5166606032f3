// The form in which a template wants calls and contents, found by probes.

import Conversations
import Testing

@Suite struct FormTests {
    private static let call = ConversationMessage.ToolCall(
        id: "a", name: "sum", arguments: "{\"b\": 1.0, \"a\": 12345678901234567890}")

    private func calling(_ template: String, _ call: ConversationMessage.ToolCall = call) throws
        -> String
    {
        try rendered(template, [.init(.user, "?"), .calls([call])])
    }

    private static func loop(_ body: String) -> String {
        """
        {% for m in messages %}{% if m.tool_calls %}{% for c in m.tool_calls %}\(body){% endfor %}\
        {% else %}{{ m.content }}{% endif %}{% endfor %}
        """
    }

    @Test func argumentsAsAnObject() throws {
        let template = Self.loop(
            """
            {{ c.function.name }}{% for k, v in c.function.arguments | items %} {{ k }}={{ v }}\
            {% endfor %}
            """
        )
        #expect(try chatTemplate(template).forms.arguments == .object)
        #expect(try calling(template) == "?sum b=1.0 a=12345678901234567890")
    }

    @Test func argumentsAsText() throws {
        let template = Self.loop("{{ c.function.name }}({{ '' + c.function.arguments }})")
        #expect(try chatTemplate(template).forms.arguments == .text)
        #expect(try calling(template) == "?sum({\"b\": 1.0, \"a\": 12345678901234567890})")
    }

    @Test(arguments: [
        ("m.content == ''", "empty"), ("m.content is not defined", "absent"),
        ("m.content is defined and m.content is none", "null"),
    ])
    func contentOfATurnThatOnlyCalls(_ test: String, _ form: String) throws {
        let template = """
            {% for m in messages %}{% if m.tool_calls and \(test) %}{% for c in m.tool_calls %}\
            {{ c.function.name }}{{ c.function.arguments }}{% endfor %}{% else %}{{ m.content }}\
            {% endif %}{% endfor %}
            """
        #expect(try chatTemplate(template).forms.emptyContent.rawValue == form)
        #expect(try calling(template).contains("sum"))
        let null = ConversationMessage.calls([Self.call], try .init(json: "null"))
        #expect(try rendered(template, [.init(.user, "?"), null]).contains("sum"))
    }

    @Test func aTemplateOfSingleCalls() throws {
        let template = Self.loop(
            """
            {% if m.tool_calls | length > 1 %}{{ raise_exception('one') }}{% endif %}\
            {{ c.function }}
            """
        )
        let found = try chatTemplate(template)
        #expect(found.abilities.writesCalls && found.abilities.callCountMax == 1)
    }

    @Test func aTemplateWithoutCalls() throws {
        let found = try chatTemplate("{% for m in messages %}{{ m.content }}{% endfor %}")
        #expect(found.forms.arguments == nil && !found.abilities.writesCalls)
        #expect(!found.abilities.takesTools && found.abilities.takesSystem)
    }

    @Test func partsWhereTheTemplateTakesThem() throws {
        let both = """
            {% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}\
            {% for p in m.content %}{{ p.text }}{% endfor %}{% endif %}{% endfor %}
            """
        let parts = try ConversationMessage.Content(
            json: #"[{"type":"text","text":"A"},{"type":"text","text":"B"}]"#)
        let message = ConversationMessage(role: .user, content: parts)
        #expect(try chatTemplate(both).forms.content == [.text, .parts])
        #expect(try rendered(both, [message]) == "AB")
        let onlyText = "{% for m in messages %}{{ m.content }}{% endfor %}"
        #expect(try chatTemplate(onlyText).forms.content == [.text])
        let error = #expect(throws: ConversationError.self) {
            try rendered(onlyText, [message])
        }
        #expect(error?.code == .invalid && error?.message.contains("2 parts") == true)
        let single = try ConversationMessage.Content(json: #"[{"type":"text","text":"A"}]"#)
        #expect(try rendered(onlyText, [.init(role: .user, content: single)]) == "A")
    }

    @Test func textsWhereTheTemplateTakesOnlyParts() throws {
        let template =
            "{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endfor %}"
        #expect(try chatTemplate(template).forms.content == [.parts])
        #expect(try rendered(template, [.init(.user, "Hi")]) == "Hi")
    }

    @Test(arguments: [
        (#"[{"type":"image","url":"x"}]"#, ConversationError.Code.invalid), ("[1]", .invalid),
        ("[]", .invalid), ("3", .invalid), ("{}", .invalid), ("[", .json), ("\u{0}", .json),
    ])
    func otherContentsAreRefused(_ json: String, _ code: ConversationError.Code) throws {
        let error = #expect(throws: ConversationError.self) {
            let content = try ConversationMessage.Content(json: json)
            _ = try rendered(Templates.framed, [.init(role: .user, content: content)])
        }
        #expect(error?.code == code)
    }

    @Test(arguments: [
        ("", ConversationError.Code.json), ("{", .json), ("[]", .invalid), ("3", .invalid),
        ("\"{}\"", .invalid),
    ])
    func argumentsThatAreNoObjectAreRefused(
        _ json: String, _ code: ConversationError.Code
    ) throws {
        let error = #expect(throws: ConversationError.self) {
            try calling(Templates.framed, .init(name: "sum", arguments: json))
        }
        #expect(error?.code == code)
    }

    @Test func facts() throws {
        let framed = try chatTemplate(Templates.framed)
        #expect(framed.abilities.takesSystem && framed.abilities.takesTools)
        #expect(framed.abilities.writesCalls && framed.abilities.takesToolResults)
        #expect(framed.abilities.callCountMax == nil && framed.abilities.failure == nil)
        #expect(String(decoding: framed.abilities.turnEnd, as: UTF8.self) == "<|end|>")
        #expect(framed.thinking == .none && !framed.abilities.readsTime)
        let thought = "{{ messages[-1].content }}{% if add_generation_prompt %}<think>\n{% endif %}"
        #expect(try chatTemplate(thought).thinking == .always)
        let optional = "{{ messages[-1].content }}{% if enable_thinking %}<think>{% endif %}"
        #expect(try chatTemplate(optional).thinking == .optional)
    }
}
