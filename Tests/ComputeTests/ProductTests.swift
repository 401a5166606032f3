// Matrix products: every instruction set against the scalar kernels bit for bit, and the scalar
// ones against double precision within a stated bound.

import CKernels
import Compute
import TestSupport
import Testing

/// A shape that reaches some edge: single rows, partial tiles, odd columns, odd blocks.
struct ProductShape: Sendable, CustomTestStringConvertible {
    let format: WeightFormat
    let rows: Int
    let columns: Int
    var testDescription: String { "\(format) \(rows)x\(columns)" }

    static let all: [ProductShape] = WeightFormat.allCases.flatMap { format in
        let columns = format.quantisesInput ? [32, 64, 96, 288, 544] : [1, 2, 3, 31, 172]
        return [1, 15, 16, 17, 33, 80].flatMap { rows in
            columns.map { ProductShape(format: format, rows: rows, columns: $0) }
        }
    }
}

@Suite struct ProductTests {
    @Test(arguments: ProductShape.all)
    func everyInstructionSetGivesTheScalarBits(_ shape: ProductShape) throws {
        let sample = SampleMatrix(shape.format, rows: shape.rows, columns: shape.columns, seed: 7)
        let backends = try allBackends()
        let matrices = try backends.map { try sample.packed(by: $0) }
        for tokens in [1, 2, 3, 4, 5, 11, 12, 13, 25] {
            let input = randomFloats(tokens * shape.columns, seed: UInt64(tokens), scale: 3)
            let expected = bits(try backends[0].product(matrices[0], input, tokens: tokens))
            for (backend, matrix) in zip(backends, matrices).dropFirst() {
                let result = bits(try backend.product(matrix, input, tokens: tokens))
                #expect(result == expected, "\(backend.instructionSet), \(tokens) tokens")
            }
        }
    }

    @Test(arguments: WeightFormat.allCases)
    func aTokenHasTheSameBitsAloneAndInAnyBatch(_ format: WeightFormat) throws {
        let sample = SampleMatrix(format, rows: 49, columns: 160, seed: 11)
        let input = randomFloats(40 * 160, seed: 12)
        for backend in try allBackends() {
            let matrix = try sample.packed(by: backend)
            let alone = try (0..<40).flatMap {
                try backend.product(matrix, Array(input[$0 * 160..<($0 + 1) * 160]), tokens: 1)
            }
            for tokens in 1...40 {
                let batch = try backend.product(
                    matrix, Array(input[..<(tokens * 160)]), tokens: tokens)
                #expect(bits(batch) == bits(Array(alone[..<(tokens * 49)])), "\(tokens) tokens")
            }
        }
    }

    @Test(arguments: WeightFormat.allCases, [1, 2, 3, 7])
    func theNumberOfThreadsChangesNothing(_ format: WeightFormat, _ threads: Int) throws {
        let sample = SampleMatrix(format, rows: 1000, columns: 320, seed: 21)
        let one = try CPUBackend(threads: 1), many = try CPUBackend(threads: threads)
        let (first, second) = (try sample.packed(by: one), try sample.packed(by: many))
        for tokens in [1, 6, 30] {
            let input = randomFloats(tokens * 320, seed: UInt64(tokens))
            let expected = try one.product(first, input, tokens: tokens)
            #expect(bits(try many.product(second, input, tokens: tokens)) == bits(expected))
        }
    }

    /// A float product rounds once per step of two chains: error at most
    /// (columns / 2 + 2) * 2^-24 * sum |w x|, to first order; the bound below doubles that.
    @Test(arguments: [WeightFormat.f32, .f16, .bf16], [1, 2, 172, 1001])
    func floatProductsStayNearDoublePrecision(_ format: WeightFormat, _ columns: Int) throws {
        let sample = SampleMatrix(format, rows: 19, columns: columns, seed: 31)
        let backend = try CPUBackend(threads: 1), weights = sample.values
        let input = randomFloats(3 * columns, seed: 32)
        let result = try backend.product(try sample.packed(by: backend), input, tokens: 3)
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
    /// sum |w| * largest / 254 a block, and the float steps of one chain over blocks.
    @Test(arguments: [WeightFormat.q8_0, .q4_0], [32, 96, 1024])
    func int8ProductsStayWithinTheRoundingOfTheirInput(_ format: WeightFormat, _ columns: Int)
        throws
    {
        let sample = SampleMatrix(format, rows: 19, columns: columns, seed: 41)
        let backend = try CPUBackend(threads: 1), weights = sample.values
        let input = randomFloats(2 * columns, seed: 42)
        let result = try backend.product(try sample.packed(by: backend), input, tokens: 2)
        for token in 0..<2 {
            for row in 0..<19 {
                var exact = 0.0, bound = 0.0
                for block in 0..<columns / 32 {
                    let x = input[token * columns + block * 32..<token * columns + block * 32 + 32]
                    let w = weights[row * columns + block * 32..<row * columns + block * 32 + 32]
                    let largest = Double(x.map(abs).max() ?? 0)
                    for (a, b) in zip(w, x) {
                        exact += Double(a) * Double(b)
                        bound += abs(Double(a)) * largest * (1 / 254.0 + Double(columns) * 0x1p-24)
                    }
                }
                #expect(abs(Double(result[token * 19 + row]) - exact) <= bound)
            }
        }
    }

    /// The same product with the quantised input itself: only float roundings are left.
    @Test(arguments: [WeightFormat.q8_0, .q4_0])
    func int8ProductsOfRepresentableInputsAreNearlyExact(_ format: WeightFormat) throws {
        let columns = 256, sample = SampleMatrix(format, rows: 33, columns: columns, seed: 51)
        let backend = try CPUBackend(threads: 1), weights = sample.values
        var random = SeededGenerator(seed: 52)
        // Whole numbers whose largest magnitude in a block is 127: quantisation changes nothing.
        let input = (0..<columns).map { Float($0 % 32 == 5 ? 127 : random.below(255) - 127) }
        let result = try backend.product(try sample.packed(by: backend), input, tokens: 1)
        for row in 0..<33 {
            let terms = (0..<columns).map {
                Double(weights[row * columns + $0]) * Double(input[$0])
            }
            let bound = 20 * 0x1p-24 * terms.reduce(0) { $0 + abs($1) }
            #expect(abs(Double(result[row]) - terms.reduce(0, +)) <= bound, "row \(row)")
        }
    }

    @Test func biasAndAccumulationAddAfterTheSum() throws {
        for backend in try allBackends() {
            let sample = SampleMatrix(.f32, rows: 21, columns: 8, seed: 61)
            let matrix = try sample.packed(by: backend)
            let input = randomFloats(5 * 8, seed: 62), bias = randomFloats(21, seed: 63)
            let start = randomFloats(5 * 21, seed: 64)
            let plain = try backend.product(matrix, input, tokens: 5)
            let full = try backend.product(matrix, input, tokens: 5, bias: bias, start: start)
            let expected = plain.indices.map { start[$0] + (plain[$0] + bias[$0 % 21]) }
            #expect(bits(full) == bits(expected))
        }
    }

    @Test func productsOfOneInputGoWhereTheyBelongAndNowhereElse() throws {
        let backend = try CPUBackend(threads: 2)
        let samples = [
            SampleMatrix(.q8_0, rows: 700, columns: 64, seed: 71),
            SampleMatrix(.f16, rows: 30, columns: 64, seed: 72),
            SampleMatrix(.q4_0, rows: 5, columns: 64, seed: 73),
        ]
        let matrices = try samples.map { try $0.packed(by: backend) }
        let input = randomFloats(14 * 70, seed: 74)
        let whole = try backend.buffer([Float](repeating: -9, count: 14 * 800))
        let products = zip(matrices, [0, 710, 750]).map {
            MatrixProduct($0, into: whole.rows(offset: $1, stride: 800))
        }
        let rows = try backend.buffer(input).rows(offset: 3, stride: 70)
        try backend.matmul(products, input: rows, rows: 14)
        let result = backend.values(whole)
        for token in 0..<14 {
            let x = Array(input[token * 70 + 3..<token * 70 + 67])
            var expected = [Float](repeating: -9, count: 800)
            for (matrix, offset) in zip(matrices, [0, 710, 750]) {
                let part = try backend.product(matrix, x, tokens: 1)
                expected.replaceSubrange(offset..<offset + matrix.rows, with: part)
            }
            #expect(bits(Array(result[token * 800..<(token + 1) * 800])) == bits(expected))
        }
    }

    @Test(arguments: WeightFormat.allCases, [Float.nan, .infinity, -.infinity])
    func aNonFiniteInputMakesItsTokenNonFiniteAndNoOther(_ format: WeightFormat, _ poison: Float)
        throws
    {
        let sample = SampleMatrix(format, rows: 18, columns: 64, seed: 81)
        for backend in try allBackends() {
            let matrix = try sample.packed(by: backend)
            var input = randomFloats(4 * 64, seed: 82)
            let clean = try backend.product(matrix, input, tokens: 4)
            input[2 * 64 + 40] = poison
            let result = try backend.product(matrix, input, tokens: 4)
            #expect(result[36..<54].allSatisfy { !$0.isFinite }, "\(backend.instructionSet)")
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
                let panels = allTables.map { table in
                    [UInt8](unsafeUninitializedCapacity: 40) { panel, used in
                        table.pointee.quantise(x, 32, 1, 32, panel.baseAddress)
                        used = 40
                    }
                }
                for panel in panels { #expect(panel == panels[0], "\(scaled), \(length)") }
            }
        }
    }

    @Test func weightBytesOfEveryValueMultiplyExactly() throws {
        // -128 and 127 times -127 and 127: where maddubs would saturate if it were used carelessly.
        let quants = [Int8.min, .max, -127, -1, 0, 1]
        let bytes: [UInt8] = [0x00, 0x3C] + (0..<32).map { UInt8(bitPattern: quants[$0 % 6]) }
        for backend in try allBackends() {
            for sign in [1, -1] as [Float] {
                let x = (0..<32).map { _ in sign * 127 }
                let matrix = try bytes.withUnsafeBytes {
                    try backend.makeMatrix($0, format: .q8_0, rows: 1, columns: 32)
                }
                let sum = (0..<32).reduce(0) { $0 + Int(quants[$1 % 6]) } * 127 * Int(sign)
                #expect(try backend.product(matrix, x, tokens: 1) == [Float(sum)])
            }
        }
    }
}
