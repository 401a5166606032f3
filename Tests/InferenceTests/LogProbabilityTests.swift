// Log-probabilities against a naive double softmax of the C library, and the rows that are refused.

import Glibc
import Goldens
import Inference
import TestSupport
import Testing

@Suite struct LogProbabilityTests {
    private func naive(_ logits: [Float]) -> [Double] {
        let largest = Double(logits.max() ?? 0)
        let sum = logits.reduce(0.0) { $0 + exp(Double($1) - largest) }
        return logits.map { Double($0) - largest - log(sum) }
    }

    private func compute(_ logits: [Float], top: Int = 0) throws -> LogProbabilities {
        try logits.withUnsafeBufferPointer { try LogProbabilities($0, topCount: top) }
    }

    /// Sizes around the lanes and blocks; narrow, wide and lopsided rows.
    @Test(arguments: [1, 2, 15, 16, 17, 255, 256, 257, 512, 5003], [0.01, 1, 8, 60] as [Float])
    func agreesWithANaiveSoftmax(_ count: Int, _ spread: Float) throws {
        var random = SeededGenerator(seed: UInt64(count))
        let logits = (0..<count).map { _ in random.uniform() * spread + 3 }
        let expected = naive(logits)
        let found = try compute(logits)
        for (logit, value) in zip(logits, expected) {
            #expect(abs(found.value(ofLogit: logit) - value) < 3e-7)
        }
    }

    @Test func aCertainTokenKeepsItsSmallDoubt() throws {
        // p(0) = 1 / (1 + e^-20): the logarithm is about -2.06e-9.
        let found = try compute([20, 0]).value(ofLogit: 20)
        #expect(abs(found / -log1p(exp(-20)) - 1) < 1e-6)
        #expect(try compute([5]).value(ofLogit: 5) == 0)
        #expect(try compute([200, 0]).value(ofLogit: 0) == -200)
    }

    @Test func masksHaveNoProbability() throws {
        let found = try compute([1, -.infinity, 1], top: 3)
        #expect(abs(found.value(ofLogit: 1) + log(2)) < 3e-7)
        #expect(found.value(ofLogit: -.infinity) == -.infinity)
        #expect(found.top.map(\.token) == [0, 2, 1])
    }

    @Test(arguments: [1, 16, 40, 300, 1000])
    func refusesBrokenRowsWhereverTheBreakIs(_ count: Int) throws {
        let good = (0..<count).map { Float($0 % 7) }
        for broken in [Float.nan, .infinity, -.nan, .signalingNaN] {
            for index in Set([0, count / 2, count - 1]) {
                var logits = good
                logits[index] = broken
                let error = #expect(throws: InferenceError.self) { try compute(logits) }
                #expect(error?.code == .nonFiniteLogits)
                var sampler = try Sampler(SamplingParameters())
                #expect(throws: InferenceError.self) {
                    try logits.withUnsafeBufferPointer { try sampler.sample($0) }
                }
            }
        }
        let masked = [Float](repeating: -.infinity, count: count)
        #expect(throws: InferenceError.self) { try compute(masked) }
        #expect(throws: InferenceError.self) { try compute([]) }
    }

    @Test(arguments: [0, 1, 5, 64], [1, 16, 63, 64, 65, 1000])
    func theTopIsASortedPrefix(_ top: Int, _ count: Int) throws {
        var random = SeededGenerator(seed: 5)
        // Few different values, so that ties are common.
        let logits = (0..<count).map { _ in Float(random.below(12)) }
        let expected = logits.indices.sorted {
            logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1
        }
        let found = try compute(logits, top: top)
        #expect(found.top.map(\.token) == expected.prefix(top).map { Int32($0) })
        #expect(found.best == Int32(expected[0]))
        for entry in found.top {
            #expect(entry.value == found.value(ofLogit: logits[Int(entry.token)]))
        }
    }

    /// The vector search and the loop it stands for.
    @Test(arguments: [1, 15, 16, 17, 256, 257, 3000])
    func greedyChoosesAsALoopWould(_ count: Int) throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<50 {
            let logits = (0..<count).map { _ in
                random.below(9) == 0 ? -.infinity : Float(random.below(40)) - 20
            }
            guard logits.contains(where: { $0 > -.infinity }) else { continue }
            var sampler = try Sampler(SamplingParameters())
            let found = try logits.withUnsafeBufferPointer { try sampler.sample($0) }
            #expect(found == Int32(logits.indexOfLargest))
        }
    }

    @Test func aGenerationReportsItsTokensBeforeTemperatureAndFilters() throws {
        let logits = (0..<257).map { Float($0 * 31 % 97) / 20 }
        let expected = naive(logits)
        var options = CompletionOptions()
        options.logProbabilityCount = 3
        options.stopsAtEndTokens = false
        options.sampling.temperature = 1.7
        options.sampling.topK = 20
        var completion = try Completion(
            tokenizer: StubTokenizer(vocabularySize: 257), options: options)
        for _ in 0..<20 {
            let step = try logits.withUnsafeBufferPointer { try completion.accept($0) }
            let token = try #require(step.token)
            let found = try #require(step.logProbability)
            #expect(found.token == token)
            #expect(abs(found.value - expected[Int(token)]) < 3e-7)
            #expect(step.alternatives.count == 3)
            #expect(step.alternatives[0].token == Int32(logits.indexOfLargest))
        }
        options.logProbabilityCount = 65
        let error = #expect(throws: InferenceError.self) {
            try Completion(tokenizer: StubTokenizer(vocabularySize: 257), options: options)
        }
        #expect(error?.location == "logprobs")
    }
}
