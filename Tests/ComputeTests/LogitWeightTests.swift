// Weights of logits as whole numbers, and distances between logits.

import Compute
import Glibc
import TestSupport
import Testing

@Suite struct LogitWeightTests {
    private static func kernels() throws -> [HostKernels] {
        try [.scalar]
            + InstructionSet.available().map {
                try CPUBackend(threads: 1, instructionSet: $0).hostKernels
            }
    }

    @Test func distancesCountTheFloatsBetween() {
        // +0 and -0 count as two, and both have the place of +0.
        let weights = LogitWeights(.scalar, largest: 1, temperature: 1, weightMin: 0)
        let one: Float = 1
        #expect(weights.distance(of: one) == 0)
        #expect(weights.distance(of: one.nextDown) == 1)
        #expect(weights.distance(of: one.nextDown.nextDown) == 2)
        #expect(weights.distance(of: 0) == 0x3F80_0000)
        #expect(weights.distance(of: -0.0) == 0x3F80_0000)
        #expect(weights.distance(of: -.leastNonzeroMagnitude) == 0x3F80_0002)
        #expect(weights.distance(of: -1) == 0x7F00_0001)
        #expect(weights.distance(of: -.infinity) == 0xBF00_0001)
    }

    @Test(arguments: [0.25, 1, 7, 100])
    func unitsAreThoseOfTheExponential(_ temperature: Double) {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("LogitWeightTests"))
        let weights = LogitWeights(.scalar, largest: 3, temperature: temperature, weightMin: 0)
        #expect(weights.units(at: 0) == 1 << 39)
        for _ in 0..<5_000 {
            let logit = 3 - abs(random.uniform()) * 32 * Float(temperature)
            let x = (Double(logit) - 3) / temperature
            let units = Double(weights.units(at: weights.distance(of: logit)))
            // A few roundings of x to single precision, the exponential's own, and a unit.
            #expect(abs(units / 0x1p39 - exp(x)) <= exp(x) * (3e-7 * abs(x) + 3e-7) + 0x1p-39)
        }
        // Nothing beyond the reach has a unit.
        let reach = weights.reach
        #expect(weights.units(at: reach) == 0)
        #expect(weights.units(at: weights.distance(of: -.infinity)) == 0)
    }

    @Test func theSmallestTemperatureLeavesEqualLogitsAlone() {
        let weights = LogitWeights(
            .scalar, largest: 1e30, temperature: .leastNonzeroMagnitude, weightMin: 0)
        #expect(weights.units(at: 0) == 1 << 39)
        #expect(weights.units(at: 1) == 0)
        #expect(weights.units(at: weights.distance(of: -1e38)) == 0)
    }

    /// Bins, kept units and picked indices of a block against loops, on every instruction set.
    @Test func blocksAreThoseOfLoops() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("LogitWeightTests"))
        let all = try Self.kernels()
        for round in 0..<300 {
            let count = round == 0 ? 0 : 1 + random.below(LogitWeights.blockCount)
            let spread = Float([0.01, 1, 10, 1e3][random.below(4)])
            let logits = (0..<count).map { _ in
                random.below(9) == 0 ? -.infinity : (random.uniform() * 32).rounded() * spread / 32
            }
            let least = [0, 0, 0.3][random.below(3)]
            let largest = logits.filter { $0 > -.infinity }.max() ?? 0
            let scalar = LogitWeights(
                .scalar, largest: largest, temperature: 0.9, weightMin: least)
            let distances = logits.map { scalar.distance(of: $0) }
            let units = distances.map { scalar.units(at: $0) }
            let ordered = distances.sorted()
            let first = ordered.isEmpty ? 0 : ordered[random.below(count)]
            let span = UInt32(random.below(1 << 22))
            let shift = max(0, 22 - LogitWeights.binBits)
            let end = ordered.isEmpty ? 0 : ordered[random.below(count)]
            let ties = random.below(4)
            for kernels in all {
                let weights = LogitWeights(
                    kernels, largest: largest, temperature: 0.9, weightMin: least)
                var bins = [UInt64](repeating: 0, count: 1 << LogitWeights.binBits)
                var counts = bins
                var kept = [UInt64](repeating: 0, count: count)
                var indices = [UInt32](repeating: 0, count: count)
                logits.withUnsafeBufferPointer { block in
                    weights.spread(
                        block, first, span, shift: shift, isCounting: false, into: &bins)
                    weights.spread(
                        block, first, span, shift: shift, isCounting: true, into: &counts)
                    var beginning = LogitWeights.Beginning(distance: end, ties: ties)
                    let sum = weights.keep(block, &beginning, into: &kept)
                    #expect(sum == kept.reduce(0, +))
                    let equal = distances.count { $0 == end }
                    #expect(beginning.ties == max(0, ties - equal))
                    beginning.ties = ties
                    let found = weights.pick(block, &beginning, into: &indices)
                    indices.removeSubrange(found...)
                }
                var expected = [UInt64](repeating: 0, count: bins.count)
                var expectedCounts = expected
                for (distance, units) in zip(distances, units)
                where distance >= first && distance - first <= span {
                    expected[Int((distance - first) >> UInt32(shift))] += units
                    expectedCounts[Int((distance - first) >> UInt32(shift))] += 1
                }
                #expect(bins == expected && counts == expectedCounts)
                var left = ties
                let belongs = distances.map { distance in
                    if distance == end { left -= 1 }
                    return distance < end || distance == end && left >= 0
                }
                #expect(indices == (0..<UInt32(count)).filter { belongs[Int($0)] })
                #expect(
                    kept
                        == (0..<count).map {
                            belongs[$0] && Double(units[$0]) >= least * 0x1p39 ? units[$0] : 0
                        })
            }
        }
    }
}
