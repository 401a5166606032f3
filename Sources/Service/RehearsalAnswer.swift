// Answers of two generations to the same request, and how far they lie apart. Pure.
//
// A greedy Generate is compared token by token. Any other Generate is compared by the distributions
// of the first new token, which both generations compute for this purpose. Logits, scores and
// embeddings are compared value by value.
//
// Guarantees: an answer keeps at most `sizeMax` bytes; a larger one cannot be compared. Two answers
// of the same weights have divergence 0. No sentence has a token or a value of an answer in it.

import Wire

/// The parts of an answer that are compared, put together from its events.
package struct RehearsalAnswer: Sendable, Equatable {
    /// Bytes of an answer that is kept.
    package static let sizeMax = 1 << 20

    package private(set) var tokens: [UInt32] = []
    package private(set) var values: [Float] = []
    /// Error in place of an answer.
    package private(set) var error: ServiceError?
    /// True when the last event has come.
    package private(set) var isWhole = false
    /// True for an answer that ended early: a deadline, a Cancel.
    package private(set) var isCut = false
    /// True for an answer that is too large to be kept.
    package private(set) var isTooLarge = false

    package init() {}

    /// Takes an event of the request in. Tokens and values above the bound are dropped.
    package mutating func take(_ event: WorkEvent) {
        switch event {
        case .generateChunk(let chunk): add(chunk.tokens)
        case .logitsChunk(let chunk): add(chunk.logits)
        case .embedChunk(let chunk): add(chunk.embeddings)
        case .generated(let answer, _):
            add(answer.tokens)
            isCut = answer.finishReason == .cancelled || answer.finishReason == .deadline
        case .logits(let answer, _): add(answer.logits)
        case .embedded(let answer, _): add(answer.embeddings)
        case .scored(let answer, _): for score in answer.scores { add(score.logprobs.logprobs) }
        case .failed(let error): self.error = error
        default: break
        }
        isWhole = isWhole || event.isFinal
    }

    private mutating func add(_ tokens: [UInt32]) {
        guard hasRoom(tokens.count) else { return }
        self.tokens += tokens
    }

    private mutating func add(_ values: [Float]) {
        guard hasRoom(values.count) else { return }
        self.values += values
    }

    private mutating func hasRoom(_ count: Int) -> Bool {
        isTooLarge = isTooLarge || 4 * (tokens.count + values.count + count) > Self.sizeMax
        if isTooLarge { (tokens, values) = ([], []) }
        return !isTooLarge
    }
}

/// How two answers are compared.
package enum RehearsalMeasure: String, Sendable {
    case tokens, distribution, values

    /// The measure for a request of a client, or nil for one that computes nothing.
    package init?(_ request: Work.Request) {
        switch request {
        case .generate(let request) where request.temperature == 0: self = .tokens
        case .generate: self = .distribution
        case .logits, .score, .embed: self = .values
        case .tokenize, .detokenize, .render, .load, .swap, .verify: return nil
        }
    }
}

/// Difference between the answers of the serving generation and of its candidate.
package struct RehearsalDifference: Sendable, Equatable {
    /// Tokens: share of the tokens behind the first difference. A distribution: Kullback-Leibler
    /// divergence in nats. Values: largest distance. 0 for equal answers.
    package let divergence: Double
    /// The difference as a sentence, or nil for equal answers.
    package let sentence: String?

    package static let none = RehearsalDifference(divergence: 0, sentence: nil)

    /// Largest divergence that is told.
    private static let divergenceMax = 1e300

    private init(divergence: Double, sentence: String?) {
        self.divergence = divergence
        self.sentence = sentence
    }

    /// Compares two whole answers without an error of the serving generation.
    package init(
        _ serving: RehearsalAnswer, _ candidate: RehearsalAnswer, by measure: RehearsalMeasure
    ) {
        if let error = candidate.error {
            self.init(divergence: 1, sentence: "the new generation fails with \(error.code)")
            return
        }
        switch measure {
        case .tokens: self = Self.tokens(serving, candidate)
        case .distribution: self = Self.distribution(serving.values, candidate.values)
        case .values: self = Self.values(serving.values, candidate.values)
        }
    }

    private static func tokens(
        _ serving: RehearsalAnswer, _ candidate: RehearsalAnswer
    ) -> RehearsalDifference {
        let isCut = serving.isCut || candidate.isCut
        let (one, other) = (serving.tokens, candidate.tokens)
        let shared = zip(one, other).prefix { $0 == $1 }.count
        let length = isCut ? min(one.count, other.count) : max(one.count, other.count)
        guard shared < length else { return none }
        return RehearsalDifference(
            divergence: Double(length - shared) / Double(length),
            sentence: "the tokens differ from place \(shared) on, of \(length)")
    }

    /// Divergence of the candidate's distribution from the serving one's, both given as logits.
    private static func distribution(
        _ serving: [Float], _ candidate: [Float]
    ) -> RehearsalDifference {
        guard serving.count == candidate.count, !serving.isEmpty else {
            return lengths(serving.count, candidate.count)
        }
        guard serving != candidate else { return none }
        let (one, other) = (logSum(serving), logSum(candidate))
        var sum = 0.0
        for (x, y) in zip(serving, candidate) {
            let (p, q) = (Double(x) - one, Double(y) - other)
            sum += exponential(p) * (p - q)
        }
        // Rounding may leave a sum below 0 for distributions that are almost the same.
        let divergence = min(max(sum, Double.leastNormalMagnitude), divergenceMax)
        return RehearsalDifference(
            divergence: divergence,
            sentence: "the distributions of the first token have divergence \(divergence)")
    }

    private static func values(_ serving: [Float], _ candidate: [Float]) -> RehearsalDifference {
        guard serving.count == candidate.count else {
            return lengths(serving.count, candidate.count)
        }
        let largest = zip(serving, candidate).reduce(0.0) { largest, pair in
            let distance = abs(Double(pair.0) - Double(pair.1))
            return distance.isFinite ? max(largest, distance) : divergenceMax
        }
        guard largest > 0 else { return none }
        return RehearsalDifference(
            divergence: min(largest, divergenceMax),
            sentence: "the values differ by up to \(largest)")
    }

    private static func lengths(_ serving: Int, _ candidate: Int) -> RehearsalDifference {
        RehearsalDifference(
            divergence: 1, sentence: "the answers have \(serving) and \(candidate) values")
    }

    private static func logSum(_ logits: [Float]) -> Double {
        let largest = Double(logits.max() ?? 0)
        return largest + logarithm(logits.reduce(0) { $0 + exponential(Double($1) - largest) })
    }

    // This module imports no library of the system, and so brings the two functions.

    private static let logarithmOf2 = 0.693147180559945309417

    /// e to the power of `x`, which is at most 0.
    private static func exponential(_ x: Double) -> Double {
        guard x > -700 else { return 0 }
        let power = (x / logarithmOf2).rounded()
        let rest = x - power * logarithmOf2
        var (term, sum) = (1.0, 1.0)
        for number in 1...16 {
            term *= rest / Double(number)
            sum += term
        }
        return sum * Double(sign: .plus, exponent: Int(power), significand: 1)
    }

    /// The natural logarithm of `x`, which is above 0 and finite.
    private static func logarithm(_ x: Double) -> Double {
        let ratio = (x.significand - 1) / (x.significand + 1)
        var (power, sum) = (ratio, 0.0)
        for number in stride(from: 1, through: 41, by: 2) {
            sum += power / Double(number)
            power *= ratio * ratio
        }
        return 2 * sum + Double(x.exponent) * logarithmOf2
    }
}
