// Completion for a single request: from logits to tokens and text, until a finish reason.
//
// Guarantees: text is valid UTF-8, never splits a character and never holds a part of a stop
// string. Exactly one step carries a finish reason, and nothing is produced after it.
// Does not: run the model, know the clock, or talk to anybody. The scheduler calls `accept` after
// each forward pass, and `finish` when the caller cancels or time is up.
//
//   logits -> Sampler -> token -> StreamingDecoder -> StopMatcher -> text

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
    /// Logits with the end tokens masked out, used before `minTokens`.
    private var masked: [Float] = []
    private var endTokens: [Int]?
    /// Tokens of the model that are never chosen.
    private let suppressedTokens: [Int]

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
        suppressedTokens = tokenizer.suppressedTokens.map(Int.init)
        self.options = options
        sampler = try Sampler(options.sampling)
        decoder = StreamingDecoder(tokenizer)
        matcher = try StopMatcher(options.stops)
    }

    /// Chooses the next token from the logits of the last position. Must not be called after the
    /// end.
    ///
    /// - Parameter logProbabilities: computed before from the logits, with at least the options'
    ///   count. When nil, computed here if the options ask for them.
    /// - Throws: `nonFiniteLogits`. The completion is then in an unfinished state and should be
    ///   dropped.
    public mutating func accept(
        _ logits: UnsafeBufferPointer<Float>, logProbabilities: LogProbabilities? = nil
    ) throws(InferenceError) -> Step {
        let token = try choose(logits)
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

    /// Returns the next token. Suppressed tokens count as having no probability, and before
    /// `minTokens` end tokens as well, unless there are no other tokens.
    private mutating func choose(_ logits: UnsafeBufferPointer<Float>) throws(InferenceError)
        -> Int32
    {
        let banned = suppressedTokens + bannedEnds(logits)
        guard !banned.isEmpty else { return try sampler.sample(logits) }
        masked.removeAll(keepingCapacity: true)
        masked += logits
        for token in banned { masked[token] = -.infinity }
        guard masked.contains(where: { $0 != -.infinity }) else {
            return try sampler.sample(logits)
        }
        var token: Int32?
        var failure: InferenceError?
        masked.withUnsafeBufferPointer { values in
            do throws(InferenceError) {
                token = try sampler.sample(values)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        guard let token else { preconditionFailure("neither a token nor an error") }
        return token
    }

    /// Returns the end tokens before `minTokens`, and none afterwards.
    private mutating func bannedEnds(_ logits: UnsafeBufferPointer<Float>) -> [Int] {
        guard tokenCount < options.minTokens else { return [] }
        let ends =
            endTokens ?? logits.indices.filter { tokenizer.isEndOfGeneration(Int32($0)) }
        endTokens = ends
        return ends.count < logits.count ? ends : []
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
