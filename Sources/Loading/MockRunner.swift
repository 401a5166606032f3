// Runs a mock. The runner keeps a sequence's tokens as a running hash and turns the hash into
// random logits or hidden states.
//
// Guarantees: the contract of a real runner, pages included. A row depends only on the seed and the
// sequence's own tokens, never on the batch or on forks. A step that throws has changed nothing.
// Does not: compute anything that resembles a model.

import Inference

final class MockRunner: ModelRunner {
    private let model: MockModel
    private var table: SequenceTable
    private var hashes: [SequenceID: UInt64] = [:]
    private var stepCount: UInt64 = 0
    private var row: [Float]

    init(_ model: MockModel, sequenceCountMax: Int, tokenBudget: Int) {
        self.model = model
        let pageCount = min((max(1, tokenBudget) - 1) / 16 + 1, Int(Int32.max))
        table = SequenceTable(
            sequenceCountMax: max(1, sequenceCountMax), sequenceLengthMax: model.contextLength,
            pageCount: pageCount)
        row = [Float](repeating: 0, count: max(model.vocabularySize, model.embeddingLength))
    }

    var freeTokens: Int { table.freeTokens }

    func length(of sequence: SequenceID) -> Int? {
        table.index(of: sequence).map { table.places[$0].length }
    }

    func open(capacity: Int) throws(InferenceError) -> SequenceID {
        let id = try table.open(capacity: capacity)
        model.noteUse()
        hashes[id] = Self.mixed(model.seed)
        return id
    }

    func fork(_ sequence: SequenceID, capacity: Int) throws(InferenceError) -> SequenceID {
        let id = try table.fork(sequence, capacity: capacity).id
        hashes[id] = hashes[sequence]
        return id
    }

    func close(_ sequence: SequenceID) {
        table.close(sequence)
        hashes[sequence] = nil
    }

    func step(
        _ items: [StepItem], receive: (StepRow) -> Void
    ) throws(InferenceError) {
        stepCount += 1
        try table.admit(items, step: stepCount, vocabularySize: model.vocabularySize)
        for (index, item) in items.enumerated() {
            guard var hash = hashes[item.sequence], let length = length(of: item.sequence) else {
                continue
            }
            for (offset, token) in item.tokens.enumerated() {
                hash = Self.mixed(hash ^ UInt64(UInt32(bitPattern: token)))
                guard item.wantsValues(of: offset) else { continue }
                let width = fillRow(hash, item.output)
                row.withUnsafeBufferPointer {
                    receive(
                        StepRow(
                            item, index: index, position: length + offset,
                            isLast: offset == item.tokens.count - 1,
                            values: UnsafeBufferPointer(rebasing: $0[..<width])))
                }
            }
            hashes[item.sequence] = hash
            table.advance(item.sequence, by: item.tokens.count)
        }
    }

    /// Fills `row` with uniform values in -4 ..< 4, finite and never constant. Returns the number
    /// of values.
    private func fillRow(_ hash: UInt64, _ output: StepItem.Output) -> Int {
        // Hidden states and logits use different random streams.
        var state = output == .logits ? hash : Self.mixed(~hash)
        let width = output == .logits ? model.vocabularySize : model.embeddingLength
        for index in 0..<width {
            state &+= 0x9E37_79B9_7F4A_7C15
            row[index] = Float(Self.mixed(state) >> 40) / Float(1 << 21) - 4
        }
        return width
    }

    /// The finaliser of SplitMix64.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
