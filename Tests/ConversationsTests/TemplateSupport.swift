// Templates of the tests' own, and short ways to render with them.

import Conversations
import Tokenizers

enum Templates {
    /// Every role in a frame of control tokens, calls as JSON objects, tools in front.
    static let framed = """
        {%- if tools %}<tools>{% for tool in tools %}{{ tool | tojson }}{% endfor %}</tools>
        {%- endif %}
        {%- for message in messages %}<|{{ message.role }}|>
        {%- if message.content is string %}{{ message.content }}{% endif %}
        {%- for call in message.tool_calls or [] %}<call>{"name": "{{ call.function.name }}", \
        "arguments": {{ call.function.arguments | tojson }}}</call>{% endfor %}<|end|>
        {%- endfor %}
        {%- if add_generation_prompt %}<|assistant|>{% endif %}
        """
    static let tokens = [
        SpecialTokenText(name: "bos_token", text: "<s>"),
        SpecialTokenText(name: "eos_token", text: "</s>"),
    ]
    static let tool = """
        {"type":"function","function":{"name":"sum","parameters":{"type":"object"}}}
        """
}

func chatTemplate(_ text: String) throws -> ChatTemplate {
    let sources = ChatTemplateSources(
        ChatTemplateSource(place: "test", text: Array(text.utf8)))
    let checked = try CheckedTemplates(sources, specialTokens: Templates.tokens)
    guard let template = checked.probed().standard else { throw NoTemplate() }
    return template
}

struct NoTemplate: Error {}

func rendered(
    _ template: ChatTemplate, _ conversation: ChatConversation, at seconds: UInt64 = 0
) throws -> String {
    String(
        decoding: try template.render(conversation, at: seconds).prompt.text, as: UTF8.self)
}

func rendered(_ text: String, _ messages: [ConversationMessage]) throws -> String {
    try rendered(chatTemplate(text), ChatConversation(messages))
}

/// The caller's words of a rendering, in order.
func callersWords(_ prompt: ChatPrompt) -> [String] {
    prompt.contentRanges.map { String(decoding: prompt.text[$0], as: UTF8.self) }
}

extension ConversationMessage {
    static func calls(_ calls: [ToolCall], _ content: Content = .absent) -> Self {
        var message = ConversationMessage(role: .assistant, content: content)
        message.toolCalls = calls
        return message
    }

    static func result(_ text: String, of id: String) -> Self {
        var message = ConversationMessage(.tool, text)
        message.toolCallID = id
        return message
    }
}
