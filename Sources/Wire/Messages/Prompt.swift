// What Generate and Logits begin with: a text or token ids, exactly one of them.

/// Input of a model.
public enum Prompt: Sendable, Equatable {
    /// Text, tokenized by the server; may be empty.
    case text(String)
    /// Token ids, used as they are.
    case tokens([UInt32])

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var tokens: [UInt32]? { if case .tokens(let tokens) = self { tokens } else { nil } }

    /// The one that was given; throws `field_conflict` for both and `field_missing` for neither.
    init(text: String?, tokens: [UInt32]?, of message: StaticString) throws(WireError) {
        switch (text, tokens) {
        case (let text?, nil): self = .text(text)
        case (nil, let tokens?): self = .tokens(tokens)
        case (_?, _?):
            throw .body(
                .fieldConflict, "reading \(message)", found: "\"prompt\" and \"tokens\"",
                allowed: "exactly one of them", field: "tokens")
        case (nil, nil):
            throw .body(
                .fieldMissing, "reading \(message)", found: "neither \"prompt\" nor \"tokens\"",
                allowed: "exactly one of them", field: "prompt")
        }
    }
}
