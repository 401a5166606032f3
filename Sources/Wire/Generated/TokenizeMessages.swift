// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Tokenize: turns text into token ids.

/// Request of Tokenize: turns text into token ids.
public struct TokenizeRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.tokenize
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 {
        if context != nil { return 3 }
        return 1
    }

    /// Name of the model, absent for the server's only model.
    public var model: String?
    /// Text as bytes, usually UTF-8, but any bytes are allowed.
    public var text: [UInt8]
    /// Names of special tokens in the text become special tokens, default false.
    public var parseSpecial: Bool
    /// Add begin and end tokens as the model demands, default true.
    public var addSpecial: Bool
    /// Trace, attempt and priority of the request.
    public var context: RequestContext?
    /// Demands on the model.
    public var requirements: Requirements?

    /// Makes a value from the fields.
    public init(
        model: String? = nil, text: [UInt8], parseSpecial: Bool = false, addSpecial: Bool = true,
        context: RequestContext? = nil, requirements: Requirements? = nil
    ) {
        self.model = model
        self.text = text
        self.parseSpecial = parseSpecial
        self.addSpecial = addSpecial
        self.context = context
        self.requirements = requirements
    }

    enum ID: UInt16 {
        case model = 1, text = 2, parseSpecial = 3, addSpecial = 4, context = 29, requirements = 30
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Tokenize request",
        [
            FieldLayout(ID.model, "model", .text, .optional, .size(1, 128)),
            FieldLayout(ID.text, "text", .bytes, .required, .size(0, 4_000_000)),
            FieldLayout(ID.parseSpecial, "parse_special", .bool),
            FieldLayout(ID.addSpecial, "add_special", .bool),
            FieldLayout(ID.context, "context", .record),
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(text: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .model: model = try value.text()
            case .text: text = value.ownedBytes
            case .parseSpecial: parseSpecial = value.bool
            case .addSpecial: addSpecial = value.bool
            case .context: context = try value.record(RequestContext.self)
            case .requirements: requirements = try value.record(Requirements.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        writer.data(ID.text, text)
        writer.bool(ID.parseSpecial, parseSpecial ? true : nil)
        writer.bool(ID.addSpecial, addSpecial ? nil : false)
        if writer.revision >= 3 { writer.record(ID.context, context) }
        writer.record(ID.requirements, requirements)
    }
}

/// Answer to Tokenize.
public struct TokenizeResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.tokenize

    /// Token ids.
    public var tokens: [UInt32]
    /// Facts about the answer, an `Answer`.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// Makes a value from the fields.
    public init(tokens: [UInt32], answer: AnswerRecord) {
        self.tokens = tokens
        self.answer = answer
    }

    enum ID: UInt16 { case tokens = 1, answer = 31 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Tokenize response",
        [
            FieldLayout(ID.tokens, "tokens", .unsigneds, .required, .count(0, 1_000_000)),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(tokens: [], answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .tokens: tokens = value.unsigneds
            case .answer: answer = try value.record(AnswerRecord.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigneds(ID.tokens, tokens)
        writer.record(ID.answer, answer)
    }
}
