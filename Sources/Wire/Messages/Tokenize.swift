// Tokenize and Detokenize: text to token ids and back, by the model's own vocabulary.

/// Asks for the token ids of a text.
public struct TokenizeRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.tokenize

    /// Nil: the server's only model.
    public var model: String?
    /// Bytes, usually UTF-8; anything is allowed, as in a model's vocabulary.
    public var text: [UInt8]
    /// True: the names of special tokens in the text become those tokens.
    public var parseSpecial: Bool
    /// True: begin and end tokens are added as the model asks for.
    public var addSpecial: Bool
    /// Demands on the model, checked before any work.
    public var requirements: Requirements?

    /// A value from its parts; sends nothing.
    public init(
        model: String? = nil, text: [UInt8], parseSpecial: Bool = false,
        addSpecial: Bool = true, requirements: Requirements? = nil
    ) {
        self.model = model
        self.text = text
        self.parseSpecial = parseSpecial
        self.addSpecial = addSpecial
        self.requirements = requirements
    }

    private enum ID: UInt16 {
        case model = 1, text, parseSpecial, addSpecial, requirements = 30
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Tokenize request",
        [
            FieldLayout(
                ID.model, "model", .text, .optional, .size(1, Limits.modelNameSizeMax)),
            FieldLayout(ID.text, "text", .bytes, .required, .size(0, Limits.textSizeMax)),
            FieldLayout(ID.parseSpecial, "parse_special", .bool),
            FieldLayout(ID.addSpecial, "add_special", .bool),
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(text: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .model: model = try field.text()
            case .text: text = field.ownedBytes
            case .parseSpecial: parseSpecial = field.bool
            case .addSpecial: addSpecial = field.bool
            case .requirements: requirements = try field.record(Requirements.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        writer.data(ID.text, text)
        writer.bool(ID.parseSpecial, parseSpecial ? true : nil)
        writer.bool(ID.addSpecial, addSpecial ? nil : false)
        writer.record(ID.requirements, requirements)
    }
}

/// The token ids.
public struct TokenizeResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.tokenize

    /// Token ids.
    public var tokens: [UInt32]
    /// Who answered, where, how long, how degraded.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// A value from its parts; sends nothing.
    public init(tokens: [UInt32], answer: AnswerRecord) {
        self.tokens = tokens
        self.answer = answer
    }

    private enum ID: UInt16 { case tokens = 1, answer = 31 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Tokenize response",
        [
            FieldLayout(
                ID.tokens, "tokens", .unsigneds, .required, .count(0, Limits.tokenCountMax)),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(tokens: [], answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .tokens: tokens = field.unsigneds
            case .answer: answer = try field.record(AnswerRecord.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigneds(ID.tokens, tokens)
        writer.record(ID.answer, answer)
    }
}

/// Asks for the text of token ids.
public struct DetokenizeRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.detokenize

    /// The model; nil stands for the server's only one.
    public var model: String?
    /// Token ids.
    public var tokens: [UInt32]
    /// Demands on the model, checked before any work.
    public var requirements: Requirements?

    /// A value from its parts; sends nothing.
    public init(model: String? = nil, tokens: [UInt32], requirements: Requirements? = nil) {
        self.model = model
        self.tokens = tokens
        self.requirements = requirements
    }

    private enum ID: UInt16 { case model = 1, tokens, requirements = 30 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Detokenize request",
        [
            FieldLayout(
                ID.model, "model", .text, .optional, .size(1, Limits.modelNameSizeMax)),
            FieldLayout(
                ID.tokens, "tokens", .unsigneds, .required, .count(0, Limits.tokenCountMax)),
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(tokens: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .model: model = try field.text()
            case .tokens: tokens = field.unsigneds
            case .requirements: requirements = try field.record(Requirements.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        writer.unsigneds(ID.tokens, tokens)
        writer.record(ID.requirements, requirements)
    }
}

/// The text, as bytes: single tokens need not be whole characters.
public struct DetokenizeResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.detokenize

    /// The text.
    public var text: [UInt8]
    /// Who answered, where, how long, how degraded.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// A value from its parts; sends nothing.
    public init(text: [UInt8], answer: AnswerRecord) {
        self.text = text
        self.answer = answer
    }

    private enum ID: UInt16 { case text = 1, answer = 31 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Detokenize response",
        [
            FieldLayout(ID.text, "text", .bytes, .required, .size(0, Limits.textSizeMax)),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(text: [], answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .text: text = field.ownedBytes
            case .answer: answer = try field.record(AnswerRecord.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.data(ID.text, text)
        writer.record(ID.answer, answer)
    }
}
