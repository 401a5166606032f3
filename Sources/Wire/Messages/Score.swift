// Score: how probable given continuations of a prompt are.
//
// One frame answers: a Score per continuation, in the order of the request.

/// Asks for the log-probabilities of continuations of one prompt.
public struct ScoreRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.score
    /// Score came with revision 2.
    public var revisionNeeded: UInt64 { 2 }

    /// Nil: the server's only model.
    public var model: String?
    /// What the continuations follow.
    public var prompt: Prompt
    /// True: names of special tokens in text become those tokens.
    public var parseSpecial = false
    /// True: begin tokens are added to a text prompt as the model asks for.
    public var addSpecial = true
    /// What is scored, each by itself; 1 to 256.
    public var continuations: [Input]
    /// Alternatives listed beside each token, 0 to 64.
    public var topLogprobs: UInt64 = 0
    /// Demands on the model, checked before any work.
    public var requirements: Requirements?

    /// A value from its parts; sends nothing.
    public init(model: String? = nil, prompt: Prompt, continuations: [Input]) {
        self.model = model
        self.prompt = prompt
        self.continuations = continuations
    }

    private enum ID: UInt16 {
        case model = 1, prompt, tokens, parseSpecial, addSpecial, messages, continuations
        case topLogprobs
        case requirements = 30
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Score request",
        [
            FieldLayout(
                ID.model, "model", .text, .optional, .size(1, Limits.modelNameSizeMax)),
            FieldLayout(ID.prompt, "prompt", .text, .optional, .size(0, Limits.textSizeMax)),
            FieldLayout(
                ID.tokens, "tokens", .unsigneds, .optional, .count(1, Limits.tokenCountMax)),
            FieldLayout(ID.parseSpecial, "parse_special", .bool),
            FieldLayout(ID.addSpecial, "add_special", .bool),
            FieldLayout(
                ID.messages, "messages", .record, .repeated(max: Limits.messageCountMax)),
            FieldLayout(
                ID.continuations, "continuations", .record,
                .repeated(min: 1, max: Limits.continuationCountMax)),
            FieldLayout(
                ID.topLogprobs, "top_logprobs", .unsigned, .optional,
                .unsigned(0, Limits.topLogprobsMax)),
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(prompt: .text(""), continuations: [])
        var parts = PromptFields()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .model: model = try field.text()
            case .prompt: parts.text = try field.text()
            case .tokens: parts.tokens = field.unsigneds
            case .parseSpecial: parseSpecial = parts.special(field)
            case .addSpecial: addSpecial = parts.special(field)
            case .messages: parts.messages.append(try field.record(ChatMessage.self))
            case .continuations: continuations.append(try field.record(Input.self))
            case .topLogprobs: topLogprobs = field.unsigned
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
        for message in prompt.messages { writer.record(ID.messages, message) }
        for continuation in continuations { writer.record(ID.continuations, continuation) }
        writer.unsigned(ID.topLogprobs, topLogprobs == 0 ? nil : topLogprobs)
        writer.record(ID.requirements, requirements)
    }
}

/// What a continuation scored.
public struct Score: WireRecord, Equatable {
    /// Its tokens as they were scored, and their log-probabilities.
    public var logprobs: Logprobs
    /// Their sum: natural logarithm of the probability of the whole continuation.
    public var logprob: Double
    /// True: each of its tokens was the model's most probable one.
    public var greedy: Bool

    /// A value from its parts; sends nothing.
    public init(logprobs: Logprobs, logprob: Double, greedy: Bool) {
        self.logprobs = logprobs
        self.logprob = logprob
        self.greedy = greedy
    }

    private enum ID: UInt16 { case logprobs = 1, logprob, greedy }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Continuation score",
        [
            FieldLayout(ID.logprobs, "logprobs", .record, .required),
            FieldLayout(ID.logprob, "logprob", .number, .required),
            FieldLayout(ID.greedy, "greedy", .bool, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(logprobs: Logprobs(), logprob: 0, greedy: false)
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .logprobs: logprobs = try field.record(Logprobs.self)
            case .logprob: logprob = field.number
            case .greedy: greedy = field.bool
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.record(ID.logprobs, logprobs)
        writer.number(ID.logprob, logprob)
        writer.bool(ID.greedy, greedy)
    }
}

/// The scores, one per continuation.
public struct ScoreResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.score

    /// In the order of the request's continuations.
    public var scores: [Score]
    /// Tokens of the prompt.
    public var promptTokens: UInt64
    /// Who answered, where, how long, how degraded.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// A value from its parts; sends nothing.
    public init(scores: [Score], promptTokens: UInt64, answer: AnswerRecord) {
        self.scores = scores
        self.promptTokens = promptTokens
        self.answer = answer
    }

    private enum ID: UInt16 { case scores = 1, promptTokens, answer = 31 }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Score response",
        [
            FieldLayout(
                ID.scores, "scores", .record,
                .repeated(min: 1, max: Limits.continuationCountMax)),
            FieldLayout(ID.promptTokens, "prompt_tokens", .unsigned, .required),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            scores: [], promptTokens: 0, answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .scores: scores.append(try field.record(Score.self))
            case .promptTokens: promptTokens = field.unsigned
            case .answer: answer = try field.record(AnswerRecord.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        for score in scores { writer.record(ID.scores, score) }
        writer.unsigned(ID.promptTokens, promptTokens)
        writer.record(ID.answer, answer)
    }
}
