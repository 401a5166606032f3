// How the next token is chosen, as a caller states it.
//
// Guarantees: `validate` accepts exactly the ranges of the wire contract and names the parameter it
// refuses; nothing is clamped or ignored.
// Does not: choose; `Sampler` does.

/// Parameters of token choice. The default is greedy: always the likeliest token.
public struct SamplingParameters: Sendable, Equatable {
    /// Divides the logits: below 1 sharpens, above 1 flattens. 0 (the default) is greedy.
    public var temperature: Double = 0
    /// Keeps this many of the likeliest tokens; 0 keeps all.
    public var topK: Int = 0
    /// Keeps the smallest set of likeliest tokens that holds this share of the probability; 1
    /// keeps all.
    public var topP: Double = 1
    /// Keeps tokens at least this fraction as likely as the likeliest; 0 keeps all.
    public var minP: Double = 0
    /// Start of the random sequence: same seed, same model, same tokens, same choice.
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
        try check("top_p", topP, topP > 0 && topP <= 1, "above 0, at most 1")
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
