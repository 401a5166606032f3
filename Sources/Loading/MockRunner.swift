// Runs a mock: keeps each sequence's tokens as one running hash and turns it into random logits.
//
// Guarantees: the same contract as a real runner: a row depends on the seed and the sequence's
// own tokens only, never on the batch; a step that throws has changed nothing.
// Does not: compute anything that resembles a model.

import Inference

final class MockRunner: ModelRunner {
    private struct Sequence {
        let id: SequenceID
        let capacity: Int
        var length = 0
        var hash: UInt64
    }

    private let model: MockModel
    private let sequenceCountMax: Int
    private let tokenBudget: Int
    private var sequences: [SequenceID: Sequence] = [:]
    private var nextGeneration: UInt32 = 0
    private var row: [Float]

    init(_ model: MockModel, sequenceCountMax: Int, tokenBudget: Int) {
        self.model = model
        self.sequenceCountMax = max(0, sequenceCountMax)
        self.tokenBudget = (max(0, tokenBudget) + 15) / 16 * 16
        row = [Float](repeating: 0, count: model.vocabularySize)
    }

    var freeTokens: Int {
        tokenBudget - sequences.values.reduce(0) { $0 + ($1.capacity + 15) / 16 * 16 }
    }

    func length(of sequence: SequenceID) -> Int? { sequences[sequence]?.length }

    func open(capacity: Int) throws(InferenceError) -> SequenceID {
        guard capacity >= 1, capacity <= min(model.contextLength, tokenBudget) else {
            throw InferenceError(
                .sequenceTooLong, tried: "opening a sequence on the mock",
                found: "\(capacity) positions",
                allowed: "1 to \(min(model.contextLength, tokenBudget))")
        }
        guard sequences.count < sequenceCountMax else {
            throw InferenceError(
                .tooManySequences, tried: "opening a sequence on the mock",
                found: "\(sequences.count) open", allowed: "\(sequenceCountMax)")
        }
        guard (capacity + 15) / 16 * 16 <= freeTokens else {
            throw InferenceError(
                .cacheExhausted, tried: "opening a sequence on the mock",
                found: "\(freeTokens) positions free", allowed: "\(capacity) or more")
        }
        model.noteUse()
        nextGeneration += 1
        let id = SequenceID(slot: 0, generation: nextGeneration)
        sequences[id] = Sequence(id: id, capacity: capacity, hash: Self.mixed(model.seed))
        return id
    }

    func close(_ sequence: SequenceID) { sequences[sequence] = nil }

    func step(
        _ items: [StepItem],
        logits: (_ item: Int, _ position: Int, _ values: UnsafeBufferPointer<Float>) -> Void
    ) throws(InferenceError) {
        try check(items)
        for (index, item) in items.enumerated() {
            guard var sequence = sequences[item.sequence] else { continue }
            for (offset, token) in item.tokens.enumerated() {
                sequence.hash = Self.mixed(sequence.hash ^ UInt64(UInt32(bitPattern: token)))
                let isLast = offset == item.tokens.count - 1
                if item.wants == .all || (item.wants == .last && isLast) {
                    fillRow(sequence.hash)
                    row.withUnsafeBufferPointer { logits(index, sequence.length, $0) }
                }
                sequence.length += 1
            }
            sequences[item.sequence] = sequence
        }
    }

    private func check(_ items: [StepItem]) throws(InferenceError) {
        var seen: Set<SequenceID> = []
        for item in items {
            guard let sequence = sequences[item.sequence] else {
                throw InferenceError(
                    .unknownSequence, tried: "stepping the mock", found: "a closed sequence")
            }
            guard !item.tokens.isEmpty, seen.insert(item.sequence).inserted else {
                throw InferenceError(
                    .badStep, tried: "stepping the mock",
                    found: item.tokens.isEmpty ? "no tokens" : "the same sequence twice")
            }
            guard sequence.length + item.tokens.count <= sequence.capacity else {
                throw InferenceError(
                    .sequenceTooLong, tried: "stepping the mock",
                    found: "\(sequence.length + item.tokens.count) positions",
                    allowed: "\(sequence.capacity)")
            }
            let vocabularySize = Int32(model.vocabularySize)
            if let token = item.tokens.first(where: { $0 < 0 || $0 >= vocabularySize }) {
                throw InferenceError(
                    .tokenOutOfRange, tried: "stepping the mock", found: "\(token)",
                    allowed: "0 to \(vocabularySize - 1)")
            }
        }
    }

    /// Uniform in -4 ..< 4: finite, never constant.
    private func fillRow(_ hash: UInt64) {
        var state = hash
        for index in row.indices {
            state &+= 0x9E37_79B9_7F4A_7C15
            row[index] = Float(Self.mixed(state) >> 40) / Float(1 << 21) - 4
        }
    }

    /// The finaliser of SplitMix64.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
