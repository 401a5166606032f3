// Matrix products: every instruction set against the scalar kernels bit for bit, and the scalar
// ones against double precision within a stated bound.

import CKernels
import Compute
import ComputeTestSupport
import TestSupport
import Testing

/// A shape that reaches some edge: single rows, partial tiles, odd columns, odd blocks.
struct ProductShape: Sendable, CustomTestStringConvertible {
    let format: WeightFormat
    let rows: Int
    let columns: Int
    var testDescription: String { "\(format) \(rows)x\(columns)" }

    static let all: [ProductShape] = WeightFormat.allCases.flatMap { format in
        let counts =
            switch format.columns(atLeast: 1) {
            case 1: [1, 2, 3, 31, 172]
            case 32: [32, 64, 96, 288, 544]
            default: [256, 512, 768]
            }
        let columns = format == .i2_s ? counts + [128, 384, 1152] : counts
        return [1, 15, 16, 17, 33, 80].flatMap { rows in
            columns.map { ProductShape(format: format, rows: rows, columns: $0) }
        }
    }
}

@Suite struct ProductTests {
    @Test(arguments: ProductShape.all)
    func everyInstructionSetGivesTheScalarBits(_ shape: ProductShape) throws {
        let sample = SampleMatrix(shape.format, rows: shape.rows, columns: shape.columns, seed: 7)
        let queues = try allQueues()
        let matrices = try queues.map { try sample.packed(by: $0.backend) }
        for tokens in [1, 2, 3, 4, 5, 11, 12, 13, 25] {
            let input = randomFloats(tokens * shape.columns, seed: UInt64(tokens), scale: 3)
            for rounding in shape.format.roundings {
                let results = try zip(queues, matrices).map {
                    bits(try $0.product($1, input, tokens: tokens, rounding: rounding))
                }
                for (queue, result) in zip(queues, results) {
                    #expect(
                        result == results[0],
                        "\(queue.backend.instructionSet), \(tokens) tokens, \(rounding)")
                }
            }
        }
    }

    @Test(arguments: WeightFormat.products)
    func aTokenHasTheSameBitsAloneAndInAnyBatch(
        _ format: WeightFormat, _ rounding: InputRounding
    ) throws {
        let columns = format.columns(atLeast: 160)
        let sample = SampleMatrix(format, rows: 49, columns: columns, seed: 11)
        let input = randomFloats(40 * columns, seed: 12)
        for queue in try allQueues() {
            let matrix = try sample.packed(by: queue.backend)
            let alone = try (0..<40).flatMap {
                try queue.product(
                    matrix, Array(input[$0 * columns..<($0 + 1) * columns]), tokens: 1,
                    rounding: rounding)
            }
            for tokens in Array(1...14) + [23, 24, 25, 36, 40] {
                let batch = try queue.product(
                    matrix, Array(input[..<(tokens * columns)]), tokens: tokens,
                    rounding: rounding)
                #expect(bits(batch) == bits(Array(alone[..<(tokens * 49)])), "\(tokens) tokens")
            }
        }
    }

    @Test(arguments: WeightFormat.products, [1, 2, 3, 7])
    func theNumberOfThreadsChangesNothing(
        _ product: (WeightFormat, InputRounding), _ threads: Int
    ) throws {
        let (format, rounding) = product
        let columns = format.columns(atLeast: 320)
        let sample = SampleMatrix(format, rows: 1000, columns: columns, seed: 21)
        let one = try oneQueue(), many = CPUQueue(try SharedBackends.get(threads: threads))
        let first = try sample.packed(by: one.backend)
        let second = try sample.packed(by: many.backend)
        for tokens in [1, 6, 30] {
            let input = randomFloats(tokens * columns, seed: UInt64(tokens))
            let expected = try one.product(first, input, tokens: tokens, rounding: rounding)
            let found = try many.product(second, input, tokens: tokens, rounding: rounding)
            #expect(bits(found) == bits(expected))
        }
    }

    /// A float product rounds once per step of two chains: error at most
    /// (columns / 2 + 2) * 2^-24 * sum |w x|, to first order; the bound below doubles that.
    @Test(arguments: [WeightFormat.f32, .f16, .bf16], [1, 2, 172, 1001])
    func floatProductsStayNearDoublePrecision(_ format: WeightFormat, _ columns: Int) throws {
        let sample = SampleMatrix(format, rows: 19, columns: columns, seed: 31)
        let queue = try oneQueue(), weights = sample.values
        let input = randomFloats(3 * columns, seed: 32)
        let result = try queue.product(try sample.packed(by: queue.backend), input, tokens: 3)
        for token in 0..<3 {
            for row in 0..<19 {
                let terms = (0..<columns).map {
                    Double(weights[row * columns + $0]) * Double(input[token * columns + $0])
                }
                let bound = Double(columns / 2 + 2) * 0x1p-23 * terms.reduce(0) { $0 + abs($1) }
                let error = abs(Double(result[token * 19 + row]) - terms.reduce(0, +))
                #expect(error <= bound, "token \(token), row \(row)")
            }
        }
    }

    /// An int8 product adds the rounding of its input: half a step (largest / 254) a value, so
    /// sum |w| * largest / 254, with the largest of the block or of the row; and the float steps of
    /// one chain, two a group of at least 16, each 2^-24 of sums of scale * q and low. Random
    /// quants reach at least a quarter of the largest scale * q, hence the factor 4.
    @Test(arguments: WeightFormat.products.filter { $0.1 != .none }, [32, 96, 1024])
    func int8ProductsStayWithinTheRoundingOfTheirInput(
        _ product: (WeightFormat, InputRounding), _ count: Int
    ) throws {
        let (format, rounding) = product
        let columns = format.columns(atLeast: count)
        let sample = SampleMatrix(format, rows: 19, columns: columns, seed: 41)
        let queue = try oneQueue(), weights = sample.values
        let input = randomFloats(2 * columns, seed: 42)
        let result = try queue.product(
            try sample.packed(by: queue.backend), input, tokens: 2, rounding: rounding)
        for token in 0..<2 {
            let x = Array(input[token * columns..<(token + 1) * columns])
            let run = rounding == .rows ? columns : 32
            for row in 0..<19 {
                let w = weights[row * columns..<(row + 1) * columns].map(Double.init)
                let steps = Double(columns / 8 + 4) * 0x1p-24 * 4 * (w.map(abs).max() ?? 0)
                var exact = 0.0, bound = 0.0
                for (column, value) in x.enumerated() {
                    let start = column / run * run
                    let largest = Double(x[start..<start + run].map(abs).max() ?? 0)
                    exact += w[column] * Double(value)
                    bound += abs(w[column]) * largest / 254 + steps * abs(Double(value))
                }
                #expect(abs(Double(result[token * 19 + row]) - exact) <= bound, "row \(row)")
            }
        }
    }

    /// The same product with the quantised input itself: only float roundings are left, bounded as
    /// above.
    @Test(arguments: WeightFormat.products.filter { $0.1 != .none })
    func int8ProductsOfRepresentableInputsAreNearlyExact(
        _ format: WeightFormat, _ rounding: InputRounding
    ) throws {
        let columns = 256, sample = SampleMatrix(format, rows: 33, columns: columns, seed: 51)
        let queue = try oneQueue(), weights = sample.values
        var random = SeededGenerator(seed: 52)
        // Whole numbers whose largest magnitude in a block is 127: quantisation changes nothing.
        let input = (0..<columns).map { Float($0 % 32 == 5 ? 127 : random.below(255) - 127) }
        let result = try queue.product(
            try sample.packed(by: queue.backend), input, tokens: 1, rounding: rounding)
        for row in 0..<33 {
            let w = weights[row * columns..<(row + 1) * columns].map(Double.init)
            let exact = zip(w, input).reduce(0) { $0 + $1.0 * Double($1.1) }
            let inputs = input.reduce(0) { $0 + abs(Double($1)) }
            let bound = 36 * 0x1p-24 * 4 * (w.map(abs).max() ?? 0) * inputs
            #expect(abs(Double(result[row]) - exact) <= bound, "row \(row)")
        }
    }

    /// What BitNet's own runtimes compute: q = clamp(round(x * 127 / absmax)), then the product
    /// with q * absmax / 127, absmax at least 1e-5.
    @Test(arguments: [WeightFormat.tq1_0, .tq2_0, .i2_s], [1, 1e-4, 1e-7] as [Float])
    func rowRoundingIsThatOfBitNet(_ format: WeightFormat, _ size: Float) throws {
        let columns = 512, sample = SampleMatrix(format, rows: 20, columns: columns, seed: 55)
        let weights = sample.values, input = randomFloats(columns, seed: 56, scale: size)
        let largest = max(input.map(abs).max() ?? 0, 1e-5)
        let rounded = input.map { value in
            let q = (value * (127 / largest)).rounded(.toNearestOrEven)
            return Double(min(127, max(-128, q))) * Double(largest) / 127
        }
        for queue in try allQueues() {
            let result = try queue.product(
                try sample.packed(by: queue.backend), input, tokens: 1, rounding: .rows)
            for row in 0..<20 {
                let w = weights[row * columns..<(row + 1) * columns].map(Double.init)
                let exact = zip(w, rounded).reduce(0) { $0 + $1.0 * $1.1 }
                let inputs = rounded.reduce(0) { $0 + abs($1) }
                let bound = 72 * 0x1p-24 * 4 * (w.map(abs).max() ?? 0) * inputs
                #expect(abs(Double(result[row]) - exact) <= bound, "row \(row)")
            }
        }
    }

    /// Ternary weights times floats: sums of at most 128 inputs in each of two chains, and one fma
    /// a unit; no rounding of the input.
    @Test(arguments: [WeightFormat.tq1_0, .tq2_0, .i2_s], [256, 1024])
    func ternaryProductsWithFloatInputStayNearDoublePrecision(
        _ format: WeightFormat, _ columns: Int
    ) throws {
        let sample = SampleMatrix(format, rows: 19, columns: columns, seed: 57)
        let queue = try oneQueue(), weights = sample.values
        let input = randomFloats(3 * columns, seed: 58)
        let result = try queue.product(
            try sample.packed(by: queue.backend), input, tokens: 3, rounding: InputRounding.none)
        for token in 0..<3 {
            for row in 0..<19 {
                let terms = (0..<columns).map {
                    Double(weights[row * columns + $0]) * Double(input[token * columns + $0])
                }
                let steps = Double(128 + 2 + columns / 256)
                let bound = steps * 0x1p-24 * terms.reduce(0) { $0 + abs($1) }
                let error = abs(Double(result[token * 19 + row]) - terms.reduce(0, +))
                #expect(error <= bound, "token \(token), row \(row)")
            }
        }
    }

    @Test func rowsThatBeginInsideABlockArePackedFromThere() throws {
        let columns = 96, sample = SampleMatrix(.i2_s, rows: 20, columns: columns, seed: 59)
        let weights = sample.values
        for queue in try allQueues() {
            let matrix = try sample.packed(by: queue.backend)
            for column in [0, 31, 32, 64, 95] {
                var input = [Float](repeating: 0, count: columns)
                input[column] = 1
                let result = try queue.product(
                    matrix, input, tokens: 1, rounding: InputRounding.none)
                #expect(result == (0..<20).map { weights[$0 * columns + column] })
            }
        }
    }

    @Test func biasAndAccumulationAddAfterTheSum() throws {
        for queue in try allQueues() {
            let sample = SampleMatrix(.f32, rows: 21, columns: 8, seed: 61)
            let matrix = try sample.packed(by: queue.backend)
            let input = randomFloats(5 * 8, seed: 62), bias = randomFloats(21, seed: 63)
            let start = randomFloats(5 * 21, seed: 64)
            let plain = try queue.product(matrix, input, tokens: 5)
            let full = try queue.product(matrix, input, tokens: 5, bias: bias, start: start)
            let expected = plain.indices.map { start[$0] + (plain[$0] + bias[$0 % 21]) }
            #expect(bits(full) == bits(expected))
        }
    }

    @Test func productsOfOneInputGoWhereTheyBelongAndNowhereElse() throws {
        let queue = CPUQueue(try CPUBackend(threads: 2))
        let samples = [
            SampleMatrix(.q8_0, rows: 700, columns: 64, seed: 71),
            SampleMatrix(.f16, rows: 30, columns: 64, seed: 72),
            SampleMatrix(.q4_0, rows: 5, columns: 64, seed: 73),
        ]
        let matrices = try samples.map { try $0.packed(by: queue.backend) }
        let input = randomFloats(14 * 70, seed: 74)
        let whole = try queue.buffer([Float](repeating: -9, count: 14 * 800))
        let products = zip(matrices, [0, 710, 750]).map {
            MatrixProduct($0, into: whole.rows(offset: $1, stride: 800))
        }
        let rows = try queue.buffer(input).rows(offset: 3, stride: 70)
        queue.matmul(products, input: rows, rows: 14)
        let result = queue.values(whole)
        for token in 0..<14 {
            let x = Array(input[token * 70 + 3..<token * 70 + 67])
            var expected = [Float](repeating: -9, count: 800)
            for (matrix, offset) in zip(matrices, [0, 710, 750]) {
                let part = try queue.product(matrix, x, tokens: 1)
                expected.replaceSubrange(offset..<offset + matrix.rows, with: part)
            }
            #expect(bits(Array(result[token * 800..<(token + 1) * 800])) == bits(expected))
        }
    }

    @Test(arguments: WeightFormat.products, [Float.nan, .infinity, -.infinity])
    func aNonFiniteInputMakesItsTokenNonFiniteAndNoOther(
        _ product: (WeightFormat, InputRounding), _ poison: Float
    ) throws {
        let (format, rounding) = product, columns = format.columns(atLeast: 64)
        let sample = SampleMatrix(format, rows: 18, columns: columns, seed: 81)
        for queue in try allQueues() {
            let matrix = try sample.packed(by: queue.backend)
            var input = randomFloats(4 * columns, seed: 82)
            let clean = try queue.product(matrix, input, tokens: 4, rounding: rounding)
            input[2 * columns + 40] = poison
            let result = try queue.product(matrix, input, tokens: 4, rounding: rounding)
            #expect(result[36..<54].allSatisfy { !$0.isFinite }, "\(queue.backend.instructionSet)")
            #expect(bits(Array(result[..<36])) == bits(Array(clean[..<36])))
            #expect(bits(Array(result[54...])) == bits(Array(clean[54...])))
        }
    }

    @Test func extremeInputsQuantiseAlikeEverywhere() throws {
        var extremes: [Float] = [
            0, -0.0, 0x1p-149, -0x1p-130, 0x1p-101, 0x1p-100, 0x1p-126, 1, 127, 127.5, -126.5, 0.5,
            1.5,
            2.5, 3e38, -.greatestFiniteMagnitude,
        ]
        extremes += extremes.reversed()
        for scaled in [1, 1e-3, 1e-30] as [Float] {
            let block = extremes.map { $0 * scaled }
            for length in [3, 7, 16, 32] {
                let x = (0..<32).map { block[$0 % length] }
                for format in [WeightFormat.q8_0, .q4_0, .q5_0] {
                    for rounding in [InputRounding.blocks, .rows] {
                        try expectTheSamePanels(x, format, rounding)
                    }
                }
            }
        }
    }

    /// 32 different sums of the 32 quantised values, in every layout of panels.
    private func expectTheSamePanels(
        _ x: [Float], _ format: WeightFormat, _ rounding: InputRounding
    ) throws {
        let sample = SampleMatrix(format, rows: 32, columns: 32, seed: 85)
        let results = try allQueues().map { queue in
            bits(
                try queue.product(
                    try sample.packed(by: queue.backend), x, tokens: 1, rounding: rounding))
        }
        for result in results { #expect(result == results[0], "\(format) \(rounding) \(x)") }
    }

    /// Quants and inputs at their largest together: 16-bit sums would overflow if too many were
    /// added, and the sign trick has its widest pair.
    @Test(
        arguments: WeightFormat.products.filter { $0.1 != .none },
        [0x00, 0xFF, 0x0F, 0xF0] as [UInt8])
    func largestQuantsTimesLargestInputsAgreeEverywhere(
        _ product: (WeightFormat, InputRounding), _ byte: UInt8
    ) throws {
        let (format, rounding) = product
        var sample = SampleMatrix(format, rows: 17, columns: 256, seed: 91)
        let halves = Set(format.f16Offsets.flatMap { [$0, $0 + 1] })
        for index in 0..<sample.bytes.count - format.trailerSize
        where !halves.contains(index % format.bytesPerBlock) {
            sample.bytes[index] = byte
        }
        for sign in [1, -1] as [Float] {
            let input = (0..<256).map { $0 % 3 == 0 ? 127 : sign * 127 }
            let results = try allQueues().map { queue in
                let matrix = try sample.packed(by: queue.backend)
                return bits(try queue.product(matrix, input, tokens: 1, rounding: rounding))
            }
            for result in results { #expect(result == results[0]) }
            #expect(results[0].contains { $0 << 1 != 0 } || byte == 0)
        }
    }

    @Test func weightBytesOfEveryValueMultiplyExactly() throws {
        // -128 and 127 times -127 and 127: where maddubs would saturate if it were used carelessly.
        let quants = [Int8.min, .max, -127, -1, 0, 1]
        let bytes: [UInt8] = [0x00, 0x3C] + (0..<32).map { UInt8(bitPattern: quants[$0 % 6]) }
        for queue in try allQueues() {
            for sign in [1, -1] as [Float] {
                let x = (0..<32).map { _ in sign * 127 }
                let matrix = try bytes.withUnsafeBytes {
                    try queue.backend.makeMatrix($0, format: .q8_0, rows: 1, columns: 32)
                }
                let sum = (0..<32).reduce(0) { $0 + Int(quants[$1 % 6]) } * 127 * Int(sign)
                #expect(try queue.product(matrix, x, tokens: 1) == [Float(sum)])
            }
        }
    }
}
