// Chooses the next token from logits.
//
// Guarantees: parameters, seed and logits alone decide, on every machine (own random numbers, own
// exponential, fixed order of sums). Greedy takes the lowest id among equal logits and draws
// nothing. A NaN or +infinity anywhere is refused, because such logits mean a broken model and an
// answer would be made up. -infinity is a mask, and a masked token is never chosen.
// Does not: change the logits. A sampler allocates once and reuses its storage.
//
// Order of the steps (as in HF transformers): temperature, top-k, top-p, min-p, draw.

/// Chooses tokens for one sequence. A value type, confined to its owner.
public struct Sampler: Sendable {
    /// Parameters of the choice.
    public let parameters: SamplingParameters
    private var random: RandomSource
    private var order = LikelihoodOrder()
    private var kept: [Candidate] = []
    private var weights: [Double] = []

    /// - Throws: `parameterRange` for a parameter outside its range.
    public init(_ parameters: SamplingParameters) throws(InferenceError) {
        try parameters.validate()
        self.parameters = parameters
        random = RandomSource(seed: parameters.seed)
    }

    /// Returns the next token. Greedy takes a single pass over the logits. Any other choice is
    /// linear.
    ///
    /// - Throws: `nonFiniteLogits` if a logit is NaN or +infinity, or all are -infinity.
    public mutating func sample(_ logits: UnsafeBufferPointer<Float>) throws(InferenceError)
        -> Int32
    {
        let best = try LogitScan(logits).usable("choosing the next token", count: logits.count)
        if parameters.isGreedy { return best.token }
        let truncates = parameters.topK > 0 || parameters.topP < 1
        if truncates {
            truncate(logits, best)
        } else {
            weigh(logits, best)
        }
        return draw(fallback: best.token)
    }

    /// Returns the unnormalised probability of a logit, which is 1 for the likeliest token.
    private func weight(_ logit: Float, _ best: Candidate) -> Double {
        exponential((Double(logit) - Double(best.logit)) / parameters.temperature)
    }

    /// Keeps every token that min-p allows, in order of ids.
    private mutating func weigh(_ logits: UnsafeBufferPointer<Float>, _ best: Candidate) {
        kept.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
        for index in logits.indices {
            let weight = weight(logits[index], best)
            guard weight > 0, weight >= parameters.minP else { continue }
            kept.append(Candidate(logit: logits[index], token: Int32(index)))
            weights.append(weight)
        }
    }

    /// Largest number of tokens for which an ordered insertion is cheaper than sorting the
    /// vocabulary.
    private static let insertionCountMax = 256

    /// Keeps the tokens that top-k, top-p and min-p allow, likeliest first.
    private mutating func truncate(_ logits: UnsafeBufferPointer<Float>, _ best: Candidate) {
        kept.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
        let limit = parameters.topK > 0 ? min(parameters.topK, logits.count) : logits.count
        // The share is a share of the tokens left by top-k, or of all tokens when there is no
        // top-k.
        var total = 0.0
        if parameters.topK == 0 {
            for index in logits.indices { total += weight(logits[index], best) }
        }
        if limit <= Self.insertionCountMax {
            order.fill(LikeliestTokens(of: logits, countMax: limit).tokens)
        } else {
            order.fill(logits, logitMin: lowestUseful(best, total, count: logits.count))
        }
        var sum = 0.0
        while kept.count < limit, let candidate = order.next(logits) {
            let weight = weight(candidate.logit, best)
            guard weight > 0 else { break }
            kept.append(candidate)
            weights.append(weight)
            sum += weight
            if total > 0, sum >= parameters.topP * total { break }
        }
        cut(toShareOf: total > 0 ? total : sum)
    }

    /// Returns a bound below which no token can be in the top-p set. Tokens with less than
    /// (1 - p) / n of the total sum up to less than 1 - p, so the rest holds p already.
    private func lowestUseful(_ best: Candidate, _ total: Double, count: Int) -> Float {
        let share = (1 - parameters.topP) * total / Double(count)
        guard total > 0, share > 0x1p-500 else { return -Float.greatestFiniteMagnitude }
        // Doubling steps need no second logarithm, and the result only has to lie below the exact
        // bound.
        var distance = 1.0
        while distance < 1_024, exponential(-distance) >= share { distance *= 2 }
        return Float(Double(best.logit) - distance * parameters.temperature).nextDown
    }

    /// Applies top-p and min-p to the ordered candidates.
    private mutating func cut(toShareOf total: Double) {
        var sum = 0.0
        var end = 0
        while end < kept.count {
            if end > 0, sum >= parameters.topP * total || weights[end] < parameters.minP { break }
            sum += weights[end]
            end += 1
        }
        kept.removeSubrange(end...)
        weights.removeSubrange(end...)
    }

    /// Draws one of the kept tokens in proportion to its weight.
    private mutating func draw(fallback: Int32) -> Int32 {
        var total = 0.0
        for weight in weights { total += weight }
        var rest = random.uniform() * total
        for (candidate, weight) in zip(kept, weights) {
            if rest < weight { return candidate.token }
            rest -= weight
        }
        // Rounding can leave a crumb behind the last weight.
        return kept.last?.token ?? fallback
    }
}
