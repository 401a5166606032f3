// Same bits, always: a sequence's logits do not depend on company, chunking, threads or on which
// instruction set carried the step out.
//
// Small random models in every format and of every family stand in for real ones, so the suite
// needs no fixtures. One run is the reference; every other schedule must equal it bit for bit.

import Compute
import Goldens
import Inference
import TestSupport
import Testing

@Suite struct DeterminismTests {
    /// Long enough for three cache pages and more than one panel of rows in the kernels.
    private static let prompt: [Int32] = (0..<45).map { Int32(($0 * 37 + 11) % 340) }

    private static func bits(_ rows: [[Float]]) -> [[UInt32]] {
        rows.map { $0.map(\.bitPattern) }
    }

    /// A llama in a format, or a family in F32.
    enum Subject: Sendable, CustomTestStringConvertible {
        case encoding(WeightEncoding)
        case family(String)

        static let all =
            WeightEncoding.allCases.map(Subject.encoding) + FamilyTests.names.map(Subject.family)

        var testDescription: String {
            switch self {
            case .encoding(let encoding): "\(encoding)"
            case .family(let name): name
            }
        }
    }

    private static func model(
        _ subject: Subject, on instructionSet: InstructionSet = .scalar, threads: Int = 1
    ) throws -> FixtureModel {
        let builder =
            switch subject {
            case .encoding(let encoding): GGUFBuilder.tinyLlama(seed: 7, encoding: encoding)
            case .family(let name):
                try GGUFBuilder.tiny(
                    name, seed: 7, optional: [.attentionOutputScale, .downScale, .ropeFactorsLong])
            }
        return try FixtureModel.place(builder.parsed(), on: instructionSet, threads: threads)
    }

    @Test(arguments: Subject.all, InstructionSet.available())
    func theSameOnEveryInstructionSet(
        _ subject: Subject, _ instructionSet: InstructionSet
    ) throws {
        let expected = try Self.model(subject).logits(of: Self.prompt, wants: .all)
        let found = try Self.model(subject, on: instructionSet)
            .logits(of: Self.prompt, wants: .all)
        #expect(Self.bits(found) == Self.bits(expected))
    }

    @Test(arguments: Subject.all, [1, 2, 3])
    func theSameWithAnyNumberOfThreads(_ subject: Subject, _ threads: Int) throws {
        let expected = try Self.model(subject).logits(of: Self.prompt, wants: .all)
        let found = try Self.model(subject, on: .best, threads: threads)
            .logits(of: Self.prompt, wants: .all)
        #expect(Self.bits(found) == Self.bits(expected))
    }

    @Test(arguments: Subject.all, [1, 7, 16, 44])
    func theSameInChunks(_ subject: Subject, _ chunk: Int) throws {
        let model = try Self.model(subject, on: .best, threads: 2)
        let expected = try model.logits(of: Self.prompt, wants: .all)
        let found = try model.logits(of: Self.prompt, wants: .all, chunk: chunk)
        #expect(Self.bits(found) == Self.bits(expected))
    }

    @Test(arguments: Subject.all)
    func theSameWhetherOneOrAllPositionsAreWanted(_ subject: Subject) throws {
        let model = try Self.model(subject, on: .best)
        let all = try model.logits(of: Self.prompt, wants: .all)
        let last = try model.logits(of: Self.prompt, wants: .last)
        #expect(Self.bits(last) == Self.bits([all[Self.prompt.count - 1]]))
    }

    /// Eight sequences in one runner: the one watched generates token by token while strangers
    /// prefill in uneven chunks, generate, close and are replaced.
    @Test(arguments: Subject.all, [1, 2])
    func theSameAmongStrangers(_ subject: Subject, _ threads: Int) throws {
        let expected = try Self.model(subject).logits(of: Self.prompt, wants: .all)
        let model = try Self.model(subject, on: .best, threads: threads)
        var crowd = try Crowd(model: model.model, strangerCount: 7, seed: 99)
        var rows: [[Float]] = []
        for token in Self.prompt {
            rows.append(try crowd.step(watchedToken: token))
        }
        #expect(Self.bits(rows) == Self.bits(expected))
    }

    /// More tokens than one pass takes, so the runner has to divide the step itself.
    @Test func theSameWhenAStepNeedsSeveralPasses() throws {
        var shape = TinyLlamaShape()
        shape.contextLength = 1024
        let file = try GGUFBuilder.tinyLlama(shape: shape).parsed()
        let model = try FixtureModel.place(file)
        let prompt = (0..<700).map { Int32(($0 * 31) % 340) }
        let whole = try model.logits(of: prompt, wants: .all)
        let parts = try model.logits(of: prompt, wants: .all, chunk: 100)
        #expect(whole.count == 700)
        #expect(Self.bits(whole) == Self.bits(parts))
    }

    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the trained model"),
        arguments: InstructionSet.available())
    func theTrainedModelGivesTheSameBitsEverywhere(_ instructionSet: InstructionSet) throws {
        let prompt = try Golden.read("stories/stories260K-f32.golden.json").prompts[3]
        let file = "stories/stories260K-f32.gguf"
        let expected = try FixtureModel.load(file, on: .scalar, threads: 1)
            .logits(of: prompt, wants: .all)
        for threads in [1, 2] {
            let model = try FixtureModel.load(file, on: instructionSet, threads: threads)
            for chunk in [1, 5, 100] {
                let found = try model.logits(of: prompt, wants: .all, chunk: chunk)
                #expect(Self.bits(found) == Self.bits(expected))
            }
        }
    }
}

/// One watched sequence among others that come and go.
private struct Crowd {
    private let runner: any ModelRunner
    private let watched: SequenceID
    private var strangers: [SequenceID] = []
    private var random: SeededGenerator
    private static let strangerCapacity = 24

    init(model: TransformerModel, strangerCount: Int, seed: UInt64) throws {
        runner = try model.makeRunner(
            maxSequences: strangerCount + 1, tokenBudget: 48 + strangerCount * 32)
        watched = try runner.open(capacity: 48)
        random = SeededGenerator(seed: seed)
        for _ in 0..<strangerCount {
            strangers.append(try runner.open(capacity: Self.strangerCapacity))
        }
    }

    /// One step in which everybody takes part, the watched one at a random place of the batch.
    mutating func step(watchedToken: Int32) throws -> [Float] {
        var items: [StepItem] = []
        for index in strangers.indices {
            let count = 1 + random.below(5)
            let length = runner.length(of: strangers[index]) ?? 0
            if length + count > Self.strangerCapacity {
                runner.close(strangers[index])
                strangers[index] = try runner.open(capacity: Self.strangerCapacity)
            }
            let tokens = (0..<count).map { _ in Int32(random.below(340)) }
            let wants: [StepItem.Logits] = [.none, .last, .all]
            items.append(
                StepItem(
                    sequence: strangers[index], tokens: tokens, wants: wants[random.below(3)]))
        }
        let place = random.below(items.count + 1)
        let item = StepItem(sequence: watched, tokens: [watchedToken], wants: .last)
        items.insert(item, at: place)
        var row: [Float] = []
        try runner.step(items) { item, _, values in
            if item == place { row = Array(values) }
        }
        return row
    }
}
