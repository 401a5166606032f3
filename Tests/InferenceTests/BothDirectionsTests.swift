// Models whose attention is not causal: every family against the plain reference, inputs longer
// than a pass, the same bits everywhere, and what such a model cannot do.

import Compute
import ComputeTestSupport
import Goldens
import Inference
import ModelFiles
import TestSupport
import Testing

@Suite struct BothDirectionsTests {
    /// More than the 256 rows of a pass, with a last piece of one row, in the middle and whole.
    private static let lengths = [256, 257, 300, 512]

    private static func tokens(_ count: Int, seed: Int = 0) -> [Int32] {
        (0..<count).map { Int32(($0 * 61 + seed * 7 + 5) % 340) }
    }

    private static func builder(_ family: String, _ seed: UInt64 = 31) throws -> GGUFBuilder {
        try .tiny(family, seed: seed) {
            $0.set("\(family).attention.causal", .bool(false))
            $0.set("\(family).context_length", .uint32(600))
        }
    }

    private static func model(
        _ family: String, on backend: (any Backend)? = nil
    ) throws -> FixtureModel {
        let file = try builder(family).parsed()
        return try FixtureModel.place(file, on: try backend ?? SharedBackends.get(threads: 2))
    }

    /// Hidden states of inputs that share a step.
    private static func hidden(
        _ model: FixtureModel, _ inputs: [[Int32]], wants: StepItem.Logits = .all
    ) throws -> [[[Float]]] {
        let runner = try model.model.makeRunner(
            maxSequences: inputs.count, tokenBudget: inputs.reduce(0) { $0 + $1.count + 16 })
        let items = try inputs.map { tokens in
            StepItem(
                sequence: try runner.open(capacity: tokens.count), tokens: tokens, wants: wants,
                output: .hidden)
        }
        var rows: [[[Float]]] = inputs.map { _ in [] }
        try runner.step(items) { item, _, values in rows[item].append(Array(values)) }
        for item in items { runner.close(item.sequence) }
        return rows
    }

    private static func bits(_ rows: [[Float]]) -> [[UInt32]] {
        rows.map { $0.map(\.bitPattern) }
    }

    // MARK: Numbers

    @Test(arguments: FamilyTests.names)
    func everyFamilyAgreesWithTheReference(_ family: String) throws {
        let file = try Self.builder(family).parsed()
        let tokens = Self.tokens(19)
        let expected = try ReferenceTransformer(file).hidden(of: tokens)
        let found = try Self.hidden(try Self.model(family), [tokens])[0]
        let deviation = Deviation(
            found.flatMap(\.self), expected.flatMap { $0.map { Float($0) } })
        #expect(deviation.largest < 1e-4, "\(deviation)")
        let causal = try FixtureModel.place(
            file, overrides: ["attention.causal": "true"])
        let others = try Self.hidden(causal, [tokens])[0]
        #expect(zip(others, found).allSatisfy { Deviation($0, $1).largest > 1e-3 })
    }

    /// A parallel block keeps its norm between the pieces, and a sequential one does not.
    @Test(arguments: ["llama", "phi2", "qwen3"], lengths)
    func anInputLongerThanAPassAgreesWithTheReference(_ family: String, _ length: Int) throws {
        let file = try Self.builder(family).parsed()
        let tokens = Self.tokens(length)
        let expected = try ReferenceTransformer(file).hidden(of: tokens)
        let found = try Self.hidden(try Self.model(family), [tokens])[0]
        let deviation = Deviation(
            found.flatMap(\.self), expected.flatMap { $0.map { Float($0) } })
        #expect(deviation.largest < 1e-4, "\(deviation)")
    }

    @Test(arguments: FamilyTests.names)
    func companyChangesNoBit(_ family: String) throws {
        let model = try Self.model(family)
        let inputs = [3, 300, 40, 256, 1, 257, 200, 200].enumerated().map {
            Self.tokens($1, seed: $0)
        }
        let together = try Self.hidden(model, inputs)
        let backwards = try Self.hidden(model, inputs.reversed())
        for (index, input) in inputs.enumerated() {
            let alone = Self.bits(try Self.hidden(model, [input])[0])
            #expect(alone.count == input.count)
            #expect(Self.bits(together[index]) == alone)
            #expect(Self.bits(backwards[inputs.count - 1 - index]) == alone)
        }
    }

    @Test(arguments: [40, 300])
    func wantedRowsAreThoseOfAll(_ length: Int) throws {
        let model = try Self.model("qwen2")
        let tokens = Self.tokens(length)
        let all = Self.bits(try Self.hidden(model, [tokens])[0])
        #expect(all.count == length)
        #expect(
            Self.bits(try Self.hidden(model, [tokens], wants: .first)[0]) == [all[0]])
        #expect(
            Self.bits(try Self.hidden(model, [tokens], wants: .last)[0]) == [all[length - 1]])
        #expect(try Self.hidden(model, [tokens], wants: .none)[0].isEmpty)
    }

    @Test func everyInstructionSetAndThreadCountGivesTheSameBits() throws {
        let file = try Self.builder("llama").parsed()
        let inputs = [Self.tokens(30), Self.tokens(300)]
        var expected: [[[UInt32]]]?
        for set in InstructionSet.available() {
            for threads in [1, 2, 5] {
                let model = try FixtureModel.place(file, on: set, threads: threads)
                let found = try Self.hidden(model, inputs).map(Self.bits)
                if let expected {
                    #expect(found == expected, "\(set), \(threads) threads")
                } else {
                    expected = found
                }
            }
        }
    }

    @Test(arguments: ["llama", "phi2"], [UInt64(1), 2])
    func anyLegalOrderOfADeviceGivesTheBitsOfTheCPU(_ family: String, _ seed: UInt64) throws {
        let device = try RecordingBackend(order: .random(seed: seed))
        let inputs = [Self.tokens(20), Self.tokens(260)]
        let expected = try Self.hidden(try Self.model(family), inputs).map(Self.bits)
        let found = try Self.hidden(try Self.model(family, on: device), inputs).map(Self.bits)
        #expect(found == expected)
        #expect(device.swaps > 0 && device.unfinishedReads == 0)
    }

    /// The other container of the same weights.
    @Test(arguments: ["llama", "qwen2", "qwen3", "phi2", "phi3", "bitnet"])
    func aFolderGivesTheBitsOfTheFile(_ family: String) throws {
        let file = try Self.builder(family).parsed()
        var folder = try CheckpointBuilder(file)
        folder.set("is_causal", "false")
        folder.set("vocab_size", "\(file.tensor("token_embd.weight")?.rows ?? 0)")
        let inputs = [Self.tokens(20), Self.tokens(300)]
        let expected = try Self.hidden(try FixtureModel.place(file), inputs).map(Self.bits)
        let plan = try folder.plan()
        #expect(plan.configuration.isCausal == false)
        let model = FixtureModel(
            model: try TransformerModel(plan: plan, backend: SharedBackends.get(threads: 2)), plan: plan)
        #expect(try Self.hidden(model, inputs).map(Self.bits) == expected)
    }

    // MARK: What cannot be

    @Test func tokensComeInOneItemAndNothingIsShared() throws {
        let runner = try Self.model("llama").model.makeRunner(maxSequences: 2, tokenBudget: 64)
        let sequence = try runner.open(capacity: 32)
        let item = StepItem(sequence: sequence, tokens: Self.tokens(8), wants: .none)
        try runner.step([item]) { _, _, _ in }
        let second = #expect(throws: InferenceError.self) {
            try runner.step([item]) { _, _, _ in }
        }
        #expect(second?.code == .badStep && second?.found == "a sequence of 8 tokens")
        let fork = #expect(throws: InferenceError.self) {
            try runner.fork(sequence, capacity: 32)
        }
        #expect(fork?.code == .badStep)
        #expect(runner.length(of: sequence) == 8 && runner.freeTokens == 32)
    }

    @Test func aContextIsCutToWhatAStepTakes() throws {
        var builder = try Self.builder("llama")
        builder.set("llama.context_length", .uint32(32_768))
        let whole = try ModelPlan(file: builder.parsed(), makeTokenizer: StubTokenizer.make)
        #expect(whole.configuration.contextLength == 8_192)
        #expect(whole.configuration.originalContextLength == 32_768)
        builder.set("llama.attention.causal", .bool(true))
        let causal = try ModelPlan(file: builder.parsed(), makeTokenizer: StubTokenizer.make)
        #expect(causal.configuration.contextLength == 32_768)
        // The rows that wait between pieces: the residual stream, the queries and a norm.
        let kept = 3 * whole.configuration.embeddingLength * 4
        func scratch(_ plan: ModelPlan, _ positions: Int) -> Int {
            plan.memory(contextTokens: positions).scratch
        }
        let plain = scratch(causal, 100_000)
        #expect(scratch(whole, 256) == plain)
        #expect(scratch(whole, 1_024) == plain + 1_024 * kept)
        #expect(scratch(whole, 100_000) == plain + 8_192 * kept)
    }

    /// Some runtimes halve the window of such models, and others do not.
    @Test func aWindowBesideItIsRefused() throws {
        let phi = try GGUFBuilder.tiny("phi3") {
            $0.set("phi3.attention.sliding_window", .uint32(64))
        }
        #expect(try ModelPlan(file: phi.parsed()).configuration.contextLength == 64)
        let error = #expect(throws: InferenceError.self) {
            try ModelPlan(file: phi.parsed(), overrides: ["attention.causal": "false"])
        }
        #expect(error?.code == .unsupportedFeature)
        #expect(error?.location == "phi3.attention.sliding_window")
        var folder = CheckpointBuilder.tiny("Qwen2ForCausalLM")
        folder.set("sliding_window", "64")
        folder.set("use_sliding_window", "false")
        folder.set("is_causal", "false")
        #expect(try folder.plan().configuration.contextLength == 128)
        folder.set("use_sliding_window", "true")
        let other = #expect(throws: InferenceError.self) { try folder.plan() }
        #expect(other?.location == "sliding_window")
    }

    @Test func theForwardPassIsChecked() throws {
        let verdict = try Self.model("llama").model.validate()
        #expect(verdict.tokenCount == 4)
    }
}
