// An item in an input list: either a text or token ids.

/// An input of Embed, or a continuation in Score.
public enum Input: WireRecord, Equatable {
    /// Text, tokenized by the server.
    case text(String)
    /// Token ids, used unchanged.
    case tokens([UInt32])

    /// Decodes a whole body, see `WireRecord`. Throws `field_conflict` for both fields together and
    /// `field_missing` for neither.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        var text: String?
        var tokens: [UInt32]?
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .text: text = try field.text()
            case .tokens: tokens = field.unsigneds
            }
        }
        switch (text, tokens) {
        case (let text?, nil): self = .text(text)
        case (nil, let tokens?): self = .tokens(tokens)
        case (_?, _?):
            throw .body(
                .fieldConflict, "reading Input", found: "\"text\" and \"tokens\"",
                allowed: "exactly one of them", field: "tokens")
        case (nil, nil):
            throw .body(
                .fieldMissing, "reading Input", found: "neither \"text\" nor \"tokens\"",
                allowed: "exactly one of them", field: "text")
        }
    }

    /// Appends the field, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        switch self {
        case .text(let text): writer.text(ID.text, text)
        case .tokens(let tokens): writer.unsigneds(ID.tokens, tokens)
        }
    }
}
