// Checks that a placed model computes.
//
// A few tokens are run twice from scratch. The logits must have the vocabulary's width, be finite,
// differ between tokens, and have the same bits both times. A NaN or infinity in a weight matrix,
// norm or bias spreads to every later value, so a single pass finds it anywhere. Only embedding
// rows of tokens that were not run escape, so `TransformerModel.validate` scans an untied embedding
// too.

/// Result of the forward passes.
public struct ForwardPassVerdict: Sendable, Equatable {
    /// Tokens run in each of the two passes.
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
        let first = try logits(of: model, tokens)
        let verdict = try judge(first, vocabularySize: model.vocabularySize)
        let second = try logits(of: model, tokens)
        try compare(first, second, vocabularySize: model.vocabularySize)
        return verdict
    }

    /// Returns tokens from one end of the vocabulary to the other.
    static func probe(vocabularySize: Int, contextLength: Int) -> [Int32] {
        let count = min(tokenCountMax, contextLength)
        return (1...count).map { Int32(vocabularySize * $0 / (count + 1)) }
    }

    private static func logits(
        of model: any TokenModel, _ tokens: [Int32]
    ) throws(InferenceError) -> [[Float]] {
        let runner = try model.makeRunner(maxSequences: 1, tokenBudget: tokens.count)
        let sequence = try runner.open(capacity: tokens.count)
        var rows: [[Float]] = []
        let item = StepItem(sequence: sequence, tokens: tokens, wants: .all)
        try runner.step([item]) { _, _, values in rows.append(Array(values)) }
        guard rows.count == tokens.count else {
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
