// Tokens by likelihood, as many as are needed.
//
// Guarantees: highest logit first, lowest id first among equals. Building is linear. Each token
// taken costs a logarithm, so the likeliest 40 of 128,000 come without sorting the rest.
// Does not: own the logits, or see NaN (the sampler refuses NaN first).

import Tokenizers

/// A token and its logit.
package struct Candidate: Equatable, Sendable, HeapElement {
    package var logit: Float
    package var token: Int32

    package init(logit: Float, token: Int32) { (self.logit, self.token) = (logit, token) }

    @inline(__always)
    package func precedes(_ other: Candidate) -> Bool {
        logit != other.logit ? logit > other.logit : token < other.token
    }
}

extension Heap<Candidate> {
    /// Replaces the content by all tokens with a logit of at least `logitMin`.
    mutating func fill(_ logits: UnsafeBufferPointer<Float>, logitMin: Float) {
        removeAll()
        for token in logits.indices where logits[token] >= logitMin {
            append(Candidate(logit: logits[token], token: Int32(token)))
        }
        order()
    }

    /// Replaces the content by the `countMax` likeliest tokens, for a `countMax` that is small
    /// beside the vocabulary.
    mutating func fillLikeliest(_ logits: UnsafeBufferPointer<Float>, countMax: Int) {
        removeAll()
        // A list ordered by likelihood is a heap.
        LikeliestTokens(of: logits, countMax: countMax).tokens.forEach { append($0) }
    }
}
