// Logits: the raw scores of a model after a prompt, for checks and for callers with own samplers.
//
// Values are row-major, positions × vocabulary, cut anywhere into frames: any number of
// LogitsChunk (flag more), then one LogitsResponse with the rest.

/// Asks for the scores after the last token, or after every token.
public struct LogitsRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.logits
    /// Conversations came with revision 2.
    public var revisionNeeded: UInt64 { prompt.revision }

    /// The model; nil stands for the server's only one.
    public var model: String?
    /// What to begin with.
    public var prompt: Prompt
    /// True: names of special tokens in a text prompt become those tokens.
    public var parseSpecial = false
    /// True: begin tokens are added to a text prompt as the model asks for.
    public var addSpecial = true
    /// False: the last position only.
    public var allPositions = false
    /// Demands on the model, checked before any work.
    public var requirements: Requirements?

    /// A value from its parts; sends nothing.
    public init(model: String? = nil, prompt: Prompt) {
        self.model = model
        self.prompt = prompt
    }

    private enum ID: UInt16 {
        case model = 1, prompt, tokens, parseSpecial, addSpecial, allPositions, messages
        case requirements = 30
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Logits request",
        [
            FieldLayout(
                ID.model, "model", .text, .optional, .size(1, Limits.modelNameSizeMax)),
            FieldLayout(ID.prompt, "prompt", .text, .optional, .size(0, Limits.textSizeMax)),
            FieldLayout(
                ID.tokens, "tokens", .unsigneds, .optional, .count(1, Limits.tokenCountMax)),
            FieldLayout(ID.parseSpecial, "parse_special", .bool),
            FieldLayout(ID.addSpecial, "add_special", .bool),
            FieldLayout(ID.allPositions, "all_positions", .bool),
            FieldLayout(
                ID.messages, "messages", .record, .repeated(max: Limits.messageCountMax)),
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(prompt: .text(""))
        var parts = PromptFields()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .model: model = try field.text()
            case .prompt: parts.text = try field.text()
            case .tokens: parts.tokens = field.unsigneds
            case .parseSpecial: parseSpecial = parts.special(field)
            case .addSpecial: addSpecial = parts.special(field)
            case .allPositions: allPositions = field.bool
            case .messages: parts.messages.append(try field.record(ChatMessage.self))
            case .requirements: requirements = try field.record(Requirements.self)
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
        for message in prompt.messages { writer.record(ID.messages, message) }
        writer.record(ID.requirements, requirements)
    }
}

/// Part of the values; more frames follow.
public struct LogitsChunk: NumberedResponse, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.logits
    /// True: more frames of the response follow.
    public static let isFollowed = true

    /// Values, row-major: positions by vocabulary.
    public var logits: [Float]
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?

    /// A value from its parts; sends nothing.
    public init(logits: [Float]) { self.logits = logits }

    private enum ID: UInt16 { case logits = 1, frame = 28 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Logits chunk",
        [
            FieldLayout(
                ID.logits, "logits", .numbers, .required, .count(1, Limits.logitCountMax)),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(logits: [])
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .logits: logits = field.numbers
            case .frame: frame = field.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.numbers(ID.logits, logits)
        writer.unsigned(ID.frame, frame, since: 3)
    }
}

/// The rest of the values and what they are.
public struct LogitsResponse: NumberedResponse, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.logits

    /// Values not sent in chunks.
    public var logits: [Float]
    /// Values per position.
    public var vocabulary: UInt64
    /// Positions in all.
    public var positions: UInt64
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?
    /// Who answered, where, how long, how degraded.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// A value from its parts; sends nothing.
    public init(logits: [Float], vocabulary: UInt64, positions: UInt64, answer: AnswerRecord) {
        self.logits = logits
        self.vocabulary = vocabulary
        self.positions = positions
        self.answer = answer
    }

    private enum ID: UInt16 { case logits = 1, vocabulary, positions, frame = 28, answer = 31 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Logits response",
        [
            FieldLayout(
                ID.logits, "logits", .numbers, .required, .count(0, Limits.logitCountMax)),
            FieldLayout(
                ID.vocabulary, "vocabulary", .unsigned, .required,
                .unsigned(1, UInt64(UInt32.max))),
            FieldLayout(
                ID.positions, "positions", .unsigned, .required,
                .unsigned(1, UInt64(UInt32.max))),
            FieldLayout(ID.frame, "frame", .unsigned),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            logits: [], vocabulary: 0, positions: 0, answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .logits: logits = field.numbers
            case .vocabulary: vocabulary = field.unsigned
            case .positions: positions = field.unsigned
            case .frame: frame = field.unsigned
            case .answer: answer = try field.record(AnswerRecord.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.numbers(ID.logits, logits)
        writer.unsigned(ID.vocabulary, vocabulary)
        writer.unsigned(ID.positions, positions)
        writer.unsigned(ID.frame, frame, since: 3)
        writer.record(ID.answer, answer)
    }
}
