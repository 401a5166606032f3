// The random choices of a sequence, one after the other.
//
// Guarantees: parameters, seed and logits alone decide, on every machine. Each choice that is not
// greedy takes the next 64 bits of the seed's sequence, and a greedy choice takes none.
// Does not: look at logits. `TokenChoice` does.

import Compute

/// Makes the choices of one sequence. A value type, confined to its owner.
public struct Sampler: Sendable {
    /// Parameters of the choices.
    public let parameters: SamplingParameters
    private var random: RandomSource

    /// - Throws: `parameterRange` for a parameter outside its range.
    public init(_ parameters: SamplingParameters) throws(InferenceError) {
        try parameters.validate()
        self.parameters = parameters
        random = RandomSource(seed: parameters.seed)
    }

    /// Returns the choice of the next token.
    ///
    /// - Parameter banned: tokens that are not chosen unless no other is left, ascending.
    public mutating func next(banned: [Int32] = []) -> TokenChoice {
        TokenChoice(
            parameters, random: parameters.isGreedy ? 0 : random.next(), banned: banned)
    }

    /// Returns the next token of a row, which a runner would choose with the row's step.
    ///
    /// - Throws: `nonFiniteLogits` if a logit is NaN or +infinity, or all are -infinity.
    public mutating func sample(_ logits: UnsafeBufferPointer<Float>) throws(InferenceError)
        -> Int32
    {
        try next().token(of: logits, LogitScan(logits), .scalar)
    }
}
