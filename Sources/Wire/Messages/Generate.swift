// Generate, the request: a prompt in, a stream of tokens out.
//
// What it is answered with stands in GenerateAnswer.swift.

/// Asks for a continuation.
public struct GenerateRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.generate
    /// Log-probabilities and conversations came with revision 2.
    public var revisionNeeded: UInt64 {
        logprobs == nil && promptLogprobs == nil ? prompt.revision : 2
    }

    /// Nil: the server's only model.
    public var model: String?
    /// What to begin with.
    public var prompt: Prompt
    /// True: the names of special tokens in a text prompt become those tokens.
    public var parseSpecial = false
    /// True: begin tokens are added to a text prompt as the model asks for.
    public var addSpecial = true
    /// Tokens to make at most.
    public var maxTokens = Limits.generateTokensDefault
    /// 0 picks the best token every time.
    public var temperature = 0.0
    /// 0 keeps all tokens.
    public var topK: UInt64 = 0
    /// 1 keeps all tokens.
    public var topP = 1.0
    /// 0 keeps all tokens.
    public var minP = 0.0
    /// Seed of the sampler.
    public var seed: UInt64 = 0
    /// Generation ends before the first of these appears in the text.
    public var stop: [String] = []
    /// True: an overlong prompt loses its beginning, and the answer says so. False: it is refused.
    public var truncatePrompt = false
    /// Alternatives listed beside each token made, 0 to 64; nil: no log-probabilities.
    public var logprobs: UInt64?
    /// The same for the tokens of the prompt from the second on.
    public var promptLogprobs: UInt64?
    /// Demands on the model, checked before any work.
    public var requirements: Requirements?

    /// A value from its parts; sends nothing.
    public init(model: String? = nil, prompt: Prompt) {
        self.model = model
        self.prompt = prompt
    }

    private enum ID: UInt16 {
        case model = 1, prompt, tokens, parseSpecial, addSpecial, maxTokens, temperature
        case topK, topP, minP, seed, stop, truncatePrompt, logprobs, promptLogprobs, messages
        case requirements = 30
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Generate request",
        [
            FieldLayout(
                ID.model, "model", .text, .optional, .size(1, Limits.modelNameSizeMax)),
            FieldLayout(ID.prompt, "prompt", .text, .optional, .size(0, Limits.textSizeMax)),
            FieldLayout(
                ID.tokens, "tokens", .unsigneds, .optional, .count(1, Limits.tokenCountMax)),
            FieldLayout(ID.parseSpecial, "parse_special", .bool),
            FieldLayout(ID.addSpecial, "add_special", .bool),
            FieldLayout(
                ID.maxTokens, "max_tokens", .unsigned, .optional,
                .unsigned(1, Limits.generateTokensMax)),
            FieldLayout(
                ID.temperature, "temperature", .number, .optional,
                .number(0, Limits.temperatureMax)),
            FieldLayout(
                ID.topK, "top_k", .unsigned, .optional, .unsigned(0, Limits.topKMax)),
            FieldLayout(ID.topP, "top_p", .number, .optional, .numberAbove(0, 1)),
            FieldLayout(ID.minP, "min_p", .number, .optional, .number(0, 1)),
            FieldLayout(ID.seed, "seed", .unsigned),
            FieldLayout(
                ID.stop, "stop", .text, .repeated(max: Limits.stopCountMax),
                .size(1, Limits.stopSizeMax)),
            FieldLayout(ID.truncatePrompt, "truncate_prompt", .bool),
            FieldLayout(
                ID.logprobs, "logprobs", .unsigned, .optional,
                .unsigned(0, Limits.topLogprobsMax)),
            FieldLayout(
                ID.promptLogprobs, "prompt_logprobs", .unsigned, .optional,
                .unsigned(0, Limits.topLogprobsMax)),
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
            case .maxTokens: maxTokens = field.unsigned
            case .temperature: temperature = field.number
            case .topK: topK = field.unsigned
            case .topP: topP = field.number
            case .minP: minP = field.number
            case .seed: seed = field.unsigned
            case .stop: stop.append(try field.text())
            case .truncatePrompt: truncatePrompt = field.bool
            case .logprobs: logprobs = field.unsigned
            case .promptLogprobs: promptLogprobs = field.unsigned
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
        writer.unsigned(ID.maxTokens, maxTokens)
        writer.number(ID.temperature, temperature == 0 ? nil : temperature)
        writer.unsigned(ID.topK, topK == 0 ? nil : topK)
        writer.number(ID.topP, topP == 1 ? nil : topP)
        writer.number(ID.minP, minP == 0 ? nil : minP)
        writer.unsigned(ID.seed, seed == 0 ? nil : seed)
        for word in stop { writer.text(ID.stop, word) }
        writer.bool(ID.truncatePrompt, truncatePrompt ? true : nil)
        writer.unsigned(ID.logprobs, logprobs)
        writer.unsigned(ID.promptLogprobs, promptLogprobs)
        for message in prompt.messages { writer.record(ID.messages, message) }
        writer.record(ID.requirements, requirements)
    }
}
