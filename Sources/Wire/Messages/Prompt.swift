// The prompt of a request: either a text, token ids or a conversation.
//
// Guarantees: Generate, Logits and Score read prompt fields by equal rules, although the field ids
// differ. The tables say which fields exclude a kind of prompt.

extension ChatMessage {
    /// Speaker of a message.
    public typealias Role = ChatRole

    /// Creates a message of a conversation. `content` may be empty. Names of special tokens in
    /// `content` stay text.
    public init(_ role: Role, _ content: String) { self.init(role: role, content: content) }
}

/// Input of a model.
public enum Prompt: Sendable, Equatable {
    /// Text, tokenized by the server. May be empty.
    case text(String)
    /// Token ids, used unchanged.
    case tokens([UInt32])
    /// A conversation of at least one message, rendered by the model's own chat template.
    case messages([ChatMessage])

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var tokens: [UInt32]? { if case .tokens(let tokens) = self { tokens } else { nil } }
    var messages: [ChatMessage] {
        if case .messages(let messages) = self { messages } else { [] }
    }
    /// First protocol revision with this prompt.
    var revision: UInt64 {
        if case .messages(let messages) = self {
            messages.lazy.map(\.revisionNeeded).max() ?? 2
        } else {
            1
        }
    }
}

/// The prompt fields of a request, collected while the body is read.
struct PromptFields {
    var text: String?
    var tokens: [UInt32]?
    var messages: [ChatMessage] = []

    /// Returns the given prompt. Throws `field_conflict` for several prompts, and `field_missing`
    /// without a prompt.
    func prompt(of message: StaticString) throws(WireError) -> Prompt {
        if !messages.isEmpty {
            guard text == nil, tokens == nil else {
                throw .conflict("messages", with: text == nil ? "tokens" : "prompt", of: message)
            }
            return .messages(messages)
        }
        switch (text, tokens) {
        case (let text?, nil): return .text(text)
        case (nil, let tokens?): return .tokens(tokens)
        case (_?, _?): throw .conflict("tokens", with: "prompt", of: message)
        case (nil, nil):
            throw .body(
                .fieldMissing, "reading \(message)",
                found: "none of \"prompt\", \"tokens\" and \"messages\"",
                allowed: "exactly one of them", field: "prompt")
        }
    }
}

extension WireError {
    /// Two fields of a message that exclude each other.
    static func conflict(
        _ field: StaticString, with other: StaticString, of message: StaticString
    ) -> WireError {
        .body(
            .fieldConflict, "reading \(message)", found: "\"\(other)\" and \"\(field)\"",
            allowed: "at most one of them", field: "\(field)")
    }
}
