// Tokens by likelihood, as far as they are needed.
//
// Guarantees: highest logit first, lowest id first among equals. Building is linear; each token
// taken costs a logarithm, so the likeliest 40 of 128,000 come without sorting the rest.
// Does not: own the logits, or see NaN (the sampler refuses them first).

/// A token and its logit.
struct Candidate: Equatable {
    var logit: Float
    var token: Int32

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

    /// Replaces the content by the `countMax` likeliest tokens: one comparison for each of the
    /// others. For a `countMax` that is small beside the vocabulary.
    mutating func fillLikeliest(_ logits: UnsafeBufferPointer<Float>, countMax: Int) {
        elements.removeAll(keepingCapacity: true)
        // The worst of the chosen ones comes last; ids come in ascending order, so an equal
        // logit that comes later never replaces one.
        var chosen: [Candidate] = []
        chosen.reserveCapacity(countMax)
        for token in logits.indices {
            let candidate = Candidate(logit: logits[token], token: Int32(token))
            if chosen.count < countMax {
                insert(candidate, into: &chosen)
            } else if let worst = chosen.last, candidate.logit > worst.logit {
                chosen.removeLast()
                insert(candidate, into: &chosen)
            }
        }
        // Likeliest first is a heap as it stands.
        elements = chosen
    }

    /// Keeps `chosen` ordered, likeliest first.
    private func insert(_ candidate: Candidate, into chosen: inout [Candidate]) {
        var index = chosen.count
        chosen.append(candidate)
        while index > 0, candidate.precedes(chosen[index - 1]) {
            chosen[index] = chosen[index - 1]
            index -= 1
        }
        chosen[index] = candidate
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
