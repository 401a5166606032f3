// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// Logits: raw scores; streamed.

/// Request of Logits: raw scores; streamed.
public struct LogitsRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.logits
    /// Lowest revision that knows all that it says.
    public var revisionNeeded: UInt64 {
        if context != nil { return 3 }
        return prompt.revision
    }

    /// Absent: the server's only model.
    public var model: String?
    /// What the model begins with.
    public var prompt: Prompt
    /// As in Generate.
    public var parseSpecial: Bool
    /// As in Generate.
    public var addSpecial: Bool
    /// After every token; default false: after the last.
    public var allPositions: Bool
    /// Where the request stands among others.
    public var context: RequestContext?
    /// Demands on the model.
    public var requirements: Requirements?

    /// A value from its parts; sends nothing.
    public init(
        model: String? = nil, prompt: Prompt, parseSpecial: Bool = false, addSpecial: Bool = true,
        allPositions: Bool = false, context: RequestContext? = nil,
        requirements: Requirements? = nil
    ) {
        self.model = model
        self.prompt = prompt
        self.parseSpecial = parseSpecial
        self.addSpecial = addSpecial
        self.allPositions = allPositions
        self.context = context
        self.requirements = requirements
    }

    enum ID: UInt16 {
        case model = 1, prompt = 2, tokens = 3, parseSpecial = 4, addSpecial = 5, allPositions = 6
        case messages = 7, context = 29, requirements = 30
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Logits request",
        [
            FieldLayout(ID.model, "model", .text, .optional, .size(1, 128)),
            FieldLayout(ID.prompt, "prompt", .text, .optional, .size(0, 4_000_000)),
            FieldLayout(ID.tokens, "tokens", .unsigneds, .optional, .count(1, 1_000_000)),
            FieldLayout(ID.parseSpecial, "parse_special", .bool),
            FieldLayout(ID.addSpecial, "add_special", .bool),
            FieldLayout(ID.allPositions, "all_positions", .bool),
            FieldLayout(ID.messages, "messages", .record, .repeated(max: 1024)),
            FieldLayout(ID.context, "context", .record),
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(prompt: .text(""))
        var parts = PromptFields()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .model: model = try value.text()
            case .prompt: parts.text = try value.text()
            case .tokens: parts.tokens = value.unsigneds
            case .parseSpecial: parseSpecial = parts.special(value)
            case .addSpecial: addSpecial = parts.special(value)
            case .allPositions: allPositions = value.bool
            case .messages: parts.messages.append(try value.record(ChatMessage.self))
            case .context: context = try value.record(RequestContext.self)
            case .requirements: requirements = try value.record(Requirements.self)
            }
        }
        prompt = try parts.prompt(of: Self.layout.name)
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        writer.text(ID.prompt, prompt.text)
        writer.unsigneds(ID.tokens, prompt.tokens)
        writer.bool(ID.parseSpecial, parseSpecial ? true : nil)
        writer.bool(ID.addSpecial, addSpecial ? nil : false)
        writer.bool(ID.allPositions, allPositions ? true : nil)
        for value in prompt.messages { writer.record(ID.messages, value) }
        if writer.revision >= 3 { writer.record(ID.context, context) }
        writer.record(ID.requirements, requirements)
    }
}

/// Part of the answer to Logits; more frames follow.
public struct LogitsChunk: NumberedResponse, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.logits
    /// True: more frames of the response follow.
    public static let isFollowed = true

    /// The next values.
    public var logits: [Float]
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?

    /// A value from its parts; sends nothing.
    public init(logits: [Float], frame: UInt64? = nil) {
        self.logits = logits
        self.frame = frame
    }

    enum ID: UInt16 { case logits = 1, frame = 28 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Logits chunk",
        [
            FieldLayout(ID.logits, "logits", .numbers, .required, .count(1, 1_000_000)),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(logits: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .logits: logits = value.numbers
            case .frame: frame = value.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.numbers(ID.logits, logits)
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
    }
}

/// Answer to Logits, or the last frame of it.
public struct LogitsResponse: NumberedResponse, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.logits

    /// The last values.
    public var logits: [Float]
    /// Values per position.
    public var vocabulary: UInt64
    /// Positions in all.
    public var positions: UInt64
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?
    /// Who answered.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// A value from its parts; sends nothing.
    public init(
        logits: [Float], vocabulary: UInt64, positions: UInt64, frame: UInt64? = nil,
        answer: AnswerRecord
    ) {
        self.logits = logits
        self.vocabulary = vocabulary
        self.positions = positions
        self.frame = frame
        self.answer = answer
    }

    enum ID: UInt16 { case logits = 1, vocabulary = 2, positions = 3, frame = 28, answer = 31 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Logits response",
        [
            FieldLayout(ID.logits, "logits", .numbers, .required, .count(0, 1_000_000)),
            FieldLayout(
                ID.vocabulary, "vocabulary", .unsigned, .required, .unsigned(1, 4_294_967_295)),
            FieldLayout(
                ID.positions, "positions", .unsigned, .required, .unsigned(1, 4_294_967_295)),
            FieldLayout(ID.frame, "frame", .unsigned),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            logits: [], vocabulary: 0, positions: 0,
            answer: AnswerRecord(model: "", device: "", timing: Timing()))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .logits: logits = value.numbers
            case .vocabulary: vocabulary = value.unsigned
            case .positions: positions = value.unsigned
            case .frame: frame = value.unsigned
            case .answer: answer = try value.record(AnswerRecord.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.numbers(ID.logits, logits)
        writer.unsigned(ID.vocabulary, vocabulary)
        writer.unsigned(ID.positions, positions)
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
        writer.record(ID.answer, answer)
    }
}
