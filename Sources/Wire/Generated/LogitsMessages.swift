// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Logits: computes raw scores of the vocabulary (streamed).

/// Request of Logits: computes raw scores of the vocabulary (streamed).
public struct LogitsRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.logits
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 {
        if tools != nil
            || !templateVariables.isEmpty
            || !addGenerationPrompt
            || continueFinalMessage
            || templateTime != nil
            || context != nil
        {
            return 3
        }
        return prompt.revision
    }

    /// Name of the model, absent for the server's only model.
    public var model: String?
    /// Prompt of the request.
    public var prompt: Prompt
    /// As in Generate.
    public var parseSpecial: Bool
    /// As in Generate.
    public var addSpecial: Bool
    /// Logits after every token instead of the last alone, default false.
    public var allPositions: Bool
    /// JSON text of a list of tools, only with `messages`.
    public var tools: String?
    /// Further variables of the chat template, only with `messages`.
    public var templateVariables: [TemplateVariable]
    /// End with the template's opening of an answer, default true, only with `messages`.
    public var addGenerationPrompt: Bool
    /// Leave the last message open instead, to be continued, default false, only with `messages`.
    public var continueFinalMessage: Bool
    /// Time for the chat template, absent for the server's time, seconds since 1970, only with
    /// `messages`.
    public var templateTime: UInt64?
    /// Trace, attempt and priority of the request.
    public var context: RequestContext?
    /// Demands on the model.
    public var requirements: Requirements?

    /// Makes a value from the fields.
    public init(
        model: String? = nil, prompt: Prompt, parseSpecial: Bool = false, addSpecial: Bool = true,
        allPositions: Bool = false, tools: String? = nil,
        templateVariables: [TemplateVariable] = [], addGenerationPrompt: Bool = true,
        continueFinalMessage: Bool = false, templateTime: UInt64? = nil,
        context: RequestContext? = nil, requirements: Requirements? = nil
    ) {
        self.model = model
        self.prompt = prompt
        self.parseSpecial = parseSpecial
        self.addSpecial = addSpecial
        self.allPositions = allPositions
        self.tools = tools
        self.templateVariables = templateVariables
        self.addGenerationPrompt = addGenerationPrompt
        self.continueFinalMessage = continueFinalMessage
        self.templateTime = templateTime
        self.context = context
        self.requirements = requirements
    }

    enum ID: UInt16 {
        case model = 1, prompt = 2, tokens = 3, parseSpecial = 4, addSpecial = 5, allPositions = 6
        case messages = 7, tools = 8, templateVariables = 9, addGenerationPrompt = 10
        case continueFinalMessage = 11, templateTime = 12, context = 29, requirements = 30
    }

    /// Table of the body.
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
            FieldLayout(ID.tools, "tools", .text, .optional, .size(1, 1_000_000)),
            FieldLayout(ID.templateVariables, "template_variables", .record, .repeated(max: 64)),
            FieldLayout(ID.addGenerationPrompt, "add_generation_prompt", .bool),
            FieldLayout(ID.continueFinalMessage, "continue_final_message", .bool),
            FieldLayout(
                ID.templateTime, "template_time", .unsigned, .optional,
                .unsigned(0, 253_402_300_799)),
            FieldLayout(ID.context, "context", .record),
            FieldLayout(ID.requirements, "requirements", .record),
        ],
        excludes: [
            (ID.messages, ID.parseSpecial),
            (ID.messages, ID.addSpecial),
            (ID.prompt, ID.tools),
            (ID.prompt, ID.templateVariables),
            (ID.prompt, ID.addGenerationPrompt),
            (ID.prompt, ID.continueFinalMessage),
            (ID.prompt, ID.templateTime),
            (ID.tokens, ID.tools),
            (ID.tokens, ID.templateVariables),
            (ID.tokens, ID.addGenerationPrompt),
            (ID.tokens, ID.continueFinalMessage),
            (ID.tokens, ID.templateTime),
            (ID.addGenerationPrompt, ID.continueFinalMessage),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(prompt: .text(""))
        var parts = PromptFields()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .model: model = try value.text()
            case .prompt: parts.text = try value.text()
            case .tokens: parts.tokens = value.unsigneds
            case .parseSpecial: parseSpecial = value.bool
            case .addSpecial: addSpecial = value.bool
            case .allPositions: allPositions = value.bool
            case .messages: parts.messages.append(try value.record(ChatMessage.self))
            case .tools: tools = try value.text()
            case .templateVariables:
                templateVariables.append(try value.record(TemplateVariable.self))
            case .addGenerationPrompt: addGenerationPrompt = value.bool
            case .continueFinalMessage: continueFinalMessage = value.bool
            case .templateTime: templateTime = value.unsigned
            case .context: context = try value.record(RequestContext.self)
            case .requirements: requirements = try value.record(Requirements.self)
            }
        }
        prompt = try parts.prompt(of: Self.layout.name)
        try reader.checkExclusions()
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.text(ID.model, model)
        writer.text(ID.prompt, prompt.text)
        writer.unsigneds(ID.tokens, prompt.tokens)
        writer.bool(ID.parseSpecial, parseSpecial ? true : nil)
        writer.bool(ID.addSpecial, addSpecial ? nil : false)
        writer.bool(ID.allPositions, allPositions ? true : nil)
        for value in prompt.messages { writer.record(ID.messages, value) }
        if writer.revision >= 3 { writer.text(ID.tools, tools) }
        if writer.revision >= 3 {
            for value in templateVariables { writer.record(ID.templateVariables, value) }
        }
        if writer.revision >= 3 {
            writer.bool(ID.addGenerationPrompt, addGenerationPrompt ? nil : false)
        }
        if writer.revision >= 3 {
            writer.bool(ID.continueFinalMessage, continueFinalMessage ? true : nil)
        }
        if writer.revision >= 3 { writer.unsigned(ID.templateTime, templateTime) }
        if writer.revision >= 3 { writer.record(ID.context, context) }
        writer.record(ID.requirements, requirements)
    }
}

/// Part of the answer to Logits, followed by more frames.
public struct LogitsChunk: NumberedResponse, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.logits
    /// True: more frames of the response follow.
    public static let isFollowed = true

    /// The next values.
    public var logits: [Float]
    /// Number of the frame in the answer, from 0.
    public var frame: UInt64?

    /// Makes a value from the fields.
    public init(logits: [Float], frame: UInt64? = nil) {
        self.logits = logits
        self.frame = frame
    }

    enum ID: UInt16 { case logits = 1, frame = 28 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Logits chunk",
        [
            FieldLayout(ID.logits, "logits", .numbers, .required, .count(1, 1_000_000)),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body, see `WireRecord`.
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

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.numbers(ID.logits, logits)
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
    }
}

/// Answer to Logits, or last frame of the answer.
public struct LogitsResponse: NumberedResponse, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.logits

    /// The last values.
    public var logits: [Float]
    /// Values per position.
    public var vocabulary: UInt64
    /// Positions in all.
    public var positions: UInt64
    /// Number of the frame in the answer, from 0.
    public var frame: UInt64?
    /// Facts about the answer, an `Answer`.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// Makes a value from the fields.
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

    /// Table of the body.
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

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            logits: [], vocabulary: 0, positions: 0, answer: AnswerRecord(model: "", device: ""))
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

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.numbers(ID.logits, logits)
        writer.unsigned(ID.vocabulary, vocabulary)
        writer.unsigned(ID.positions, positions)
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
        writer.record(ID.answer, answer)
    }
}
