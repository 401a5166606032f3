// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Generate: continues a prompt (streamed).

/// Request of Generate: continues a prompt (streamed).
public struct GenerateRequest: RequestMessage, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.generate
    /// Lowest revision that knows every field given.
    public var revisionNeeded: UInt64 {
        if ignoreEos
            || minTokens != 0
            || tools != nil
            || !templateVariables.isEmpty
            || !addGenerationPrompt
            || continueFinalMessage
            || templateTime != nil
            || context != nil
        {
            return 3
        }
        if logprobs != nil || promptLogprobs != nil { return 2 }
        return prompt.revision
    }

    /// Name of the model, absent for the server's only model.
    public var model: String?
    /// Prompt of the request.
    public var prompt: Prompt
    /// Names of special tokens in `prompt` become special tokens, default false.
    public var parseSpecial: Bool
    /// Add begin tokens to `prompt` as the model demands, default true.
    public var addSpecial: Bool
    /// Tokens to make at most, default 256.
    public var maxTokens: UInt64
    /// Sampling temperature, where 0 always picks the best token, default 0.
    public var temperature: Double
    /// Number of best tokens to keep, default 0, meaning all.
    public var topK: UInt64
    /// Share of probability up to which the best tokens are kept, default 1, meaning all, above 0
    /// unless the temperature is 0.
    public var topP: Double
    /// Least share of the best token's probability for a token to be kept, default 0, meaning all.
    public var minP: Double
    /// Seed of the sampler, default 0.
    public var seed: UInt64
    /// Stop string, before which the answer ends.
    public var stop: [String]
    /// Cut the beginning of an overlong prompt (`truncated_context`) instead of refusing, default
    /// false.
    public var truncatePrompt: Bool
    /// Number of best alternatives to list beside each token's log-probability, absent for no log-
    /// probabilities.
    public var logprobs: UInt64?
    /// Number of best alternatives to list beside each prompt token's log-probability, absent for
    /// none.
    public var promptLogprobs: UInt64?
    /// An end token does not end the answer, default false.
    public var ignoreEos: Bool
    /// Tokens before which neither an end token is chosen nor a stop string looked for, default 0.
    public var minTokens: UInt64
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
        maxTokens: UInt64 = 256, temperature: Double = 0, topK: UInt64 = 0, topP: Double = 1,
        minP: Double = 0, seed: UInt64 = 0, stop: [String] = [], truncatePrompt: Bool = false,
        logprobs: UInt64? = nil, promptLogprobs: UInt64? = nil, ignoreEos: Bool = false,
        minTokens: UInt64 = 0, tools: String? = nil, templateVariables: [TemplateVariable] = [],
        addGenerationPrompt: Bool = true, continueFinalMessage: Bool = false,
        templateTime: UInt64? = nil, context: RequestContext? = nil,
        requirements: Requirements? = nil
    ) {
        self.model = model
        self.prompt = prompt
        self.parseSpecial = parseSpecial
        self.addSpecial = addSpecial
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.seed = seed
        self.stop = stop
        self.truncatePrompt = truncatePrompt
        self.logprobs = logprobs
        self.promptLogprobs = promptLogprobs
        self.ignoreEos = ignoreEos
        self.minTokens = minTokens
        self.tools = tools
        self.templateVariables = templateVariables
        self.addGenerationPrompt = addGenerationPrompt
        self.continueFinalMessage = continueFinalMessage
        self.templateTime = templateTime
        self.context = context
        self.requirements = requirements
    }

    enum ID: UInt16 {
        case model = 1, prompt = 2, tokens = 3, parseSpecial = 4, addSpecial = 5, maxTokens = 6
        case temperature = 7, topK = 8, topP = 9, minP = 10, seed = 11, stop = 12
        case truncatePrompt = 13, logprobs = 14, promptLogprobs = 15, messages = 16, ignoreEos = 17
        case minTokens = 18, tools = 19, templateVariables = 20, addGenerationPrompt = 21
        case continueFinalMessage = 22, templateTime = 23, context = 29, requirements = 30
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Generate request",
        [
            FieldLayout(ID.model, "model", .text, .optional, .size(1, 128)),
            FieldLayout(ID.prompt, "prompt", .text, .optional, .size(0, 4_000_000)),
            FieldLayout(ID.tokens, "tokens", .unsigneds, .optional, .count(1, 1_000_000)),
            FieldLayout(ID.parseSpecial, "parse_special", .bool),
            FieldLayout(ID.addSpecial, "add_special", .bool),
            FieldLayout(ID.maxTokens, "max_tokens", .unsigned, .optional, .unsigned(1, 1_048_576)),
            FieldLayout(ID.temperature, "temperature", .number, .optional, .number(0, 100)),
            FieldLayout(ID.topK, "top_k", .unsigned, .optional, .unsigned(0, 16_777_216)),
            FieldLayout(ID.topP, "top_p", .number, .optional, .number(0, 1)),
            FieldLayout(ID.minP, "min_p", .number, .optional, .number(0, 1)),
            FieldLayout(ID.seed, "seed", .unsigned),
            FieldLayout(ID.stop, "stop", .text, .repeated(max: 16), .size(1, 256)),
            FieldLayout(ID.truncatePrompt, "truncate_prompt", .bool),
            FieldLayout(ID.logprobs, "logprobs", .unsigned, .optional, .unsigned(0, 64)),
            FieldLayout(
                ID.promptLogprobs, "prompt_logprobs", .unsigned, .optional, .unsigned(0, 64)),
            FieldLayout(ID.messages, "messages", .record, .repeated(max: 1024)),
            FieldLayout(ID.ignoreEos, "ignore_eos", .bool),
            FieldLayout(ID.minTokens, "min_tokens", .unsigned, .optional, .unsigned(0, 1_048_576)),
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
            case .maxTokens: maxTokens = value.unsigned
            case .temperature: temperature = value.number
            case .topK: topK = value.unsigned
            case .topP: topP = value.number
            case .minP: minP = value.number
            case .seed: seed = value.unsigned
            case .stop: stop.append(try value.text())
            case .truncatePrompt: truncatePrompt = value.bool
            case .logprobs: logprobs = value.unsigned
            case .promptLogprobs: promptLogprobs = value.unsigned
            case .messages: parts.messages.append(try value.record(ChatMessage.self))
            case .ignoreEos: ignoreEos = value.bool
            case .minTokens: minTokens = value.unsigned
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
        writer.unsigned(ID.maxTokens, maxTokens)
        writer.number(ID.temperature, temperature == 0 ? nil : temperature)
        writer.unsigned(ID.topK, topK == 0 ? nil : topK)
        writer.number(ID.topP, topP == 1 ? nil : topP)
        writer.number(ID.minP, minP == 0 ? nil : minP)
        writer.unsigned(ID.seed, seed == 0 ? nil : seed)
        for value in stop { writer.text(ID.stop, value) }
        writer.bool(ID.truncatePrompt, truncatePrompt ? true : nil)
        writer.unsigned(ID.logprobs, logprobs)
        writer.unsigned(ID.promptLogprobs, promptLogprobs)
        for value in prompt.messages { writer.record(ID.messages, value) }
        if writer.revision >= 3 { writer.bool(ID.ignoreEos, ignoreEos ? true : nil) }
        if writer.revision >= 3 { writer.unsigned(ID.minTokens, minTokens == 0 ? nil : minTokens) }
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

/// Part of the answer to Generate, followed by more frames.
public struct GenerateChunk: NumberedResponse, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.generate
    /// True: more frames of the response follow.
    public static let isFollowed = true

    /// Tokens made since the last frame.
    public var tokens: [UInt32]
    /// Text of the tokens, whole characters, may lag behind.
    public var text: String
    /// Prompt tokens read so far.
    public var promptDone: UInt64?
    /// Prompt tokens in all.
    public var promptTotal: UInt64?
    /// Log-probabilities of exactly `tokens`, when requested.
    public var logprobs: Logprobs?
    /// Log-probabilities of the next prompt tokens, when requested.
    public var promptLogprobs: Logprobs?
    /// Number of the frame in the answer, from 0.
    public var frame: UInt64?

    /// Makes a value from the fields.
    public init(
        tokens: [UInt32] = [], text: String = "", promptDone: UInt64? = nil,
        promptTotal: UInt64? = nil, logprobs: Logprobs? = nil, promptLogprobs: Logprobs? = nil,
        frame: UInt64? = nil
    ) {
        self.tokens = tokens
        self.text = text
        self.promptDone = promptDone
        self.promptTotal = promptTotal
        self.logprobs = logprobs
        self.promptLogprobs = promptLogprobs
        self.frame = frame
    }

    enum ID: UInt16 {
        case tokens = 1, text = 2, promptDone = 3, promptTotal = 4, logprobs = 5
        case promptLogprobs = 6, frame = 28
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Generate chunk",
        [
            FieldLayout(ID.tokens, "tokens", .unsigneds, .optional, .count(0, 1_000_000)),
            FieldLayout(ID.text, "text", .text, .optional, .size(0, 4_000_000)),
            FieldLayout(ID.promptDone, "prompt_done", .unsigned),
            FieldLayout(ID.promptTotal, "prompt_total", .unsigned),
            FieldLayout(ID.logprobs, "logprobs", .record),
            FieldLayout(ID.promptLogprobs, "prompt_logprobs", .record),
            FieldLayout(ID.frame, "frame", .unsigned),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .tokens: tokens = value.unsigneds
            case .text: text = try value.text()
            case .promptDone: promptDone = value.unsigned
            case .promptTotal: promptTotal = value.unsigned
            case .logprobs: logprobs = try value.record(Logprobs.self)
            case .promptLogprobs: promptLogprobs = try value.record(Logprobs.self)
            case .frame: frame = value.unsigned
            }
        }
        try Logprobs.check(logprobs, beside: tokens, of: Self.layout.name)
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigneds(ID.tokens, tokens.isEmpty ? nil : tokens)
        writer.text(ID.text, text.isEmpty ? nil : text)
        writer.unsigned(ID.promptDone, promptDone)
        writer.unsigned(ID.promptTotal, promptTotal)
        writer.record(ID.logprobs, logprobs)
        writer.record(ID.promptLogprobs, promptLogprobs)
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
    }
}

/// Answer to Generate, or last frame of the answer.
public struct GenerateResponse: NumberedResponse, Equatable {
    /// Kind of the message's frames.
    public static let kind = MessageKind.generate

    /// Tokens not sent in chunks.
    public var tokens: [UInt32]
    /// Text not sent in chunks.
    public var text: String
    /// Cause of the end: end token or stop string, `max_tokens` or context, Cancel, deadline.
    public var finishReason: FinishReason
    /// Stop string that ended the answer.
    public var stopMatched: String?
    /// Tokens of the prompt.
    public var promptTokens: UInt64
    /// Tokens made in all.
    public var completionTokens: UInt64
    /// Log-probabilities of exactly `tokens`, when requested.
    public var logprobs: Logprobs?
    /// Log-probabilities of the prompt tokens not sent in chunks.
    public var promptLogprobs: Logprobs?
    /// Number of the frame in the answer, from 0.
    public var frame: UInt64?
    /// Facts about the answer, an `Answer`.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// Makes a value from the fields.
    public init(
        tokens: [UInt32] = [], text: String = "", finishReason: FinishReason,
        stopMatched: String? = nil, promptTokens: UInt64, completionTokens: UInt64,
        logprobs: Logprobs? = nil, promptLogprobs: Logprobs? = nil, frame: UInt64? = nil,
        answer: AnswerRecord
    ) {
        self.tokens = tokens
        self.text = text
        self.finishReason = finishReason
        self.stopMatched = stopMatched
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.logprobs = logprobs
        self.promptLogprobs = promptLogprobs
        self.frame = frame
        self.answer = answer
    }

    enum ID: UInt16 {
        case tokens = 1, text = 2, finishReason = 5, stopMatched = 6, promptTokens = 7
        case completionTokens = 8, logprobs = 9, promptLogprobs = 10, frame = 28, answer = 31
    }

    /// Table of the body.
    public static let layout = MessageLayout(
        "Generate response",
        [
            FieldLayout(ID.tokens, "tokens", .unsigneds, .optional, .count(0, 1_000_000)),
            FieldLayout(ID.text, "text", .text, .optional, .size(0, 4_000_000)),
            FieldLayout(
                ID.finishReason, "finish_reason", .text, .required,
                .choice("stop|length|cancelled|deadline")),
            FieldLayout(ID.stopMatched, "stop_matched", .text, .optional, .size(1, 256)),
            FieldLayout(ID.promptTokens, "prompt_tokens", .unsigned, .required),
            FieldLayout(ID.completionTokens, "completion_tokens", .unsigned, .required),
            FieldLayout(ID.logprobs, "logprobs", .record),
            FieldLayout(ID.promptLogprobs, "prompt_logprobs", .record),
            FieldLayout(ID.frame, "frame", .unsigned),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body, see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            finishReason: .stop, promptTokens: 0, completionTokens: 0,
            answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, value) = try reader.next() {
            switch id {
            case .tokens: tokens = value.unsigneds
            case .text: text = try value.text()
            case .finishReason: finishReason = try value.word(FinishReason.self)
            case .stopMatched: stopMatched = try value.text()
            case .promptTokens: promptTokens = value.unsigned
            case .completionTokens: completionTokens = value.unsigned
            case .logprobs: logprobs = try value.record(Logprobs.self)
            case .promptLogprobs: promptLogprobs = try value.record(Logprobs.self)
            case .frame: frame = value.unsigned
            case .answer: answer = try value.record(AnswerRecord.self)
            }
        }
        try Logprobs.check(logprobs, beside: tokens, of: Self.layout.name)
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigneds(ID.tokens, tokens.isEmpty ? nil : tokens)
        writer.text(ID.text, text.isEmpty ? nil : text)
        writer.text(ID.finishReason, finishReason.rawValue)
        writer.text(ID.stopMatched, stopMatched)
        writer.unsigned(ID.promptTokens, promptTokens)
        writer.unsigned(ID.completionTokens, completionTokens)
        writer.record(ID.logprobs, logprobs)
        writer.record(ID.promptLogprobs, promptLogprobs)
        if writer.revision >= 3 { writer.unsigned(ID.frame, frame) }
        writer.record(ID.answer, answer)
    }
}
