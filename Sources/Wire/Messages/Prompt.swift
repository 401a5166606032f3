// What a model begins with: a text, token ids or a conversation, exactly one of them.
//
// Guarantees: Generate, Logits and Score read the same fields by the same rules, whichever ids
// those have; a conversation leaves no choice about special tokens, because its template makes it.

extension ChatMessage {
    /// Who speaks.
    public typealias Role = ChatRole

    /// A turn of a conversation. `content` may be empty; names of special tokens in it stay text.
    public init(_ role: Role, _ content: String) { self.init(role: role, content: content) }
}

/// Input of a model.
public enum Prompt: Sendable, Equatable {
    /// Text, tokenized by the server; may be empty.
    case text(String)
    /// Token ids, used as they are.
    case tokens([UInt32])
    /// A conversation, rendered by the model's own chat template; at least one message.
    case messages([ChatMessage])

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var tokens: [UInt32]? { if case .tokens(let tokens) = self { tokens } else { nil } }
    var messages: [ChatMessage] {
        if case .messages(let messages) = self { messages } else { [] }
    }
    /// Revision of the protocol that knows this form.
    var revision: UInt64 { if case .messages = self { 2 } else { 1 } }
}

/// The prompt's fields of a request while its body is being read.
struct PromptFields {
    var text: String?
    var tokens: [UInt32]?
    var messages: [ChatMessage] = []
    /// The first of `parse_special` and `add_special` that was given.
    private var special: StaticString?

    /// Notes that a choice about special tokens was given, and hands out its value.
    mutating func special(_ field: FieldView) -> Bool {
        special = special ?? field.row.staticName
        return field.bool
    }

    /// The one that was given. Throws `field_conflict` for more than one, and for a choice about
    /// special tokens beside a conversation; `field_missing` for none.
    func prompt(of message: StaticString) throws(WireError) -> Prompt {
        if !messages.isEmpty {
            guard text == nil, tokens == nil else {
                let other = text == nil ? "tokens" : "prompt"
                throw Self.conflict("messages", with: other, message)
            }
            guard special == nil else {
                throw Self.conflict("\(special ?? "")", with: "messages", message)
            }
            return .messages(messages)
        }
        switch (text, tokens) {
        case (let text?, nil): return .text(text)
        case (nil, let tokens?): return .tokens(tokens)
        case (_?, _?): throw Self.conflict("tokens", with: "prompt", message)
        case (nil, nil):
            throw .body(
                .fieldMissing, "reading \(message)",
                found: "none of \"prompt\", \"tokens\" and \"messages\"",
                allowed: "exactly one of them", field: "prompt")
        }
    }

    private static func conflict(
        _ field: String, with other: String, _ message: StaticString
    ) -> WireError {
        .body(
            .fieldConflict, "reading \(message)", found: "\"\(other)\" and \"\(field)\"",
            allowed: "at most one of them", field: field)
    }
}
