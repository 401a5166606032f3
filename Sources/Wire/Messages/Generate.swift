// Generate: a prompt in, a stream of tokens out.
//
// A Generate answers with any number of GenerateChunk frames (flag more), then one
// GenerateResponse, or an error.

/// Asks for a continuation.
public struct GenerateRequest: RequestMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.generate

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
    /// Demands on the model, checked before any work.
    public var requirements: Requirements?

    /// A value from its parts; sends nothing.
    public init(model: String? = nil, prompt: Prompt) {
        self.model = model
        self.prompt = prompt
    }

    private enum ID: UInt16 {
        case model = 1, prompt, tokens, parseSpecial, addSpecial, maxTokens, temperature
        case topK, topP, minP, seed, stop, truncatePrompt
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
            FieldLayout(ID.requirements, "requirements", .record),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(prompt: .text(""))
        var text: String?
        var tokens: [UInt32]?
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .model: model = try field.text()
            case .prompt: text = try field.text()
            case .tokens: tokens = field.unsigneds
            case .parseSpecial: parseSpecial = field.bool
            case .addSpecial: addSpecial = field.bool
            case .maxTokens: maxTokens = field.unsigned
            case .temperature: temperature = field.number
            case .topK: topK = field.unsigned
            case .topP: topP = field.number
            case .minP: minP = field.number
            case .seed: seed = field.unsigned
            case .stop: stop.append(try field.text())
            case .truncatePrompt: truncatePrompt = field.bool
            case .requirements: requirements = try field.record(Requirements.self)
            }
        }
        prompt = try Prompt(text: text, tokens: tokens, of: Self.layout.name)
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
        writer.record(ID.requirements, requirements)
    }
}

/// Part of an answer; more frames follow. Before the first token it may report how much of the
/// prompt has been read.
public struct GenerateChunk: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.generate
    /// True: more frames of the response follow.
    public static let isFollowed = true

    /// Token ids.
    public var tokens: [UInt32]
    /// Whole characters only; may lag behind `tokens`.
    public var text: String
    /// Prompt tokens read so far.
    public var promptDone: UInt64?
    /// Prompt tokens in all.
    public var promptTotal: UInt64?

    /// A value from its parts; sends nothing.
    public init(
        tokens: [UInt32] = [], text: String = "", promptDone: UInt64? = nil,
        promptTotal: UInt64? = nil
    ) {
        self.tokens = tokens
        self.text = text
        self.promptDone = promptDone
        self.promptTotal = promptTotal
    }

    private enum ID: UInt16 { case tokens = 1, text, promptDone, promptTotal }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Generate chunk",
        [
            FieldLayout(
                ID.tokens, "tokens", .unsigneds, .optional, .count(0, Limits.tokenCountMax)),
            FieldLayout(ID.text, "text", .text, .optional, .size(0, Limits.textSizeMax)),
            FieldLayout(ID.promptDone, "prompt_done", .unsigned),
            FieldLayout(ID.promptTotal, "prompt_total", .unsigned),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .tokens: tokens = field.unsigneds
            case .text: text = try field.text()
            case .promptDone: promptDone = field.unsigned
            case .promptTotal: promptTotal = field.unsigned
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigneds(ID.tokens, tokens.isEmpty ? nil : tokens)
        writer.text(ID.text, text.isEmpty ? nil : text)
        writer.unsigned(ID.promptDone, promptDone)
        writer.unsigned(ID.promptTotal, promptTotal)
    }
}

/// Why a generation ended.
public enum FinishReason: String, Sendable, CaseIterable {
    /// An end token or a stop string.
    case stop
    /// `max_tokens`, or the context is full.
    case length
    /// A Cancel, after generation began.
    case cancelled
    /// The deadline passed after generation began.
    case deadline
}

/// Last frame of a generation: the rest of the tokens and text, and the account of it all.
public struct GenerateResponse: ResponseMessage, Equatable {
    /// The kind of its frames.
    public static let kind = MessageKind.generate

    /// Tokens not sent in chunks.
    public var tokens: [UInt32]
    /// Text not sent in chunks.
    public var text: String
    /// Why it ended.
    public var finishReason: FinishReason
    /// The stop string that ended it.
    public var stopMatched: String?
    /// Tokens of the prompt.
    public var promptTokens: UInt64
    /// Tokens made in all.
    public var completionTokens: UInt64
    /// Who answered, where, how long, how degraded.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// A value from its parts; sends nothing.
    public init(
        tokens: [UInt32] = [], text: String = "", finishReason: FinishReason,
        stopMatched: String? = nil, promptTokens: UInt64, completionTokens: UInt64,
        answer: AnswerRecord
    ) {
        self.tokens = tokens
        self.text = text
        self.finishReason = finishReason
        self.stopMatched = stopMatched
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.answer = answer
    }

    private enum ID: UInt16 {
        case tokens = 1, text
        case finishReason = 5
        case stopMatched, promptTokens, completionTokens
        case answer = 31
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Generate response",
        [
            FieldLayout(
                ID.tokens, "tokens", .unsigneds, .optional, .count(0, Limits.tokenCountMax)),
            FieldLayout(ID.text, "text", .text, .optional, .size(0, Limits.textSizeMax)),
            FieldLayout(
                ID.finishReason, "finish_reason", .text, .required,
                .choice("stop|length|cancelled|deadline")),
            FieldLayout(
                ID.stopMatched, "stop_matched", .text, .optional, .size(1, Limits.stopSizeMax)),
            FieldLayout(ID.promptTokens, "prompt_tokens", .unsigned, .required),
            FieldLayout(ID.completionTokens, "completion_tokens", .unsigned, .required),
            FieldLayout(ID.answer, "answer", .record, .required),
        ])

    /// Decodes a whole body; see `WireRecord`.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        self.init(
            finishReason: .stop, promptTokens: 0, completionTokens: 0,
            answer: AnswerRecord(model: "", device: ""))
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .tokens: tokens = field.unsigneds
            case .text: text = try field.text()
            case .finishReason: finishReason = try field.word(FinishReason.self)
            case .stopMatched: stopMatched = try field.text()
            case .promptTokens: promptTokens = field.unsigned
            case .completionTokens: completionTokens = field.unsigned
            case .answer: answer = try field.record(AnswerRecord.self)
            }
        }
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigneds(ID.tokens, tokens.isEmpty ? nil : tokens)
        writer.text(ID.text, text.isEmpty ? nil : text)
        writer.text(ID.finishReason, finishReason.rawValue)
        writer.text(ID.stopMatched, stopMatched)
        writer.unsigned(ID.promptTokens, promptTokens)
        writer.unsigned(ID.completionTokens, completionTokens)
        writer.record(ID.answer, answer)
    }
}
