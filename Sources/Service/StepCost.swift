// The expected time of a step, learned from the times of earlier steps: a cost of the step itself
// and a cost per token of each kind. A row of log-probabilities over a large vocabulary can take as
// long as a hundred tokens of a prompt, so no average stands for all kinds.
//
// After each step the costs move an eighth of the way to the measured time, each by its share in
// the step (normalised least mean squares). A value.

/// Tokens by kind.
package struct TokenCounts: Sendable, Equatable {
    package var read = 0
    package var logits = 0
    package var logprobs = 0

    package init(read: Int = 0, logits: Int = 0, logprobs: Int = 0) {
        self.read = read
        self.logits = logits
        self.logprobs = logprobs
    }

    package var total: Int { read + logits + logprobs }

    mutating func add(_ count: Int, _ kind: TokenKind) {
        switch kind {
        case .read: read += count
        case .logits: logits += count
        case .logprobs: logprobs += count
        }
    }
}

/// See the head of the file.
struct StepCost: Sendable {
    /// Way to the measured time that an observation goes.
    private static let weight = 0.125
    /// Tokens that count as much as the step itself when a difference is shared out.
    private static let stepShare = 8.0
    /// Most of an unexpectedly long step that is believed, as a multiple of the expected time.
    private static let surpriseMax = 8.0
    private static let leastPerToken = 0.01

    private var perStep = 0.0
    private var perRead: Double
    private var perLogits: Double
    private var perLogprobs: Double
    private var isMeasured = false

    /// Expects a full step to take the longest allowed time, until there is a measurement.
    init(limits: ServiceLimits) {
        perRead = Double(limits.stepMicrosecondsMax) / Double(limits.stepTokensMax)
        perLogits = perRead
        perLogprobs = perRead
    }

    /// Expected microseconds of a step.
    func microseconds(_ tokens: TokenCounts) -> Double {
        perStep + perRead * Double(tokens.read) + perLogits * Double(tokens.logits)
            + perLogprobs * Double(tokens.logprobs)
    }

    /// Expected microseconds of a further token in a step.
    func perToken(_ kind: TokenKind) -> Double {
        switch kind {
        case .read: perRead
        case .logits: perLogits
        case .logprobs: perLogprobs
        }
    }

    /// Learns from a step.
    mutating func observe(_ tokens: TokenCounts, microseconds measured: UInt64) {
        guard tokens.total > 0 else { return }
        let expected = microseconds(tokens)
        guard isMeasured else {
            isMeasured = true
            return scale(by: Double(measured) / expected)
        }
        let believed = min(Double(measured), Self.surpriseMax * expected)
        let read = Double(tokens.read)
        let logits = Double(tokens.logits)
        let logprobs = Double(tokens.logprobs)
        let square =
            Self.stepShare * Self.stepShare + read * read + logits * logits + logprobs * logprobs
        let move = Self.weight * (believed - expected) / square
        perStep = max(0, perStep + move * Self.stepShare * Self.stepShare)
        perRead = max(Self.leastPerToken, perRead + move * read)
        perLogits = max(Self.leastPerToken, perLogits + move * logits)
        perLogprobs = max(Self.leastPerToken, perLogprobs + move * logprobs)
    }

    private mutating func scale(by factor: Double) {
        perRead = max(Self.leastPerToken, perRead * factor)
        perLogits = max(Self.leastPerToken, perLogits * factor)
        perLogprobs = max(Self.leastPerToken, perLogprobs * factor)
    }
}
