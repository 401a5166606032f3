// Conversations and facts about templates, between the wire's records and the renderer's values.
//
// Both a server and a command that renders without one translate here, so that they agree.
// Does not: render, or check what a request may hold together.

import Conversations
import Loading
import Wire

extension ChatConversation {
    /// The conversation of a request.
    ///
    /// - Throws: `json_invalid`, or `chat_message_invalid`, with the field.
    package init(
        messages: [ChatMessage], tools: String?, variables: [TemplateVariable],
        addsGenerationPrompt: Bool, continuesFinalMessage: Bool
    ) throws(ConversationError) {
        var turns: [ConversationMessage] = []
        for message in messages { turns.append(try ConversationMessage(message)) }
        self.init(turns)
        if let tools { try setTools(tools) }
        for variable in variables { try setVariable(variable.name, variable.value) }
        self.addsGenerationPrompt = addsGenerationPrompt
        self.continuesFinalMessage = continuesFinalMessage
    }
}

extension ConversationMessage {
    fileprivate init(_ message: ChatMessage) throws(ConversationError) {
        try self.init(
            role: message.role.rawValue, text: message.content, json: message.contentJson)
        reasoning = message.reasoningContent
        name = message.name
        toolCallID = message.toolCallId
        toolCalls = message.toolCalls.map {
            ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments)
        }
    }
}

extension ChatTemplateInfo {
    /// The facts that a Render answers.
    package init(_ facts: ChatTemplateFacts) {
        self.init(
            source: facts.source, fingerprint: facts.digest,
            readsTools: facts.abilities.takesTools,
            toolArguments: facts.forms.arguments.map { $0 == .object ? .object : .text },
            thinking: Thinking(facts.thinking), readsTime: facts.abilities.readsTime,
            variables: facts.variables)
    }
}

extension Thinking {
    fileprivate init(_ thinking: ChatTemplateAbilities.Thinking) {
        switch thinking {
        case .none: self = .none
        case .optional: self = .optional
        case .always: self = .always
        }
    }
}
