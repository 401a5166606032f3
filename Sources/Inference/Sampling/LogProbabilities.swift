// The logarithm of a softmax over one row of logits: how likely the model found each token.
//
//     log p(t) = logit(t) - m - ln(sum of e^(logit - m)),   m the largest logit
//
// The distribution is the model's own: no temperature, no filters.
// Guarantees: the same bits on every machine (own exponential and logarithm, sums in double in a
// fixed order), within 3e-7 of the exact value. -infinity is a mask with probability 0. A NaN or
// +infinity anywhere is refused, as by the sampler.
// Does not: keep the row. A token's own value is computed from its logit.

/// A token and the natural logarithm of its probability.
public struct TokenLogProbability: Sendable, Equatable {
    /// The token.
    public var token: Int32
    /// Natural logarithm, 0 or less.
    public var value: Double

    /// Creates a pair.
    public init(token: Int32, value: Double) {
        self.token = token
        self.value = value
    }
}

/// Normalisation of a row and its likeliest tokens. A value type, usable from any thread.
public struct LogProbabilities: Sendable, Equatable {
    /// Largest number of tokens in `top`.
    public static let topCountMax = 64

    /// The likeliest tokens, best first, lower ids first among equals.
    public let top: [TokenLogProbability]
    /// The likeliest token, the lowest id among equals.
    public let best: Int32
    private let largest: Double
    private let logSum: Double

    /// Takes two passes over the row, about a nanosecond per logit. Allocates only for `top`.
    ///
    /// - Parameter topCount: `0 ... topCountMax`. A smaller vocabulary gives fewer tokens.
    /// - Throws: `nonFiniteLogits` if a logit is NaN or +infinity, or all are -infinity.
    public init(
        _ logits: UnsafeBufferPointer<Float>, topCount: Int = 0
    ) throws(InferenceError) {
        precondition((0...Self.topCountMax).contains(topCount), "\(topCount) likeliest tokens")
        var likeliest = LikeliestTokens(countMax: topCount)
        let scan = LogitScan(logits) { start, blockMax in
            if topCount > 0 { likeliest.take(logits, from: start, blockMax: blockMax) }
        }
        let first = try scan.usable("computing log-probabilities", count: logits.count)
        let largest = Double(first.logit)
        let logSum = naturalLogarithm(Self.sum(logits, largest: first.logit))
        best = first.token
        (self.largest, self.logSum) = (largest, logSum)
        top = likeliest.tokens.map {
            TokenLogProbability(token: $0.token, value: Double($0.logit) - largest - logSum)
        }
    }

    /// Returns the log-probability of a token, from its logit in the same row.
    public func value(ofLogit logit: Float) -> Double { Double(logit) - largest - logSum }

    /// Returns the sum of e^(logit - largest): sixteen running sums, added up in order at the end.
    private static func sum(_ logits: UnsafeBufferPointer<Float>, largest: Float) -> Double {
        var low = SIMD8<Double>(repeating: 0)
        var high = low
        let shift = LogitLanes(repeating: largest)
        var index = 0
        while index < logits.count {
            let weights = exponential(logits.lanes(at: index) - shift)
            low += SIMD8<Double>(weights.lowHalf)
            high += SIMD8<Double>(weights.highHalf)
            index += LogitLanes.scalarCount
        }
        var total = 0.0
        for lane in 0..<8 { total += low[lane] }
        for lane in 0..<8 { total += high[lane] }
        return total
    }
}
