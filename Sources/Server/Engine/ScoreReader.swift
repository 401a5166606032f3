// Score: from logits to the log-probabilities of continuations.
//
//     prompt        a b c d              root    a b c        (shared by all continuations)
//     continuation  d e f                branch  d e          lead 1: d belongs to the prompt
//                                        scored  e f          by the logits behind d and e
//
// The logits behind a token score the next token, so the root's last logits score the first token
// of every branch without a lead, and no branch reads its own last token.

import Inference
import Service
import Wire

/// A continuation as the engine reads it.
struct ScoredBranch {
    /// Tokens behind the root. The last token is not read.
    var targets: [Int32]
    /// Number of leading tokens that belong to the prompt and are not scored.
    var lead: Int

    /// Tokens to read.
    var read: [Int32] { Array(targets.dropLast()) }
}

/// See the head of the file.
final class ScoreReader: BranchReader {
    private let rootCount: Int
    private let promptCount: Int
    private let branches: [ScoredBranch]
    let topCount: Int?
    private var scores: [Score]

    /// - Parameter promptCount: tokens of the prompt by itself, for the answer.
    init(rootCount: Int, promptCount: Int, branches: [ScoredBranch], topCount: Int) {
        self.rootCount = rootCount
        self.promptCount = promptCount
        self.branches = branches
        self.topCount = topCount
        let empty = Score(
            logprobs: Logprobs(topCount: UInt64(topCount)), logprob: 0, greedy: true)
        scores = [Score](repeating: empty, count: branches.count)
    }

    func wants(_ branch: Int?, _ range: Range<Int>) -> (StepItem.Logits, StepItem.Output) {
        guard let branch else { return (range.upperBound == rootCount ? .last : .none, .logits) }
        // The token at offset o is followed by target o + 1, which is scored from `lead` on.
        return (range.upperBound < branches[branch].lead ? .none : .all, .logits)
    }

    func accept(_ row: StepRow, branch: Int?, offset: Int) throws(InferenceError) {
        let first = branch == nil ? 0 : offset + 1
        if let branch, first < branches[branch].lead { return }
        let found = try row.scored()
        if let branch {
            score(branch, branches[branch].targets[first], row.values, found)
        } else {
            for branch in branches.indices where branches[branch].lead == 0 {
                score(branch, branches[branch].targets[0], row.values, found)
            }
        }
    }

    private func score(
        _ branch: Int, _ token: Int32, _ values: UnsafeBufferPointer<Float>,
        _ row: LogProbabilities
    ) {
        let value = row.value(ofLogit: values[Int(token)])
        scores[branch].logprobs.append(token, value, top: row.top)
        scores[branch].logprob += value
        if token != row.best { scores[branch].greedy = false }
    }

    func takeChunk(isLast: Bool) -> WorkEvent? { nil }

    func answer(_ record: AnswerRecord, at now: UInt64) -> WorkEvent {
        .scored(
            ScoreResponse(scores: scores, promptTokens: UInt64(promptCount), answer: record),
            at: now)
    }
}
