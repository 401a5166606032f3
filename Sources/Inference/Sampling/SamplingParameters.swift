// Parameters of token choice, as a caller states them.
//
// Guarantees: `validate` accepts exactly the ranges of the wire contract and names the refused
// parameter. Nothing is clamped or ignored.
// Does not: choose. `Sampler` does.

/// Parameters of token choice. The default is greedy, which always takes the likeliest token.
public struct SamplingParameters: Sendable, Equatable {
    /// Divisor of the logits. Below 1 sharpens, above 1 flattens. 0 (the default) is greedy.
    public var temperature: Double = 0
    /// Number of likeliest tokens to keep. 0 keeps all.
    public var topK: Int = 0
    /// Share of the probability for the smallest set of likeliest tokens to keep. 1 keeps all.
    public var topP: Double = 1
    /// Smallest likelihood of a kept token, as a fraction of the likeliest. 0 keeps all.
    public var minP: Double = 0
    /// Start of the random sequence. The same seed, model and tokens give the same choice.
    public var seed: UInt64 = 0

    /// Greedy.
    public init() {}

    /// True if no random number is drawn.
    public var isGreedy: Bool { temperature == 0 }

    /// Checks every range.
    ///
    /// - Throws: `parameterRange`, with the parameter's name as its location.
    public func validate() throws(InferenceError) {
        try check("temperature", temperature, (0...100).contains(temperature), "0 to 100")
        try check("top_k", topK, topK >= 0, "0 (off) or more")
        // Without a temperature, top_p decides nothing, and clients write 0 for "the best alone".
        let isShare = topP > 0 || (topP == 0 && isGreedy)
        try check("top_p", topP, isShare && topP <= 1, "above 0, at most 1")
        try check("min_p", minP, (0...1).contains(minP), "0 to 1")
    }

    // Comparisons with NaN are false, so a NaN is always refused.
    private func check(
        _ name: String, _ value: some CustomStringConvertible, _ isAllowed: Bool, _ allowed: String
    ) throws(InferenceError) {
        guard isAllowed else {
            throw InferenceError(
                .parameterRange, tried: "checking the sampling parameter \(name)",
                found: "\(value)", allowed: allowed, location: name)
        }
    }
}
