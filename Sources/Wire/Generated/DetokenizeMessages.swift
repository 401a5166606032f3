// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Detokenize: turns token ids into text.

/// Request of Detokenize: turns token ids into text.
public struct DetokenizeRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.detokenize
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 {
        if context != nil { return 3 }
        return 1
    }

    /// Name of the model, absent for the server's only model.
    public var model: String?
    /// Token ids.
    public var tokens: [UInt32]
    /// Trace, attempt and priority of the request.
    public var context: RequestContext?
    /// Demands on the model.
    public var requirements: Requirements?

    /// Makes a value from the fields.
    public init(
        model: String? = nil, tokens: [UInt32], context: RequestContext? = nil,
        requirements: Requirements? = nil
    ) {
        self.model = model
        self.tokens = tokens
        self.context = context
        self.requirements = requirements
    }

    enum ID: UInt16 { case model = 1, tokens = 2, context = 29, requirements = 30 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Detokenize request",
        [
            FieldLayout(ID.model, "model", .text, .optional, .size(1, 128)),
            FieldLayout(ID.tokens, "tokens", .unsigneds, .required, .count(0, 1_000_000)),
            FieldLayout(ID.context, "context", .record),
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(tokens: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .model: model = try value.text()
            case .tokens: tokens = value.unsigneds
            case .context: context = try value.record(RequestContext.self)
            case .requirements: requirements = try value.record(Requirements.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        writer.unsigneds(ID.tokens, tokens)
        if writer.revision >= 3 { writer.record(ID.context, context) }
        writer.record(ID.requirements, requirements)
    }
}

/// Answer to Detokenize.
public struct DetokenizeResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.detokenize

    /// Text as bytes, since single tokens need not be whole characters.
    public var text: [UInt8]
    /// Facts about the answer, an `Answer`.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// Makes a value from the fields.
    public init(text: [UInt8], answer: AnswerRecord) {
        self.text = text
        self.answer = answer
    }

    enum ID: UInt16 { case text = 1, answer = 31 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Detokenize response",
        [
            FieldLayout(ID.text, "text", .bytes, .required, .size(0, 4_000_000)),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(text: [], answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .text: text = value.ownedBytes
            case .answer: answer = try value.record(AnswerRecord.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.data(ID.text, text)
        writer.record(ID.answer, answer)
    }
}
