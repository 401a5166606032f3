// A conversation as values of the template language, with every word of the caller marked.
//
//     tools[0].name        "sum"  origin 1   uses[0] = tool 0
//     messages[0].content  "Hi"   origin 2   uses[1] = content of message 0
//
// Guarantees: messages are what transformers 5 hands to a template: no keys whose value is null,
// reasoning under both of its names. Roles are words of the product (origin 0), because a template
// may make a control token of a role.

import Templates

/// See the head of the file.
struct MarkedConversation {
    /// What the words of an origin are.
    enum Use: Hashable {
        case content(Int)
        case tool(Int)
        case callName(message: Int, call: Int)
        case callArguments(message: Int, call: Int)
        /// Words that may be left out: reasoning, names, ids, variables.
        case other
    }

    private(set) var messages: [TemplateValue] = []
    private(set) var tools: TemplateValue = .none
    private(set) var variables: [(String, TemplateValue)] = []
    /// Use of origin `index + 1`.
    private(set) var uses: [Use] = []

    /// - Throws: `chat_message_invalid` for content or arguments that the template cannot take.
    init(_ conversation: ChatConversation, _ forms: MessageForms) throws(ConversationError) {
        if let tools = conversation.tools {
            // Their texts were numbered when they were read.
            uses = tools.indices.map { .tool($0) }
            self.tools = .list(tools)
        }
        for index in conversation.messages.indices {
            messages.append(try message(conversation.messages[index], index, forms))
        }
        for (name, value) in conversation.variables {
            variables.append((name, value.attributed(to: origin(.other))))
        }
    }

    private mutating func origin(_ use: Use) -> UInt32 {
        uses.append(use)
        return UInt32(uses.count)
    }

    private mutating func text(_ text: String, _ use: Use) -> TemplateValue {
        .text(text, origin: origin(use))
    }

    // MARK: Messages

    private mutating func message(
        _ message: ConversationMessage, _ index: Int, _ forms: MessageForms
    ) throws(ConversationError) -> TemplateValue {
        var members = DictionaryBuilder(capacity: 4)
        let reasoning = message.reasoning.map { text($0, .other) }
        members.set(MessageKey.role, MessageWord.role(message.role))
        if let content = try content(message, index, forms) {
            members.set(MessageKey.content, content)
        }
        if let reasoning { members.set(MessageKey.reasoningContent, reasoning) }
        if let name = message.name { members.set(MessageKey.name, text(name, .other)) }
        if !message.toolCalls.isEmpty {
            var calls: [TemplateValue] = []
            for (number, call) in message.toolCalls.enumerated() {
                calls.append(try value(call, message: index, number, forms))
            }
            members.set(MessageKey.toolCalls, .list(calls))
        }
        if let id = message.toolCallID { members.set(MessageKey.toolCallID, text(id, .other)) }
        let value = TemplateValue.dictionary(members.dictionary)
        return reasoning == nil ? value : value.namingReasoning
    }

    private mutating func value(
        _ call: ConversationMessage.ToolCall, message: Int, _ number: Int, _ forms: MessageForms
    ) throws(ConversationError) -> TemplateValue {
        let use = Use.callArguments(message: message, call: number)
        let arguments: TemplateValue
        if forms.arguments == .text {
            arguments = text(call.arguments, use)
        } else {
            arguments = try ChatConversation.value(
                call.arguments, field: "messages", origin: origin(use))
            guard arguments.isDictionary else {
                throw .invalid(
                    "reading the arguments of call \(number) in message \(message)",
                    "JSON that is no object", "a JSON object")
            }
        }
        let name = text(call.name, .callName(message: message, call: number))
        var function = DictionaryBuilder(capacity: 2)
        function.set(MessageKey.name, name)
        function.set(MessageKey.arguments, arguments)
        var members = DictionaryBuilder(capacity: 3)
        if let id = call.id { members.set(MessageKey.id, text(id, .other)) }
        members.set(MessageKey.type, MessageWord.function)
        members.set(MessageKey.function, .dictionary(function.dictionary))
        return .dictionary(members.dictionary)
    }

    // MARK: Content

    /// The content in a form that the template takes, or nil for none.
    private mutating func content(
        _ message: ConversationMessage, _ index: Int, _ forms: MessageForms
    ) throws(ConversationError) -> TemplateValue? {
        switch message.content {
        case .absent: return empty(message, forms)
        case .text(""): return empty(message, forms)
        case .text(let words):
            let value = text(words, .content(index))
            guard forms.content == [.parts] else { return value }
            var part = DictionaryBuilder(capacity: 2)
            part.set(MessageKey.type, MessageWord.text)
            part.set(MessageKey.text, value)
            return .list([.dictionary(part.dictionary)])
        case .json(.none): return empty(message, forms)
        case .json(let value): return try parts(value, index, forms)
        }
    }

    private func empty(_ message: ConversationMessage, _ forms: MessageForms) -> TemplateValue? {
        guard !message.toolCalls.isEmpty else {
            if case .text = message.content { return MessageWord.empty }
            return nil
        }
        switch forms.emptyContent {
        case .empty: return MessageWord.empty
        case .absent: return nil
        case .null: return TemplateValue.none
        }
    }

    /// Parts as they are where the template takes parts, else the text of a single part.
    private mutating func parts(
        _ value: TemplateValue, _ index: Int, _ forms: MessageForms
    ) throws(ConversationError) -> TemplateValue {
        let attempt = "reading the content of message \(index)"
        guard case .list(let parts) = value, !parts.isEmpty else {
            throw .invalid(attempt, "no list of parts", "a text or a list of parts")
        }
        var texts: [TemplateText] = []
        for (number, part) in parts.enumerated() {
            guard case .text("text")? = part[key: "type"], case .text(let text)? = part[key: "text"]
            else {
                throw .invalid(
                    attempt, "a part that is no text at position \(number)",
                    "parts with type \"text\" and a text")
            }
            texts.append(text)
        }
        let origin = origin(.content(index))
        if forms.content.contains(.parts) { return value.attributed(to: origin) }
        guard texts.count == 1 else {
            throw .invalid(
                attempt, "\(texts.count) parts, and a chat template that takes texts only",
                "one text")
        }
        return .text(texts[0].attributed(to: origin))
    }
}

extension TemplateValue {
    var isDictionary: Bool {
        if case .dictionary = self { true } else { false }
    }
}
