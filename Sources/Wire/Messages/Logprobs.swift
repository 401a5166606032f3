// Log-probabilities of tokens, and of the best alternatives at each position.
//
//     tokens         t0 t1 t2 …          one per position
//     logprobs       l0 l1 l2 …
//     topTokens      a0 b0 | a1 b1 | …   topCount per position, best first
//     topLogprobs    x0 y0 | x1 y1 | …
//
// Guarantees: in a decoded value, the lengths of all arrays agree with the number of tokens and
// with `topCount`. Values are natural logarithms of the model's own distribution, before
// temperature, filters and penalties.

/// Tokens with their log-probabilities. Ties among alternatives go to the smaller id.
public struct Logprobs: WireRecord, Equatable {
    /// Token ids, one per position.
    public private(set) var tokens: [UInt32] = []
    /// Natural logarithm of each token's probability.
    public private(set) var logprobs: [Float] = []
    /// Alternatives per position.
    public let topCount: UInt64
    /// The best tokens of each position, a row of `topCount` per token, best first.
    public private(set) var topTokens: [UInt32] = []
    /// Log-probabilities of `topTokens`.
    public private(set) var topLogprobs: [Float] = []

    /// Creates an empty value for tokens with `topCount` alternatives each.
    public init(topCount: UInt64 = 0) { self.topCount = topCount }

    /// Number of tokens.
    public var count: Int { tokens.count }

    /// Adds one token. `top` must have `topCount` elements, best first.
    public mutating func append(
        _ token: UInt32, _ logprob: Float, top: [(token: UInt32, logprob: Float)] = []
    ) {
        precondition(
            UInt64(top.count) == topCount, "\(top.count) alternatives where \(topCount) belong")
        tokens.append(token)
        logprobs.append(logprob)
        for alternative in top {
            topTokens.append(alternative.token)
            topLogprobs.append(alternative.logprob)
        }
    }

    /// Adds the tokens of `other`, which must have an equal `topCount`.
    public mutating func append(_ other: Logprobs) {
        precondition(
            other.topCount == topCount, "\(other.topCount) alternatives beside \(topCount)")
        tokens += other.tokens
        logprobs += other.logprobs
        topTokens += other.topTokens
        topLogprobs += other.topLogprobs
    }

    /// Returns the tokens at `range`, which must lie within `0..<count`.
    public func slice(_ range: Range<Int>) -> Logprobs {
        let width = Int(topCount)
        let rows = range.lowerBound * width..<range.upperBound * width
        var result = Logprobs(topCount: topCount)
        result.tokens = Array(tokens[range])
        result.logprobs = Array(logprobs[range])
        result.topTokens = Array(topTokens[rows])
        result.topLogprobs = Array(topLogprobs[rows])
        return result
    }

    /// The alternatives at position `index`, best first. `index` must lie within `0..<count`.
    public func top(at index: Int) -> [(token: UInt32, logprob: Float)] {
        let width = Int(topCount)
        return (index * width..<(index + 1) * width).map { (topTokens[$0], topLogprobs[$0]) }
    }

    /// Decodes a whole body, see `WireRecord`. Throws `field_conflict` if counts disagree.
    public init(decoding body: UnsafeRawBufferPointer) throws(WireError) {
        var topCount: UInt64 = 0
        var reader = BodyReader(body, Self.layout, ids: ID.self)
        while let (id, field) = try reader.next() {
            switch id {
            case .tokens: tokens = field.unsigneds
            case .logprobs: logprobs = field.numbers
            case .topCount: topCount = field.unsigned
            case .topTokens: topTokens = field.unsigneds
            case .topLogprobs: topLogprobs = field.numbers
            }
        }
        self.topCount = topCount
        // No overflow, since the product is at most 64 times a million.
        let alternatives = tokens.count * Int(topCount)
        try Self.check("logprobs", logprobs.count, tokens.count)
        try Self.check("top_tokens", topTokens.count, alternatives)
        try Self.check("top_logprobs", topLogprobs.count, alternatives)
    }

    private static func check(
        _ field: String, _ found: Int, _ expected: Int
    ) throws(WireError) {
        guard found != expected else { return }
        throw .body(
            .fieldConflict, "reading Logprobs", found: "\(found) elements of \"\(field)\"",
            allowed: "\(expected), as its tokens and \"top_count\" say", field: field)
    }

    /// Checks that log-probabilities beside `tokens` belong to exactly these tokens.
    static func check(
        _ logprobs: Logprobs?, beside tokens: [UInt32], of message: StaticString
    ) throws(WireError) {
        guard let logprobs, logprobs.tokens != tokens else { return }
        throw .body(
            .fieldConflict, "reading \(message)",
            found: "\"logprobs\" of \(logprobs.count) other tokens",
            allowed: "those of its \(tokens.count) tokens", field: "logprobs")
    }

    /// Appends the fields, see `WireRecord`.
    public func encode(into writer: inout BodyWriter) {
        writer.unsigneds(ID.tokens, tokens)
        writer.numbers(ID.logprobs, logprobs)
        writer.unsigned(ID.topCount, topCount == 0 ? nil : topCount)
        writer.unsigneds(ID.topTokens, topTokens.isEmpty ? nil : topTokens)
        writer.numbers(ID.topLogprobs, topLogprobs.isEmpty ? nil : topLogprobs)
    }
}
