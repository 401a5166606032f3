// The forward pass of the packaged model against plain PyTorch, and against itself.

import Compute
import Fidelity
import Goldens
import Testing

@Suite struct DemoForwardPassTests {
    private let golden: DemoGolden

    init() throws { golden = try DemoGolden.read() }

    private static func bits(_ rows: [[Float]]) -> [[UInt32]] {
        rows.map { $0.map(\.bitPattern) }
    }

    @Test func theGoldensAreOfThisModel() throws {
        #expect(golden.prompts.count == 20)
        #expect(golden.ways == DemoGolden.Way.allCases)
        #expect(try Demo.tokenizer().vocabularySize == golden.vocabulary)
    }

    /// With float inputs both sides do the same sums in another order.
    @Test(arguments: InstructionSet.available())
    func floatLogitsAreWithinAThousandthOfPyTorch(_ set: InstructionSet) throws {
        let model = try Demo.run(.float, on: set)
        var worst = 0.0
        for (prompt, expected) in zip(golden.prompts, try golden.logits(.float)) {
            let found = try #require(try model.logits(of: prompt.tokens).last)
            worst = max(worst, Deviation(found, expected).largest)
        }
        print("demo, float inputs, \(set): largest difference \(worst)")
        #expect(worst <= 1e-3)
    }

    /// Sums of whole numbers are exact on both sides, but norms and attention are not: now and
    /// then a difference in the seventh digit lands an input on the other side of a rounding, and
    /// the logits move as far as one step of one input moves them.
    @Test(arguments: InstructionSet.available())
    func roundedLogitsAreNearPyTorch(_ set: InstructionSet) throws {
        let model = try Demo.run(.exact, on: set)
        let differences = try zip(golden.prompts, golden.logits(.exact)).map { prompt, expected in
            Deviation(try model.logits(of: prompt.tokens).last ?? [], expected).largest
        }
        let sorted = differences.sorted()
        print("demo, rounded inputs, \(set): differences \(sorted)")
        #expect(sorted[sorted.count * 3 / 4 - 1] <= 1e-3)
        #expect(sorted[sorted.count - 1] <= 0.25)
    }

    @Test(arguments: DemoGolden.Way.allCases)
    func theBestTokenIsPyTorchsAtEveryPosition(_ way: DemoGolden.Way) throws {
        let model = try Demo.run(way)
        for prompt in golden.prompts {
            let found = try model.logits(of: prompt.tokens).map(\.indexOfLargest)
            let expected = prompt.choices(way)
            let differing = found.indices.filter {
                found[$0] != expected.best[$0] && !expected.nearTies.contains($0)
            }
            #expect(differing == [], "\(prompt.skill): \(prompt.hex)")
        }
    }

    /// Greedy; where a decision on the way was near, a flipped rounding may decide it.
    @Test(arguments: InstructionSet.available())
    func greedyAnswersArePyTorchsTokenForToken(_ set: InstructionSet) throws {
        let model = try Demo.run(on: set)
        let sure = golden.prompts.filter { $0.gap > 0.1 }
        #expect(sure.count >= 8)
        for prompt in sure {
            let ending = prompt.finish == "stop" ? [golden.end] : []
            let expected = prompt.answer + ending
            let found = try model.greedy(prompt.tokens, count: expected.count)
            #expect(found == expected, "\(prompt.skill): \(prompt.answerText)")
        }
    }

    // MARK: - Same bits

    /// A long prompt that ends in none of the goldens: pages, chunks and panels are crossed.
    private var long: [Int32] { Array(golden.prompts.flatMap(\.tokens).prefix(180)) }

    @Test(arguments: InstructionSet.available(), [1, 2])
    func theSameBitsOnEveryInstructionSetAndWithAnyThreads(
        _ set: InstructionSet, _ threads: Int
    ) throws {
        let expected = try Demo.run(on: .scalar, threads: 1).logits(of: long)
        let found = try Demo.run(on: set, threads: threads).logits(of: long)
        #expect(Self.bits(found) == Self.bits(expected))
    }

    @Test(arguments: [1, 7, 16, 179])
    func theSameBitsInChunks(_ chunk: Int) throws {
        let model = try Demo.run()
        let found = try model.logits(of: long, chunk: chunk)
        #expect(try Self.bits(found) == Self.bits(model.logits(of: long)))
    }

    @Test(arguments: [1, 2])
    func theSameBitsInABatchOfEight(_ threads: Int) throws {
        let model = try Demo.run(threads: threads)
        for prompt in [golden.prompts[0], golden.prompts[13], golden.prompts[17]] {
            let alone = try model.logits(of: prompt.tokens)
            let among = try model.logitsAmongStrangers(of: prompt.tokens)
            #expect(Self.bits(among) == Self.bits(alone))
        }
    }
}
