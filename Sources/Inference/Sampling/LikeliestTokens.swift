// The few best tokens of a row, by ordered insertion. Every other token costs a comparison, and
// most blocks cost only a look at their largest value.
//
// Guarantees: likeliest first, lowest id first among equals.
// Does not: suit a count near the vocabulary's (`WeightedRow` does), or judge broken rows.

/// The likeliest tokens so far. Blocks come in order of ids, so a later token with an equal logit
/// never replaces an earlier token.
package struct LikeliestTokens {
    /// Likeliest first.
    package private(set) var tokens: [Candidate] = []
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
        tokens.reserveCapacity(countMax)
    }

    /// Takes the `countMax` likeliest tokens of a whole row, or all tokens of a shorter row.
    package init(of logits: UnsafeBufferPointer<Float>, countMax: Int) {
        var likeliest = Self(countMax: countMax)
        _ = LogitScan(logits) { likeliest.take(logits, from: $0, blockMax: $1) }
        self = likeliest
    }

    /// Takes a block whose first logit is that of token `first`.
    mutating func take(_ block: UnsafeBufferPointer<Float>, first: Int) {
        var largest = LogitLanes(repeating: -.infinity)
        for index in stride(from: 0, to: block.count, by: LogitLanes.scalarCount) {
            let lanes = block.lanes(at: index)
            largest.replace(with: lanes, where: lanes .> largest)
        }
        take(block, from: 0, blockMax: largest.max(), first: first)
    }

    mutating func take(
        _ logits: UnsafeBufferPointer<Float>, from start: Int, blockMax: Float, first: Int = 0
    ) {
        if tokens.count == countMax, let worst = tokens.last, !(blockMax > worst.logit) { return }
        for index in start..<min(start + LogitScan.blockCount, logits.count) {
            let candidate = Candidate(logit: logits[index], token: Int32(first + index))
            if tokens.count == countMax {
                guard let worst = tokens.last, candidate.logit > worst.logit else { continue }
                tokens.removeLast()
            }
            insert(candidate)
        }
    }

    /// Inserts the candidate in order, likeliest first.
    private mutating func insert(_ candidate: Candidate) {
        var index = tokens.count
        tokens.append(candidate)
        while index > 0, candidate.precedes(tokens[index - 1]) {
            tokens[index] = tokens[index - 1]
            index -= 1
        }
        tokens[index] = candidate
    }
}
