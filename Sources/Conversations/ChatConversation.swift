// A conversation as a caller sends it.
//
// Guarantees: texts are the caller's, not changed. Tools, variables and parts are checked JSON of
// bounded depth. Arguments of calls are checked when they are rendered.
// Does not: know a template. `ChatTemplate` renders.

import ModelFiles
import Templates

/// One turn of a conversation. A value for any thread.
package struct ConversationMessage: Sendable {
    /// The speaker of a turn. Raw values are what templates see.
    package enum Role: String, Sendable, CaseIterable { case system, user, assistant, tool }

    /// What a turn says.
    package enum Content: Sendable {
        /// No `content`.
        case absent
        case text(String)
        /// JSON that is no text: null or a list of parts.
        case json(TemplateValue)
    }

    /// A call of a tool in an assistant's turn.
    package struct ToolCall: Sendable {
        /// Id that a tool's turn answers to, or nil.
        package var id: String?
        package var name: String
        /// JSON text of the arguments.
        package var arguments: String

        package init(id: String? = nil, name: String, arguments: String) {
            self.id = id
            self.name = name
            self.arguments = arguments
        }
    }

    package var role: Role
    package var content: Content
    /// Reasoning apart from the content, or nil.
    package var reasoning: String?
    /// Name of the speaker, or of the tool whose result the turn is.
    package var name: String?
    package var toolCalls: [ToolCall] = []
    /// Id of the call whose result the turn is.
    package var toolCallID: String?

    /// A turn of text.
    package init(_ role: Role, _ text: String) {
        self.init(role: role, content: .text(text))
    }

    /// A turn of a caller: `json` is the JSON text of a content that is no text.
    ///
    /// - Throws: `json_invalid`, or `chat_message_invalid` for an unknown role.
    package init(role: String, text: String, json: String?) throws(ConversationError) {
        guard let known = Role(rawValue: role) else {
            throw .invalid(
                "reading a message", "the role \"\(printable(role))\"",
                Role.allCases.map(\.rawValue).joined(separator: ", "))
        }
        if let json {
            self.init(role: known, content: try Content(json: json))
        } else {
            self.init(known, text)
        }
    }

    package init(role: Role, content: Content) {
        self.role = role
        self.content = content
    }
}

/// A conversation and what the caller says about its rendering. A value for any thread.
package struct ChatConversation: Sendable {
    package var messages: [ConversationMessage]
    /// Tools that may be called, or nil for none. Texts of tool i have the origin i + 1.
    package private(set) var tools: [TemplateValue]?
    /// Further variables of the template, by name.
    package private(set) var variables: [(name: String, value: TemplateValue)] = []
    /// End with the opening of the assistant's turn.
    package var addsGenerationPrompt = true
    /// Leave the last message open instead, to be continued.
    package var continuesFinalMessage = false

    package init(_ messages: [ConversationMessage]) { self.messages = messages }

    /// Sets the tools from the JSON text of a list.
    ///
    /// - Throws: `chat_message_invalid` naming the field.
    package mutating func setTools(_ text: String) throws(ConversationError) {
        let value = try Self.value(text, field: "tools", origin: 1, numbersElements: true)
        guard case .list(let tools) = value, !tools.isEmpty else {
            throw .invalid("reading the tools", "no list with elements", "a JSON list", "tools")
        }
        guard tools.allSatisfy(\.isDictionary) else {
            throw .invalid(
                "reading the tools", "an element that is no object", "JSON objects", "tools")
        }
        self.tools = tools.items
    }

    /// Adds a variable from JSON text.
    ///
    /// - Throws: `chat_message_invalid` for a name that is set already or belongs to the product.
    package mutating func setVariable(
        _ name: String, _ text: String
    ) throws(ConversationError) {
        let attempt = "reading template variable \"\(printable(name))\""
        guard !Self.ownNames.contains(name), !name.hasSuffix("_token") else {
            throw .invalid(
                attempt, "a name that the request or the model's files set",
                "other names", "template_variables")
        }
        guard !variables.contains(where: { $0.name == name }) else {
            throw .invalid(attempt, "it twice", "it once", "template_variables")
        }
        variables.append((name, try Self.value(text, field: "template_variables")))
    }

    /// Variables with a field of their own.
    private static let ownNames: Set = [
        "messages", "tools", "add_generation_prompt", "continue_final_message",
    ]

    /// Reads JSON text. Integers keep all digits. Origins as in `TemplateValue.init`.
    static func value(
        _ text: String, field: String, origin: UInt32 = 0, numbersElements: Bool = false
    ) throws(ConversationError) -> TemplateValue {
        do throws(TemplateJSONError) {
            return try TemplateValue(
                json: Array(text.utf8), origin: origin, numbersElements: numbersElements)
        } catch {
            throw ConversationError(
                .json,
                "reading the JSON text of \(field): found \(error.description), allowed: "
                    + "one JSON value", field: field)
        }
    }
}

extension ConversationMessage.Content {
    /// Content from JSON text: null, a text or a list of parts.
    ///
    /// - Throws: `chat_message_invalid`.
    package init(json text: String) throws(ConversationError) {
        let value = try ChatConversation.value(text, field: "messages")
        switch value {
        case .text(let text): self = .text(text.string)
        case .none, .list: self = .json(value)
        default:
            throw .invalid(
                "reading the content of a message", "another JSON value",
                "null, a text or a list of parts", "messages")
        }
    }
}
