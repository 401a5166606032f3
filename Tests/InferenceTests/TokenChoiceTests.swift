// Choices of tokens against a plain reference that sorts the vocabulary.

import Compute
import ComputeTestSupport
import Inference
import TestSupport
import Testing

@Suite struct TokenChoiceTests {
    /// The definition at the head of TokenChoice.swift, by sorting. Takes only the units of a
    /// weight from the code under test, which `LogitWeightTests` looks at.
    private static func reference(
        _ logits: [Float], _ parameters: SamplingParameters, random: UInt64, banned: [Int32]
    ) -> Int32 {
        var row = logits
        for token in banned { row[Int(token)] = -.infinity }
        if row.allSatisfy({ $0 == -.infinity }) { row = logits }
        let order = row.indices.sorted { (-row[$0], $0) < (-row[$1], $1) }
        let largest = row[order[0]]
        if parameters.isGreedy { return Int32(order[0]) }
        let weights = LogitWeights(
            .scalar, largest: largest, temperature: parameters.temperature, weightMin: 0)
        func units(_ token: Int) -> UInt64 {
            row[token] == -.infinity ? 0 : weights.units(at: weights.distance(of: row[token]))
        }
        var kept = parameters.topK > 0 ? Array(order.prefix(parameters.topK)) : order
        if parameters.topP < 1 {
            let total = kept.reduce(0) { $0 + units($1) }
            var sum: UInt64 = 0
            let count = kept.firstIndex {
                sum += units($0)
                return sum >= min(UInt64((Double(total) * parameters.topP).rounded(.up)), total)
            }
            kept.removeSubrange(((count ?? kept.count) + 1)...)
        }
        // Weights that are not small have no part below a unit.
        kept.removeAll { Double(units($0)) * 0x1p-39 < parameters.minP }
        kept.sort()
        let total = kept.reduce(0) { $0 + units($1) }
        var rest = random.multipliedFullWidth(by: total).high
        for token in kept {
            if rest < units(token) { return Int32(token) }
            rest -= units(token)
        }
        return -1
    }

    private enum Shape: CaseIterable { case flat, peaked, tied, equal, masked, wide }

    private static func logits(
        _ shape: Shape, count: Int, _ random: inout SeededGenerator
    ) -> [Float] {
        var row = (0..<count).map { _ in random.uniform() * 6 }
        switch shape {
        case .flat: break
        case .peaked: for _ in 0..<5 { row[random.below(count)] = 12 + random.uniform() * 4 }
        case .tied: row = row.map { ($0 * 2).rounded() / 2 }
        case .equal: row = row.map { _ in row[0] }
        case .masked: row = row.map { random.below(3) == 0 ? $0 : -.infinity }
        case .wide: row = row.map { $0 * (random.below(50) == 0 ? 1e37 : 20) + 0 }
        }
        if row.allSatisfy({ $0 == -.infinity }) { row[random.below(count)] = 0 }
        for index in row.indices where row[index] == 0 && random.below(2) == 0 {
            row[index] = -0.0
        }
        return row
    }

    private static func parameters(_ random: inout SeededGenerator) -> SamplingParameters {
        var parameters = SamplingParameters()
        let temperatures = [0, 0.1, 0.8, 1, 3, 100, 1e-30, .leastNonzeroMagnitude]
        parameters.temperature = temperatures[random.below(temperatures.count)]
        parameters.topK = [0, 0, 1, 7, 255, 256, 257, 400, 100_000][random.below(9)]
        parameters.topP = [1, 1, 0.95, 0.5, 0.05, 1e-12, 1.0.nextDown][random.below(7)]
        parameters.minP = [0, 0, 0, 0.02, 0.5, 1][random.below(6)]
        return parameters
    }

    /// Every shape of row with every kind of parameters, on every instruction set.
    @Test func choicesAreThoseOfSortingEverything() throws {
        let kernels =
            try [HostKernels.scalar]
            + InstructionSet.available().map {
                try SharedBackends.get(instructionSet: $0).hostKernels
            }
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("TokenChoiceTests"))
        for round in 0..<600 {
            let shape = Shape.allCases[round % Shape.allCases.count]
            let count = [1, 2, 15, 255, 256, 257, 300, 700, 3000][random.below(9)]
            let row = Self.logits(shape, count: count, &random)
            let parameters = Self.parameters(&random)
            let banCount = [0, 0, 1, 3, count][random.below(5)]
            let banned = (0..<banCount).map { _ in Int32(random.below(count)) }.sorted()
            for bits in [random.next(), 0, .max] {
                let expected = Self.reference(row, parameters, random: bits, banned: banned)
                let choice = TokenChoice(parameters, random: bits, banned: banned)
                for kernels in kernels {
                    let found = try row.withUnsafeBufferPointer {
                        try choice.token(of: $0, LogitScan($0), kernels)
                    }
                    #expect(
                        found == expected,
                        "\(shape), \(count) logits, \(parameters), \(bits), bans \(banned)")
                }
            }
        }
    }

    /// A long row, whose bins hold many logits in every pass.
    @Test(arguments: [0.3, 0.95, 0.9999])
    func aLongRowIsCutWhereSortingCutsIt(_ topP: Double) throws {
        var random = SeededGenerator(seed: 5)
        var parameters = SamplingParameters()
        (parameters.temperature, parameters.topP) = (1.5, topP)
        for shape in [Shape.flat, .tied, .equal] {
            let row = Self.logits(shape, count: 40_000, &random)
            for bits in [random.next(), random.next(), .max] {
                let found = try row.withUnsafeBufferPointer {
                    try TokenChoice(parameters, random: bits)
                        .token(of: $0, LogitScan($0), .scalar)
                }
                let expected = Self.reference(row, parameters, random: bits, banned: [])
                #expect(found == expected, "\(shape)")
            }
        }
    }

    /// Computed apart from this code, with exact fractions, from the definition.
    @Test(arguments: [
        (0.8, 0, 0.7, 0.0, [39, 14, 47, 36, 39, 28, 3, 28, 6, 47, 25, 39] as [Int32]),
        (1.3, 20, 0.9, 0.05, [39, 14, 47, 31, 36, 25, 6, 28, 9, 47, 25, 39]),
    ])
    func theTokensOfASeedArePinned(
        _ temperature: Double, _ topK: Int, _ topP: Double, _ minP: Double, _ expected: [Int32]
    ) throws {
        var parameters = SamplingParameters()
        (parameters.temperature, parameters.topK) = (temperature, topK)
        (parameters.topP, parameters.minP, parameters.seed) = (topP, minP, 42)
        var sampler = try Sampler(parameters)
        let logits = (0..<50).map { Float($0 * 7 % 11) / 2 }
        let tokens = try expected.map { _ in
            try logits.withUnsafeBufferPointer { try sampler.sample($0) }
        }
        #expect(tokens == expected)
    }

    /// Rows of a step get the tokens that their values alone give, on any number of threads.
    @Test(arguments: [1, 2, 5])
    func rowsOfAStepAreChosenAsIfAlone(_ threads: Int) throws {
        let file = try GGUFBuilder.tiny("llama", seed: 5).parsed()
        let runner = try FixtureModel.place(file, threads: threads).model
            .makeRunner(maxSequences: 6, tokenBudget: 6 * 64)
        var parameters = SamplingParameters()
        (parameters.temperature, parameters.topP) = (2, 0.9)
        let items = try (0..<6).map { number in
            // Greedy, random, without a choice; and all positions, of which only the last chooses.
            var own = parameters
            if number % 3 == 0 { own.temperature = 0 }
            return StepItem(
                sequence: try runner.open(capacity: 64),
                tokens: (0..<9).map { Int32(($0 * 37 + number * 11) % 340) },
                wants: number % 2 == 0 ? .all : .last, topCount: number == 4 ? 3 : nil,
                choice: number == 5
                    ? nil : TokenChoice(own, random: UInt64(number) << 61, banned: [7, 9]))
        }
        var choices = 0
        try runner.step(items) { (row: StepRow) in
            guard let choice = items[row.item].choice, row.position == 8 else {
                #expect(row.token == nil)
                return
            }
            choices += 1
            let expected = Result { () throws(InferenceError) in
                try choice.token(of: row.values, LogitScan(row.values), .scalar)
            }
            #expect((try? row.token?.get()) == (try? expected.get()))
        }
        #expect(choices == 5)
    }
}

@Suite struct RowScanTests {
    /// Slices of a row join to the row, on any number of threads.
    @Test(arguments: [1, 3], [1, 300, 16_384, 16_385, 40_000])
    func rowsInSlicesAreScannedLikeWholeRows(_ threads: Int, _ width: Int) throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("RowScanTests"))
        let queue = try SharedBackends.get(threads: threads).makeQueue()
        var scans = RowScans()
        for strange in [nil, Float.nan, .infinity, -.infinity] {
            var values = (0..<3 * width).map { _ in Float(random.below(9)) }
            if let strange { values[random.below(values.count)] = strange }
            values.withUnsafeBufferPointer { all in
                scans.scan(all, width: width, on: queue)
                for row in 0..<3 {
                    let values = all[row * width..<(row + 1) * width]
                    #expect(scans[row].isFinite == values.allSatisfy(\.isFinite))
                    #expect(scans[row].isBroken == !values.allSatisfy { $0 < .infinity })
                    guard !scans[row].isBroken, let largest = values.max() else { continue }
                    let first = values.firstIndex(of: largest).map { $0 - values.startIndex }
                    #expect(scans[row].best.logit == largest)
                    if largest > -.infinity { #expect(scans[row].best.token == Int32(first ?? -1)) }
                }
            }
        }
    }
}
