// The few best tokens of a row, by ordered insertion: one comparison for each of the others, and a
// look at the block's largest value for most blocks.
//
// Guarantees: likeliest first, lowest id first among equals.
// Does not: suit a count near the vocabulary's (CandidateHeap does), or judge broken rows.

/// The likeliest tokens seen so far. Blocks come in order of ids, so an equal logit that comes
/// later never replaces an earlier one.
package struct LikeliestTokens {
    /// Likeliest first.
    package private(set) var tokens: [Candidate] = []
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = countMax
        tokens.reserveCapacity(countMax)
    }

    /// The `countMax` likeliest of a whole row, or all of a shorter one.
    package init(of logits: UnsafeBufferPointer<Float>, countMax: Int) {
        var likeliest = Self(countMax: countMax)
        _ = LogitScan(logits) { likeliest.take(logits, from: $0, blockMax: $1) }
        self = likeliest
    }

    mutating func take(
        _ logits: UnsafeBufferPointer<Float>, from start: Int, blockMax: Float
    ) {
        if tokens.count == countMax, let worst = tokens.last, !(blockMax > worst.logit) { return }
        for index in start..<min(start + LogitScan.blockCount, logits.count) {
            let candidate = Candidate(logit: logits[index], token: Int32(index))
            if tokens.count == countMax {
                guard let worst = tokens.last, candidate.logit > worst.logit else { continue }
                tokens.removeLast()
            }
            insert(candidate)
        }
    }

    /// Keeps the list ordered, likeliest first.
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
