// The generated model: reproducible, acceptable, and measured with the same result by any number
// of threads.

import EngineMeasure
import Foundation
import Inference
import ModelFiles
import RandomModels
import Testing

@Suite struct RandomModelTests {
    @Test func sameSeedGivesTheSameBytesAndAnotherSeedOthers() throws {
        let paths = try [7, 7, 8].map { try written(.tiny(seed: $0)) }
        defer { for path in paths { unlink(path) } }
        let files = paths.map { FileManager.default.contents(atPath: $0) }
        #expect(files[0] != nil && files[0] == files[1])
        #expect(files[0] != files[2])
    }

    @Test func fifteenMillionHasTheShapeItPromises() throws {
        let path = try written(.fifteenMillion())
        defer { unlink(path) }
        let plan = try ModelPlan(file: GGUFFile(ModelFile(path: path)))
        #expect(plan.parameterCount == 15_191_712)
        #expect(plan.configuration.embeddingLength == 288)
        #expect(plan.configuration.blockCount == 6)
        #expect(plan.configuration.vocabularySize == 32_000)
        #expect(plan.isOutputTied)
        #expect(plan.formatCounts.keys.sorted().contains("Q8_0"))
        // The vocabulary merges: a frequent syllable is fewer tokens than bytes.
        let text = Array("the other one ate the rest".utf8)
        let tokens = try plan.tokenizer.encode(text, addSpecial: false, parseSpecial: false)
        #expect(tokens.count < text.count)
    }

    /// Two blocks of a big shape: all its tensors and formats, in a few megabytes.
    @Test(arguments: RandomModel.Weights.allCases)
    func everyMixtureOfFormatsIsAcceptedAndComputes(_ weights: RandomModel.Weights) throws {
        let isTernary = [.tq10, .tq20].contains(weights)
        var recipe = isTernary ? RandomModel.bitNet(weights) : .halfBillion(weights)
        (recipe.blockCount, recipe.vocabularySize) = (2, 600)
        if isTernary {
            (recipe.embeddingLength, recipe.feedForwardLength) = (1280, 768)
        }
        let path = try written(recipe)
        defer { unlink(path) }
        let figures = try EngineMeasure(
            threads: 1, promptCount: 5, generateCount: 4, repetitionCount: 1
        ).run(path: path)
        #expect(figures.decodeTokensPerSecond > 0)
    }

    @Test func bigShapesHaveTheSizesOfTheirModels() throws {
        // Q4_K_M of 896 columns: Q5_0 where blocks of 256 do not fit, Q8_0 for the table.
        var recipe = RandomModel.halfBillion(.q4KM)
        (recipe.blockCount, recipe.vocabularySize) = (8, 600)
        let path = try written(recipe)
        defer { unlink(path) }
        let plan = try ModelPlan(file: GGUFFile(ModelFile(path: path)))
        #expect(plan.formatCounts == ["Q5_0": 44, "Q8_0": 5, "Q4_K": 4, "Q6_K": 4])
    }

    @Test func moreThreadsComputeTheSameTokens() throws {
        let path = try written(.tiny())
        defer { unlink(path) }
        let runs = try [1, 2, 3].map { threads in
            try EngineMeasure(
                threads: threads, promptCount: 40, generateCount: 20, repetitionCount: 1
            ).run(path: path)
        }
        #expect(Set(runs.map(\.tokenHash)).count == 1)
        #expect(runs.allSatisfy { $0.prefillTokensPerSecond > 0 && $0.decodeTokensPerSecond > 0 })
    }

    @Test func countsBeyondTheContextAreRefusedWithBothNumbers() throws {
        let path = try written(.tiny())
        defer { unlink(path) }
        #expect {
            try EngineMeasure(threads: 1, promptCount: 257, generateCount: 1).run(path: path)
        } throws: { error in
            "\(error)".contains("257 tokens") && "\(error)".contains("context of 256")
        }
    }

    @Test func unwritablePathIsAnErrorThatNamesIt() {
        #expect { try RandomModel.tiny().write(to: "/no/such/directory/x.gguf") } throws: { error in
            "\(error)" == "creating /no/such/directory/x.gguf: No such file or directory"
        }
    }

    private func written(_ recipe: RandomModel) throws -> String {
        var template = Array("/tmp/assay-random-XXXXXX.gguf\0".utf8.map(CChar.init(bitPattern:)))
        let descriptor = mkstemps(&template, 5)
        try #require(descriptor >= 0)
        close(descriptor)
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        try recipe.write(to: path)
        return path
    }
}
