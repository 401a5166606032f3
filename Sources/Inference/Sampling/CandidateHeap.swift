// Tokens by likelihood, as far as they are needed.
//
// Guarantees: highest logit first, lowest id first among equals. Building is linear; each token
// taken costs a logarithm, so the likeliest 40 of 128,000 come without sorting the rest.
// Does not: own the logits, or see NaN (the sampler refuses them first).

/// A token and its logit.
package struct Candidate: Equatable {
    package var logit: Float
    package var token: Int32

    @inline(__always)
    func precedes(_ other: Candidate) -> Bool {
        logit != other.logit ? logit > other.logit : token < other.token
    }
}

/// A binary heap over candidates; storage is kept from token to token.
struct CandidateHeap {
    private var elements: [Candidate] = []

    var count: Int { elements.count }

    /// Replaces the content by all tokens with a logit of at least `logitMin`.
    mutating func fill(_ logits: UnsafeBufferPointer<Float>, logitMin: Float) {
        elements.removeAll(keepingCapacity: true)
        for token in logits.indices where logits[token] >= logitMin {
            elements.append(Candidate(logit: logits[token], token: Int32(token)))
        }
        var index = elements.count / 2
        while index > 0 {
            index -= 1
            sink(index)
        }
    }

    /// Removes and returns the likeliest token left.
    mutating func popFirst() -> Candidate? {
        guard let first = elements.first, let last = elements.popLast() else { return nil }
        if !elements.isEmpty {
            elements[0] = last
            sink(0)
        }
        return first
    }

    /// Replaces the content by the `countMax` likeliest tokens. For a `countMax` that is small
    /// beside the vocabulary.
    mutating func fillLikeliest(_ logits: UnsafeBufferPointer<Float>, countMax: Int) {
        // Likeliest first is a heap as it stands.
        elements = LikeliestTokens(of: logits, countMax: countMax).tokens
    }

    private mutating func sink(_ start: Int) {
        elements.withUnsafeMutableBufferPointer { elements in
            let element = elements[start]
            var index = start
            while true {
                var child = 2 * index + 1
                guard child < elements.count else { break }
                if child + 1 < elements.count, elements[child + 1].precedes(elements[child]) {
                    child += 1
                }
                guard elements[child].precedes(element) else { break }
                elements[index] = elements[child]
                index = child
            }
            elements[index] = element
        }
    }
}
