// Checks that a placed model computes.
//
// A few tokens are run twice from scratch, as two sequences of a single step: one pass over the
// weights. The logits must have the vocabulary's width, be finite, differ between tokens, and have
// the same bits in both sequences. A NaN or infinity in a weight matrix,
// norm or bias spreads to every later value, so a single pass finds it anywhere. Only embedding
// rows of tokens that were not run escape, so `TransformerModel.validate` scans an untied embedding
// too.

import Compute

/// Result of the forward passes.
public struct ForwardPassVerdict: Sendable, Equatable {
    /// Tokens run in each of the two sequences.
    public let tokenCount: Int
    /// Smallest logit seen.
    public let logitMin: Float
    /// Largest logit seen.
    public let logitMax: Float

    /// Creates a verdict.
    public init(tokenCount: Int, logitMin: Float, logitMax: Float) {
        self.tokenCount = tokenCount
        self.logitMin = logitMin
        self.logitMax = logitMax
    }
}

/// Runs a model twice and judges the logits.
public enum ForwardPassCheck {
    /// Largest number of tokens in a check. Small, because a large model pays for each token.
    static let tokenCountMax = 4

    /// Runs `model` on the calling thread and judges the logits. Allocates a runner for the
    /// duration.
    ///
    /// - Throws: `output_width_mismatch`, `non_finite_logits`, `constant_logits` or
    ///   `not_reproducible` with the values that failed, or an error of the runner.
    public static func run(_ model: any TokenModel) throws(InferenceError) -> ForwardPassVerdict {
        let tokens = probe(vocabularySize: model.vocabularySize, contextLength: model.contextLength)
        let rows = try logits(of: model, tokens)
        let verdict = try judge(rows[0], vocabularySize: model.vocabularySize)
        try compare(rows[0], rows[1], vocabularySize: model.vocabularySize)
        return verdict
    }

    /// Returns tokens from one end of the vocabulary to the other.
    static func probe(vocabularySize: Int, contextLength: Int) -> [Int32] {
        let count = min(tokenCountMax, contextLength)
        return (1...count).map { Int32(vocabularySize * $0 / (count + 1)) }
    }

    /// Returns the rows of logits of two sequences that hold the same tokens. The sequences share
    /// nothing but the weights: their rows lie at other places of the step, in other pages.
    private static func logits(
        of model: any TokenModel, _ tokens: [Int32]
    ) throws(InferenceError) -> [[[Float]]] {
        let page = CacheShape.pagePositions
        let budget = 2 * ((tokens.count + page - 1) / page * page)
        let runner = try model.makeRunner(maxSequences: 2, tokenBudget: budget)
        var items: [StepItem] = []
        for _ in 0..<2 {
            let sequence = try runner.open(capacity: tokens.count)
            items.append(StepItem(sequence: sequence, tokens: tokens, wants: .all))
        }
        var rows: [[[Float]]] = [[], []]
        try runner.step(items) { item, _, values in rows[item].append(Array(values)) }
        for rows in rows where rows.count != tokens.count {
            throw InferenceError(
                .outputWidth, tried: "running \(tokens.count) tokens",
                found: "\(rows.count) rows of logits", allowed: "\(tokens.count)")
        }
        return rows
    }

    private static func judge(
        _ rows: [[Float]], vocabularySize: Int
    ) throws(InferenceError) -> ForwardPassVerdict {
        var lowest = Float.infinity
        var highest = -Float.infinity
        for (position, row) in rows.enumerated() {
            let place = "running position \(position)"
            guard row.count == vocabularySize else {
                throw InferenceError(
                    .outputWidth, tried: place, found: "\(row.count) logits",
                    allowed: "\(vocabularySize), the vocabulary size")
            }
            if let token = row.firstIndex(where: { !$0.isFinite }) {
                let count = row.count { !$0.isFinite }
                throw InferenceError(
                    .nonFiniteLogits, tried: place,
                    found: "\(row[token]) as the logit of token \(token) "
                        + "(\(count) of \(row.count) are not finite)",
                    allowed: "finite logits")
            }
            let range = (min: row.min() ?? 0, max: row.max() ?? 0)
            guard range.min < range.max else {
                throw InferenceError(
                    .constantLogits, tried: place,
                    found: "\(range.min) as the logit of every token",
                    allowed: "logits that tell tokens apart")
            }
            lowest = min(lowest, range.min)
            highest = max(highest, range.max)
        }
        return ForwardPassVerdict(tokenCount: rows.count, logitMin: lowest, logitMax: highest)
    }

    private static func compare(
        _ first: [[Float]], _ second: [[Float]], vocabularySize: Int
    ) throws(InferenceError) {
        for (position, (left, right)) in zip(first, second).enumerated() {
            let pairs = zip(left, right).enumerated()
            for (token, pair) in pairs where pair.0.bitPattern != pair.1.bitPattern {
                throw InferenceError(
                    .notReproducible, tried: "running position \(position) a second time",
                    found: "\(pair.1) as the logit of token \(token), \(pair.0) the first time",
                    allowed: "the same bits")
            }
        }
    }
}
