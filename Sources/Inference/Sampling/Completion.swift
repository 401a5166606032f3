// Completion for a single request: from logits to tokens and text, until a finish reason.
//
// Guarantees: text is valid UTF-8, never splits a character and never holds a part of a stop
// string. Exactly one step carries a finish reason, and nothing is produced after it.
// Does not: run the model, know the clock, or talk to anybody. The scheduler takes `nextChoice`
// before each forward pass, calls `accept` with the chosen token behind it, and `finish` when the
// caller cancels or time is up.
//
//   logits -> TokenChoice -> token -> StreamingDecoder -> StopMatcher -> text

import Tokenizers

/// Settings of a request for its completion.
public struct CompletionOptions: Sendable, Equatable {
    /// Parameters of token choice.
    public var sampling = SamplingParameters()
    /// Stop strings in UTF-8. Completion stops before the first match.
    public var stops: [[UInt8]] = []
    /// Largest number of tokens to generate: `1 ... tokenCountMax`.
    public var maxTokens = 256
    /// Smallest number of tokens. Until then no end token is chosen and no stop string is looked
    /// for.
    public var minTokens = 0
    /// False when end tokens are produced like any other token (for measurements).
    public var stopsAtEndTokens = true
    /// Number of likeliest tokens reported beside the log-probability of each chosen token:
    /// `0 ... LogProbabilities.topCountMax`. Nil for no log-probabilities.
    public var logProbabilityCount: Int?

    /// The largest `maxTokens`.
    public static let tokenCountMax = 1_048_576

    /// Greedy, up to 256 tokens, no stop strings.
    public init() {}
}

/// State of a completion. A value type, confined to its owner.
public struct Completion: Sendable {
    /// Result of a token.
    public struct Step: Sendable, Equatable {
        /// The token, or nil when an end token ended the completion. An end token is then not part
        /// of the answer.
        public var token: Int32?
        /// Text that is final now. Often empty, sometimes more than the token's own text.
        public var text: [UInt8]
        /// Finish reason, set on the last step.
        public var finish: FinishReason?
        /// Log-probability of the token before temperature and filters. Nil when not requested or
        /// when there is no token.
        public var logProbability: TokenLogProbability?
        /// Likeliest tokens at the token's position, best first.
        public var alternatives: [TokenLogProbability] = []

        /// Creates a step from its parts.
        public init(token: Int32?, text: [UInt8], finish: FinishReason?) {
            self.token = token
            self.text = text
            self.finish = finish
        }
    }

    private let tokenizer: any Tokenizer
    /// The settings.
    public let options: CompletionOptions
    private var sampler: Sampler
    private var decoder: StreamingDecoder
    private var matcher: StopMatcher
    /// Tokens of the model that are never chosen, ascending.
    private let suppressedTokens: [Int32]
    /// These and the end tokens, ascending, for the choices before `minTokens`.
    private var earlyBans: [Int32]?

    /// Number of tokens in the answer so far.
    public private(set) var tokenCount = 0
    /// Finish reason, set once the completion has ended.
    public private(set) var finishReason: FinishReason?

    /// Index of the stop string that ended the completion, or nil.
    public var matchedStopIndex: Int? { matcher.matchedIndex }

    /// - Throws: `parameterRange` for sampling parameters, stop strings or a token limit outside
    ///   their ranges.
    public init(tokenizer: any Tokenizer, options: CompletionOptions) throws(InferenceError) {
        guard (1...CompletionOptions.tokenCountMax).contains(options.maxTokens) else {
            throw InferenceError(
                .parameterRange, tried: "checking the largest number of tokens",
                found: "\(options.maxTokens)", allowed: "1 to \(CompletionOptions.tokenCountMax)",
                location: "max_tokens")
        }
        if let count = options.logProbabilityCount,
            !(0...LogProbabilities.topCountMax).contains(count)
        {
            throw InferenceError(
                .parameterRange, tried: "checking the number of log-probabilities",
                found: "\(count)", allowed: "0 to \(LogProbabilities.topCountMax)",
                location: "logprobs")
        }
        self.tokenizer = tokenizer
        suppressedTokens = tokenizer.suppressedTokens.sorted()
        self.options = options
        sampler = try Sampler(options.sampling)
        decoder = StreamingDecoder(tokenizer)
        matcher = try StopMatcher(options.stops)
    }

    /// Returns the choice of the next token. Suppressed tokens count as having no probability, and
    /// before `minTokens` end tokens as well, unless there are no other tokens. Must be called once
    /// per token and not after the end.
    ///
    /// - Parameter vocabularySize: number of logits.
    public mutating func nextChoice(vocabularySize: Int) -> TokenChoice {
        precondition(finishReason == nil, "completion already ended: \(finishReason as Any)")
        guard tokenCount < options.minTokens else { return sampler.next(banned: suppressedTokens) }
        let bans = earlyBans ?? bansWithEnds(vocabularySize: vocabularySize)
        earlyBans = bans
        return sampler.next(banned: bans)
    }

    private func bansWithEnds(vocabularySize: Int) -> [Int32] {
        let ends = (0..<Int32(vocabularySize)).filter { tokenizer.isEndOfGeneration($0) }
        return ends.count < vocabularySize ? (suppressedTokens + ends).sorted() : suppressedTokens
    }

    /// Chooses the next token from the logits of the last position. Must not be called after the
    /// end.
    ///
    /// - Throws: `nonFiniteLogits`. The completion is then in an unfinished state and should be
    ///   dropped.
    public mutating func accept(_ logits: UnsafeBufferPointer<Float>) throws(InferenceError) -> Step
    {
        let choice = nextChoice(vocabularySize: logits.count)
        return try accept(choice.token(of: logits, LogitScan(logits), .scalar), of: logits)
    }

    /// Takes the token that `nextChoice` gave for the logits of the last position.
    ///
    /// - Parameter logProbabilities: computed before from the logits, with at least the options'
    ///   count. When nil, computed here if the options ask for them.
    /// - Throws: `nonFiniteLogits`, as the choice does.
    public mutating func accept(
        _ token: Int32, of logits: UnsafeBufferPointer<Float>,
        logProbabilities: LogProbabilities? = nil
    ) throws(InferenceError) -> Step {
        var step = accept(token: token)
        if let count = options.logProbabilityCount, step.token != nil {
            let row: LogProbabilities
            if let logProbabilities {
                row = logProbabilities
            } else {
                row = try LogProbabilities(logits, topCount: count)
            }
            step.logProbability = TokenLogProbability(
                token: token, value: row.value(ofLogit: logits[Int(token)]))
            step.alternatives = Array(row.top.prefix(count))
        }
        return step
    }

    /// Continues with a token chosen elsewhere (a replay). Must not be called after the end.
    public mutating func accept(token: Int32) -> Step {
        precondition(finishReason == nil, "completion already ended: \(finishReason as Any)")
        if options.stopsAtEndTokens, tokenizer.isEndOfGeneration(token) {
            return Step(token: nil, text: finish(.stop), finish: .stop)
        }
        tokenCount += 1
        var text = decoder.append(token)
        if tokenCount >= options.minTokens { text = matcher.append(text) }
        if matcher.matchedIndex != nil {
            text += finish(.stop)
        } else if tokenCount == options.maxTokens {
            text += finish(.length)
        }
        return Step(token: token, text: text, finish: finishReason)
    }

    /// Ends the completion and returns the text that was held back. A character cut in the middle
    /// becomes U+FFFD. Returns nothing when the completion has already ended, and the first reason
    /// stays.
    public mutating func finish(_ reason: FinishReason) -> [UInt8] {
        guard finishReason == nil else { return [] }
        finishReason = reason
        return matcher.append(decoder.finish()) + matcher.finish()
    }
}

extension Completion {
    /// Reason for the end of a completion. The raw values are the names on the wire.
    public enum FinishReason: String, Sendable, Equatable {
        /// The model ended its turn, or a stop string appeared.
        case stop
        /// The largest number of tokens was reached.
        case length
        /// The caller cancelled.
        case cancelled
        /// The deadline passed.
        case deadline
    }
}
