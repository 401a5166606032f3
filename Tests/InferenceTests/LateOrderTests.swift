// Every family on a device whose memory nobody can dereference and whose operations run late, in
// any legal order: the CPU's bits.

import Compute
import ComputeTestSupport
import Inference
import TestSupport
import Testing

@Suite struct LateOrderTests {
    private static let prompt: [Int32] = (0..<45).map { Int32(($0 * 37 + 11) % 340) }

    private static func bits(_ rows: [[Float]]) -> [[UInt32]] {
        rows.map { $0.map(\.bitPattern) }
    }

    private static func file(_ family: String) throws -> GGUFBuilder {
        try GGUFBuilder.tiny(
            family, seed: 7, optional: [.attentionOutputScale, .downScale, .ropeFactorsLong])
    }

    @Test(arguments: FamilyTests.names, [1, 2, 3])
    func anyLegalOrderGivesTheBitsOfTheCPU(_ family: String, _ seed: UInt64) throws {
        let file = try Self.file(family).parsed()
        let cpu = try FixtureModel.place(file)
        let device = try RecordingBackend(order: .random(seed: seed))
        let model = try FixtureModel.place(file, on: device)
        for wants in [StepItem.Logits.all, .last] {
            let expected = try cpu.logits(of: Self.prompt, wants: wants)
            for chunk in [45, 7] {
                let found = try model.logits(of: Self.prompt, wants: wants, chunk: chunk)
                #expect(Self.bits(found) == Self.bits(expected))
            }
        }
        #expect(device.swaps > 0, "no operation ran before an earlier one")
        #expect(device.unfinishedReads == 0)
    }

    /// More rows than a pass takes: the second pass is called before anything of the first has run.
    @Test(arguments: FamilyTests.names)
    func passesOfOneStepKeepTheirOrder(_ family: String) throws {
        let file = try Self.file(family).parsed()
        func rows(_ backend: any Backend) throws -> [[Float]] {
            let runner = try FixtureModel.place(file, on: backend).model
                .makeRunner(maxSequences: 4, tokenBudget: 512)
            var rows: [[Float]] = []
            let items = try (0..<3).map { number in
                let tokens = (0..<100).map { Int32(($0 * 31 + number) % 340) }
                return StepItem(
                    sequence: try runner.open(capacity: 110), tokens: tokens,
                    wants: number < 2 ? .none : .last)
            }
            try runner.step(items) { _, _, values in rows.append(Array(values)) }
            let fork = try runner.fork(items[0].sequence, capacity: 110)
            try runner.step([StepItem(sequence: fork, tokens: [5], wants: .last)]) {
                _, _, values in rows.append(Array(values))
            }
            return rows
        }
        let expected = try rows(CPUBackend(threads: 1))
        let found = try rows(RecordingBackend(order: .random(seed: 4)))
        #expect(found.count == 2 && Self.bits(found) == Self.bits(expected))
    }

    /// The order matters, so a device that breaks the rules is seen.
    @Test(arguments: FamilyTests.names)
    func anIllegalOrderGivesOtherBits(_ family: String) throws {
        let file = try Self.file(family).parsed()
        let expected = try FixtureModel.place(file).logits(of: Self.prompt, wants: .last)
        let device = try RecordingBackend(order: .reversed)
        let found = try FixtureModel.place(file, on: device).logits(of: Self.prompt, wants: .last)
        #expect(Self.bits(found) != Self.bits(expected))
    }

    /// An operation fails late: no values are handed out, no token is appended, and the same step
    /// succeeds afterwards.
    @Test(arguments: [0, 7, 25])
    func aFailureIsThrownBeforeAnythingIsRead(_ operation: Int) throws {
        let file = try Self.file("llama").parsed()
        let expected = try FixtureModel.place(file).logits(of: Self.prompt, wants: .last)
        // The forward-pass check is not run, so the first operation is the step's.
        let device = try RecordingBackend(order: .random(seed: 9), failing: operation)
        let runner = try FixtureModel.place(file, on: device).model
            .makeRunner(maxSequences: 1, tokenBudget: 64)
        let sequence = try runner.open(capacity: 64)
        var rows: [[Float]] = []
        let item = StepItem(sequence: sequence, tokens: Self.prompt, wants: .last)
        let error = #expect(throws: InferenceError.self) {
            try runner.step([item]) { _, _, values in rows.append(Array(values)) }
        }
        #expect(error?.code == .placement && error?.found == "a planned failure")
        #expect(rows.isEmpty && runner.length(of: sequence) == 0)
        try runner.step([item]) { _, _, values in rows.append(Array(values)) }
        #expect(Self.bits(rows) == Self.bits(expected))
    }

    @Test func everyDeviceObjectIsReleased() throws {
        let device = try RecordingBackend()
        try {
            let model = try FixtureModel.place(Self.file("llama").parsed(), on: device)
            _ = try model.logits(of: Self.prompt, wants: .last)
            #expect(device.objectCount > 20)
        }()
        #expect(device.objectCount == 0)
    }

    // MARK: State

    @Test func statesThatCannotBeAreRefused() throws {
        let backend = try CPUBackend(threads: 1)
        for (lengths, count) in [
            ([], 1), ([0, 0], 1), ([-1, 5], 1), ([4], 0), ([.max, 1], 1), ([1 << 40], 1 << 30),
        ] {
            let shape = StateShape(lengths: lengths, sequenceCountMax: count)
            let error = #expect(throws: ComputeError.self) { try backend.makeState(shape) }
            #expect(error?.code == .shapeInvalid)
        }
        let state = try backend.makeState(StateShape(lengths: [3, 0, 5], sequenceCountMax: 4))
        #expect(state.shape.size == 4 * 8 * 4 && state.width == 8)
        #expect(state.layer(2).offset == 3 && state.layer(2).stride == 8)
    }
}
