// Embed: from hidden states to a vector per input.
//
// Guarantees: sums are in double, by position. A vector's length is computed in double, by
// dimension, and divides the vector unless the length is zero. No result depends on the division of
// an input into steps.

import Inference
import Service
import Wire

/// Inputs come in order, so a single running sum is enough.
final class EmbedReader: BranchReader {
    private let counts: [Int]
    private let promptCount: Int
    private let pooling: Pooling
    private let normalizes: Bool
    private let dimensions: Int
    private let chunkCount: Int
    private var sums: [Double]
    private var values: [Float] = []

    /// - Parameters:
    ///   - counts: tokens read of each input.
    ///   - promptCount: tokens of all inputs, for the answer.
    ///   - chunkCount: most values of a frame.
    init(
        counts: [Int], promptCount: Int, pooling: Pooling, normalizes: Bool, dimensions: Int,
        chunkCount: Int
    ) {
        self.counts = counts
        self.promptCount = promptCount
        self.pooling = pooling
        self.normalizes = normalizes
        self.dimensions = dimensions
        self.chunkCount = chunkCount
        sums = [Double](repeating: 0, count: dimensions)
    }

    func wants(_ branch: Int?, _ range: Range<Int>) -> (StepItem.Logits, StepItem.Output) {
        guard let branch else { return (.none, .hidden) }
        switch pooling {
        case .mean: return (.all, .hidden)
        case .cls: return (range.lowerBound == 0 ? .first : .none, .hidden)
        case .last: return (range.upperBound == counts[branch] ? .last : .none, .hidden)
        }
    }

    var topCount: Int? { nil }

    func accept(_ row: StepRow, branch: Int?, offset: Int) throws(InferenceError) {
        guard let branch else { return }
        for index in 0..<dimensions { sums[index] += Double(row.values[index]) }
        guard pooling == .cls || offset + 1 == counts[branch] else { return }
        try finish(count: pooling == .mean ? counts[branch] : 1)
    }

    /// Makes the vector of an input from the sum of its states.
    private func finish(count: Int) throws(InferenceError) {
        var square = 0.0
        for index in 0..<dimensions {
            sums[index] /= Double(count)
            square += sums[index] * sums[index]
        }
        guard square.isFinite else {
            throw InferenceError(
                .nonFiniteLogits, tried: "pooling hidden states",
                found: "a value that is NaN or infinite", allowed: "finite values")
        }
        let length = normalizes && square > 0 ? square.squareRoot() : 1
        for index in 0..<dimensions {
            values.append(Float(sums[index] / length))
            sums[index] = 0
        }
    }

    /// The last frame also carries the record of the answer, so a rest that fills the frame goes
    /// ahead.
    func takeChunk(isLast: Bool) -> WorkEvent? {
        guard values.count > (isLast ? chunkCount / 2 : chunkCount) else { return nil }
        let count = min(values.count, chunkCount)
        defer { values.removeFirst(count) }
        return .embedChunk(EmbedChunk(embeddings: Array(values.prefix(count))))
    }

    func answer(_ record: AnswerRecord, at now: UInt64) -> WorkEvent {
        .embedded(
            EmbedResponse(
                embeddings: values, dimensions: UInt64(dimensions), count: UInt64(counts.count),
                promptTokens: UInt64(promptCount), pooling: pooling, answer: record),
            at: now)
    }
}
