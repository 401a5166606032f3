// The trained model's text, token for token: 5 prompts, 128 tokens each.

import Compute
import Goldens
import Inference
import TestSupport
import Testing

@Suite(.enabled(if: Fixtures.directory != nil, "needs the trained model"))
struct GreedyTests {
    @Test(arguments: InstructionSet.available())
    func theTrainedModelTellsTheReferencesStories(_ instructionSet: InstructionSet) throws {
        let model = try FixtureModel.load("stories/stories260K-f32.gguf", on: instructionSet)
        for item in try StoriesGolden.read().items {
            let tokens = try model.greedy(item.promptTokens, count: item.tokens.count)
            #expect(tokens == item.tokens, "prompt \"\(item.prompt)\"")
        }
    }

    @Test func halfPrecisionTellsTheSameStories() throws {
        let model = try FixtureModel.load("stories/stories260K-f16.gguf")
        for item in try StoriesGolden.read().items {
            let tokens = try model.greedy(item.promptTokens, count: item.tokens.count)
            #expect(tokens == item.tokens, "prompt \"\(item.prompt)\"")
        }
    }

    /// Rounding activations to eight bits may tip close decisions: along the reference's story,
    /// a token of our own choice must be within that rounding of the reference's.
    @Test func eightBitWeightsPreferOtherTokensOnlyInCloseDecisions() throws {
        let model = try FixtureModel.load("stories/stories260K-q8_0.gguf")
        var (closeCount, widestGap): (Int, Float) = (0, 0)
        for item in try StoriesGolden.read().items {
            let story = item.promptTokens + item.quantisedTokens
            let rows = try model.logits(of: story, wants: .all)
            for (step, expected) in item.quantisedTokens.enumerated() {
                let row = rows[item.promptTokens.count - 1 + step]
                let gap = row[row.indexOfLargest] - row[Int(expected)]
                if gap > 0 { closeCount += 1 }
                widestGap = max(widestGap, gap)
                #expect(gap < 0.5, "prompt \"\(item.prompt)\", step \(step)")
            }
        }
        print("q8_0: \(closeCount) of 640 tokens differ, by a gap of \(widestGap) at most")
        #expect(closeCount <= 16)
    }
}
