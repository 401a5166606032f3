// Choosing tokens: exact where the choice is exact, within statistics where it is random.

import Glibc
import Inference
import TestSupport
import Testing

@Suite struct SamplingTests {
    private func sampler(_ change: (inout SamplingParameters) -> Void = { _ in }) throws -> Sampler
    {
        var parameters = SamplingParameters()
        change(&parameters)
        return try Sampler(parameters)
    }

    private func sample(_ sampler: inout Sampler, _ logits: [Float]) throws -> Int32 {
        try logits.withUnsafeBufferPointer { try sampler.sample($0) }
    }

    /// The number of times that each token came in `count` draws.
    private func counts(_ sampler: inout Sampler, _ logits: [Float], _ count: Int) throws -> [Int] {
        var counts = [Int](repeating: 0, count: logits.count)
        for _ in 0..<count { counts[Int(try sample(&sampler, logits))] += 1 }
        return counts
    }

    @Test func greedyTakesTheLowestIdAmongEqualLogits() throws {
        var sampler = try sampler()
        #expect(try sample(&sampler, [1, 3, 2, 3, 3]) == 1)
        #expect(try sample(&sampler, [-.infinity, -5, -.infinity]) == 1)
        #expect(try sample(&sampler, [-0.0, 0.0]) == 0)
    }

    @Test func sameSeedGivesTheSameTokensAndAnotherSeedOthers() throws {
        let logits = (0..<100).map { Float($0 % 7) }
        func draw(_ seed: UInt64) throws -> [Int32] {
            var sampler = try sampler {
                $0.temperature = 1
                $0.seed = seed
            }
            return try (0..<64).map { _ in try sample(&sampler, logits) }
        }
        #expect(try draw(7) == draw(7))
        #expect(try draw(7) != draw(8))
    }

    /// Pinned: a change of generator, order of sums or exponential changes answers for everybody.
    @Test func theSequenceOfASeedIsPinned() throws {
        var sampler = try sampler {
            $0.temperature = 0.8
            $0.seed = 42
        }
        let logits = (0..<50).map { Float($0 * 7 % 11) / 2 }
        let tokens = try (0..<12).map { _ in try sample(&sampler, logits) }
        #expect(tokens == Self.pinned)
    }

    /// Computed apart from this code, from the published algorithms.
    static let pinned: [Int32] = [39, 14, 47, 36, 39, 28, 4, 28, 9, 47, 26, 42]

    @Test(arguments: [Float.nan, -.nan, .infinity])
    func refusesLogitsThatAreNotNumbers(_ value: Float) throws {
        for temperature in [0, 1.0] {
            for index in 0..<3 {
                var logits: [Float] = [1, 2, 3]
                logits[index] = value
                var sampler = try sampler { $0.temperature = temperature }
                let error = #expect(throws: InferenceError.self) { try sample(&sampler, logits) }
                #expect(error?.code == .nonFiniteLogits)
            }
        }
    }

    @Test func refusesLogitsWithoutAPossibleToken() throws {
        for logits: [Float] in [[], [-.infinity, -.infinity]] {
            var sampler = try sampler { $0.temperature = 1 }
            let error = #expect(throws: InferenceError.self) { try sample(&sampler, logits) }
            #expect(error?.code == .nonFiniteLogits)
        }
    }

    @Test func neverChoosesAMaskedToken() throws {
        for topK in [0, 3] {
            var sampler = try sampler {
                $0.temperature = 100
                $0.topK = topK
            }
            let counts = try counts(&sampler, [-.infinity, 0, -.infinity, 0, -.infinity], 500)
            #expect(counts[0] + counts[2] + counts[4] == 0)
            #expect(counts[1] > 150 && counts[3] > 150)
        }
    }

    @Test func drawsInProportionToTheProbabilities() throws {
        let probabilities = [0.5, 0.25, 0.125, 0.0625, 0.0625]
        let logits = probabilities.map { Float(log($0)) }
        for (topK, topP) in [(0, 1.0), (5, 1.0), (0, 0.9999)] {
            var sampler = try sampler {
                $0.temperature = 1
                $0.topK = topK
                $0.topP = topP
            }
            let counts = try counts(&sampler, logits, 20_000)
            for (count, probability) in zip(counts, probabilities) {
                // Five standard deviations. The seed is fixed, so this cannot flicker.
                let deviation = (20_000 * probability * (1 - probability)).squareRoot()
                #expect(abs(Double(count) - 20_000 * probability) < 5 * deviation)
            }
        }
    }

    @Test func temperatureSharpensAndFlattens() throws {
        let logits: [Float] = [1, 0]
        // At temperature T the first token has probability 1 / (1 + exp(-1 / T)).
        for temperature in [0.25, 1, 4] {
            var sampler = try sampler { $0.temperature = temperature }
            let share = Double(try counts(&sampler, logits, 20_000)[0]) / 20_000
            #expect(abs(share - 1 / (1 + exp(-1 / temperature))) < 0.02)
        }
    }

    @Test func tinyTemperatureIsGreedyWithoutOverflow() throws {
        var sampler = try sampler { $0.temperature = .leastNonzeroMagnitude }
        #expect(try counts(&sampler, [1, 1.0001, -3e38, 3e38], 50) == [0, 0, 0, 50])
    }

    @Test func topKKeepsTheLikeliestWithTiesByLowestId() throws {
        var sampler = try sampler {
            $0.temperature = 100
            $0.topK = 3
        }
        let counts = try counts(&sampler, [0, 1, 0, 1, 0, 0], 600)
        #expect(counts.map { $0 > 0 } == [true, true, false, true, false, false])
    }

    @Test func topPKeepsTheSmallestSetThatHoldsTheShare() throws {
        let logits = [0.4, 0.3, 0.2, 0.1].map { Float(log($0)) }
        for (topP, kept) in [(0.39, 1), (0.41, 2), (0.69, 2), (0.71, 3), (0.91, 4), (1e-9, 1)] {
            var sampler = try sampler {
                $0.temperature = 1
                $0.topP = topP
            }
            #expect(try counts(&sampler, logits, 2_000).count { $0 > 0 } == kept, "\(topP)")
        }
    }

    @Test func topPIsAShareOfWhatTopKLeft() throws {
        // Of the first two, 0.4 / 0.7 = 0.571 is the first one's share.
        let logits = [0.4, 0.3, 0.2, 0.1].map { Float(log($0)) }
        for (topP, kept) in [(0.56, 1), (0.58, 2)] {
            var sampler = try sampler {
                $0.temperature = 1
                $0.topK = 2
                $0.topP = topP
            }
            #expect(try counts(&sampler, logits, 2_000).count { $0 > 0 } == kept, "\(topP)")
        }
    }

    @Test func minPKeepsWhatIsLikelyEnoughBesideTheLikeliest() throws {
        let logits = [0.4, 0.3, 0.2, 0.1].map { Float(log($0)) }
        for topK in [0, 4] {
            for (minP, kept) in [(1, 1), (0.76, 1), (0.74, 2), (0.51, 2), (0.49, 3), (0.24, 4)] {
                var sampler = try sampler {
                    $0.temperature = 1
                    $0.topK = topK
                    $0.minP = minP
                }
                #expect(try counts(&sampler, logits, 2_000).count { $0 > 0 } == kept, "\(minP)")
            }
        }
    }

    @Test func aCopyContinuesLikeTheOriginal() throws {
        var original = try sampler {
            $0.temperature = 1
            $0.topP = 0.9
        }
        let logits = (0..<64).map { Float($0 % 5) }
        _ = try sample(&original, logits)
        var copy = original
        for _ in 0..<32 {
            #expect(try sample(&original, logits) == sample(&copy, logits))
        }
    }
}
