// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Score: computes log-probabilities of given continuations.

/// Request of Score: computes log-probabilities of given continuations.
public struct ScoreRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.score
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
        return max(prompt.revision, 2)
    }

    /// Name of the model, absent for the server's only model.
    public var model: String?
    /// Prompt of the request.
    public var prompt: Prompt
    /// As in Generate.
    public var parseSpecial: Bool
    /// As in Generate.
    public var addSpecial: Bool
    /// Continuations to score, an `Input` each.
    public var continuations: [Input]
    /// Alternatives listed beside each token, default 0.
    public var topLogprobs: UInt64
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
        continuations: [Input], topLogprobs: UInt64 = 0, tools: String? = nil,
        templateVariables: [TemplateVariable] = [], addGenerationPrompt: Bool = true,
        continueFinalMessage: Bool = false, templateTime: UInt64? = nil,
        context: RequestContext? = nil, requirements: Requirements? = nil
    ) {
        self.model = model
        self.prompt = prompt
        self.parseSpecial = parseSpecial
        self.addSpecial = addSpecial
        self.continuations = continuations
        self.topLogprobs = topLogprobs
        self.tools = tools
        self.templateVariables = templateVariables
        self.addGenerationPrompt = addGenerationPrompt
        self.continueFinalMessage = continueFinalMessage
        self.templateTime = templateTime
        self.context = context
        self.requirements = requirements
    }

    enum ID: UInt16 {
        case model = 1, prompt = 2, tokens = 3, parseSpecial = 4, addSpecial = 5, messages = 6
        case continuations = 7, topLogprobs = 8, tools = 9, templateVariables = 10
        case addGenerationPrompt = 11, continueFinalMessage = 12, templateTime = 13, context = 29
        case requirements = 30
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Score request",
        [
            FieldLayout(ID.model, "model", .text, .optional, .size(1, 128)),
            FieldLayout(ID.prompt, "prompt", .text, .optional, .size(0, 4_000_000)),
            FieldLayout(ID.tokens, "tokens", .unsigneds, .optional, .count(1, 1_000_000)),
            FieldLayout(ID.parseSpecial, "parse_special", .bool),
            FieldLayout(ID.addSpecial, "add_special", .bool),
            FieldLayout(ID.messages, "messages", .record, .repeated(max: 1024)),
            FieldLayout(ID.continuations, "continuations", .record, .repeated(min: 1, max: 256)),
            FieldLayout(ID.topLogprobs, "top_logprobs", .unsigned, .optional, .unsigned(0, 64)),
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
        self.init(prompt: .text(""), continuations: [])
        var parts = PromptFields()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .model: model = try value.text()
            case .prompt: parts.text = try value.text()
            case .tokens: parts.tokens = value.unsigneds
            case .parseSpecial: parseSpecial = value.bool
            case .addSpecial: addSpecial = value.bool
            case .messages: parts.messages.append(try value.record(ChatMessage.self))
            case .continuations: continuations.append(try value.record(Input.self))
            case .topLogprobs: topLogprobs = value.unsigned
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
        for value in prompt.messages { writer.record(ID.messages, value) }
        for value in continuations { writer.record(ID.continuations, value) }
        writer.unsigned(ID.topLogprobs, topLogprobs == 0 ? nil : topLogprobs)
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

/// Answer to Score.
public struct ScoreResponse: ResponseMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.score

    /// A `Continuation score` for each continuation, in order.
    public var scores: [Score]
    /// Tokens of the prompt alone.
    public var promptTokens: UInt64
    /// Facts about the answer, an `Answer`.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// Makes a value from the fields.
    public init(scores: [Score], promptTokens: UInt64, answer: AnswerRecord) {
        self.scores = scores
        self.promptTokens = promptTokens
        self.answer = answer
    }

    enum ID: UInt16 { case scores = 1, promptTokens = 2, answer = 31 }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Score response",
        [
            FieldLayout(ID.scores, "scores", .record, .repeated(min: 1, max: 256)),
            FieldLayout(ID.promptTokens, "prompt_tokens", .unsigned, .required),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(scores: [], promptTokens: 0, answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .scores: scores.append(try value.record(Score.self))
            case .promptTokens: promptTokens = value.unsigned
            case .answer: answer = try value.record(AnswerRecord.self)
            }
        }
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        for value in scores { writer.record(ID.scores, value) }
        writer.unsigned(ID.promptTokens, promptTokens)
        writer.record(ID.answer, answer)
    }
}
