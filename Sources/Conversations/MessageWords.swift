// Keys and words that stand in every conversation, made once.

import Templates

/// Keys of messages, parts and calls, as templates see them.
enum MessageKey {
    static let role: TemplateText = "role"
    static let content: TemplateText = "content"
    static let reasoningContent: TemplateText = "reasoning_content"
    static let thinking: TemplateText = "thinking"
    static let name: TemplateText = "name"
    static let toolCalls: TemplateText = "tool_calls"
    static let toolCallID: TemplateText = "tool_call_id"
    static let type: TemplateText = "type"
    static let text: TemplateText = "text"
    static let id: TemplateText = "id"
    static let function: TemplateText = "function"
    static let arguments: TemplateText = "arguments"

    /// The keys that hold an assistant's thoughts, the one that counts first.
    static let reasoning: [TemplateText] = [reasoningContent, thinking, "reasoning"]
}

/// Values that are words of the product.
enum MessageWord {
    static let empty = TemplateValue.text("")
    static let text = TemplateValue.text(MessageKey.text)
    static let function = TemplateValue.text(MessageKey.function)

    /// The word of a role.
    static func role(_ role: ConversationMessage.Role) -> TemplateValue {
        switch role {
        case .system: system
        case .user: user
        case .assistant: assistant
        case .tool: tool
        }
    }

    private static let system = TemplateValue.text(ConversationMessage.Role.system.rawValue)
    private static let user = TemplateValue.text(ConversationMessage.Role.user.rawValue)
    private static let assistant = TemplateValue.text(ConversationMessage.Role.assistant.rawValue)
    private static let tool = TemplateValue.text(ConversationMessage.Role.tool.rawValue)
}
