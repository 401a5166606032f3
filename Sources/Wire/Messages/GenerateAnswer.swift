// Generate, the answer: any number of GenerateChunk frames (flag more), then one
// GenerateResponse, or an error.
//
// Guarantees: log-probabilities in a decoded frame are those of exactly its own tokens.

/// Part of an answer; more frames follow. Before the first token it may report how much of the
/// prompt has been read.
public struct GenerateChunk: NumberedResponse, Equatable {
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
    /// Log-probabilities of exactly `tokens`; nil when not asked for.
    public var logprobs: Logprobs?
    /// Log-probabilities of the next tokens of the prompt, the second one of it first.
    public var promptLogprobs: Logprobs?
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?

    /// A value from its parts; sends nothing.
    public init(
        tokens: [UInt32] = [], text: String = "", promptDone: UInt64? = nil,
        promptTotal: UInt64? = nil, logprobs: Logprobs? = nil, promptLogprobs: Logprobs? = nil
    ) {
        self.tokens = tokens
        self.text = text
        self.promptDone = promptDone
        self.promptTotal = promptTotal
        self.logprobs = logprobs
        self.promptLogprobs = promptLogprobs
    }

    private enum ID: UInt16 {
        case tokens = 1, text, promptDone, promptTotal, logprobs, promptLogprobs
        case frame = 28
    }

    /// The table of its body.
    public static let layout = MessageLayout(
        "Generate chunk",
        [
            FieldLayout(
                ID.tokens, "tokens", .unsigneds, .optional, .count(0, Limits.tokenCountMax)),
            FieldLayout(ID.text, "text", .text, .optional, .size(0, Limits.textSizeMax)),
            FieldLayout(ID.promptDone, "prompt_done", .unsigned),
            FieldLayout(ID.promptTotal, "prompt_total", .unsigned),
            FieldLayout(ID.logprobs, "logprobs", .record),
            FieldLayout(ID.promptLogprobs, "prompt_logprobs", .record),
            FieldLayout(ID.frame, "frame", .unsigned),
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
            case .logprobs: logprobs = try field.record(Logprobs.self)
            case .promptLogprobs: promptLogprobs = try field.record(Logprobs.self)
            case .frame: frame = field.unsigned
            }
        }
        try Logprobs.check(logprobs, beside: tokens, of: Self.layout.name)
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigneds(ID.tokens, tokens.isEmpty ? nil : tokens)
        writer.text(ID.text, text.isEmpty ? nil : text)
        writer.unsigned(ID.promptDone, promptDone)
        writer.unsigned(ID.promptTotal, promptTotal)
        writer.record(ID.logprobs, logprobs)
        writer.record(ID.promptLogprobs, promptLogprobs)
        writer.unsigned(ID.frame, frame, since: 3)
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
public struct GenerateResponse: NumberedResponse, Equatable {
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
    /// Log-probabilities of exactly `tokens`; nil when not asked for.
    public var logprobs: Logprobs?
    /// Log-probabilities of the tokens of the prompt that were not sent in chunks.
    public var promptLogprobs: Logprobs?
    /// Number of this frame in its answer, from 0.
    public var frame: UInt64?
    /// Who answered, where, how long, how degraded.
    public var answer: AnswerRecord

    /// True when the answer lists degradations.
    public var isDegraded: Bool { !answer.degradations.isEmpty }

    /// A value from its parts; sends nothing.
    public init(
        tokens: [UInt32] = [], text: String = "", finishReason: FinishReason,
        stopMatched: String? = nil, promptTokens: UInt64, completionTokens: UInt64,
        logprobs: Logprobs? = nil, promptLogprobs: Logprobs? = nil, answer: AnswerRecord
    ) {
        self.tokens = tokens
        self.text = text
        self.finishReason = finishReason
        self.stopMatched = stopMatched
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.logprobs = logprobs
        self.promptLogprobs = promptLogprobs
        self.answer = answer
    }

    private enum ID: UInt16 {
        case tokens = 1, text
        case finishReason = 5
        case stopMatched, promptTokens, completionTokens, logprobs, promptLogprobs
        case frame = 28
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
            FieldLayout(ID.logprobs, "logprobs", .record),
            FieldLayout(ID.promptLogprobs, "prompt_logprobs", .record),
            FieldLayout(ID.frame, "frame", .unsigned),
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
            case .logprobs: logprobs = try field.record(Logprobs.self)
            case .promptLogprobs: promptLogprobs = try field.record(Logprobs.self)
            case .frame: frame = field.unsigned
            case .answer: answer = try field.record(AnswerRecord.self)
            }
        }
        try Logprobs.check(logprobs, beside: tokens, of: Self.layout.name)
    }

    /// Appends its fields; see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigneds(ID.tokens, tokens.isEmpty ? nil : tokens)
        writer.text(ID.text, text.isEmpty ? nil : text)
        writer.text(ID.finishReason, finishReason.rawValue)
        writer.text(ID.stopMatched, stopMatched)
        writer.unsigned(ID.promptTokens, promptTokens)
        writer.unsigned(ID.completionTokens, completionTokens)
        writer.record(ID.logprobs, logprobs)
        writer.record(ID.promptLogprobs, promptLogprobs)
        writer.unsigned(ID.frame, frame, since: 3)
        writer.record(ID.answer, answer)
    }
}
