// The table of formats: facts, reference dequantisers against recorded values, size arithmetic.

import Compute
import Foundation
import TestSupport
import Testing

@Suite struct FormatTests {
    @Test(
        .enabled(if: Fixtures.exists("dequant/index.json"), "needs the fixtures folder"),
        arguments: WeightFormat.allCases.filter { $0 != .f32 })
    func dequantisesRecordedBlocksBitForBit(_ format: WeightFormat) throws {
        let stem = Fixtures.path("dequant/\(format.name)")
        let raw = [UInt8](try Data(contentsOf: URL(fileURLWithPath: stem + ".bin")))
        let expected = try Data(contentsOf: URL(fileURLWithPath: stem + ".f32"))
            .withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        #expect(raw.count == format.fileSize(rows: 1, columns: expected.count))
        let values = dequantised(raw, format: format, count: expected.count)
        let differing = zip(bits(values), bits(expected)).enumerated().filter { $1.0 != $1.1 }
        #expect(differing.isEmpty, "first at value \(differing.first?.offset ?? -1)")
        #expect(values.count >= 1024)
    }

    @Test func everyHalfConvertsExactly() {
        for pattern in UInt16.min...UInt16.max {
            let raw = withUnsafeBytes(of: pattern.littleEndian) { Array($0) }
            let value = dequantised(raw, format: .f16, count: 1)[0]
            let expected = Float(Float16(bitPattern: pattern))
            #expect(bits([value]) == bits([expected]), "half \(String(pattern, radix: 16))")
        }
    }

    @Test func factsAreThoseOfTheFileFormat() {
        let facts = Dictionary(
            uniqueKeysWithValues: WeightFormat.allCases.map {
                ($0.name, [Int($0.rawValue), $0.valuesPerBlock, $0.bytesPerBlock])
            })
        #expect(
            facts == [
                "F32": [0, 1, 4], "F16": [1, 1, 2], "BF16": [30, 1, 2],
                "Q4_0": [2, 32, 18], "Q4_1": [3, 32, 20], "Q5_0": [6, 32, 22],
                "Q5_1": [7, 32, 24], "Q8_0": [8, 32, 34], "Q2_K": [10, 256, 84],
                "Q3_K": [11, 256, 110], "Q4_K": [12, 256, 144], "Q5_K": [13, 256, 176],
                "Q6_K": [14, 256, 210], "IQ4_NL": [20, 32, 18], "IQ4_XS": [23, 256, 136],
                "TQ1_0": [34, 256, 54], "TQ2_0": [35, 256, 66], "I2_S": [36, 128, 32],
            ])
        let floats: Set<WeightFormat> = [.f32, .f16, .bf16]
        let ternary: Set<WeightFormat> = [.tq1_0, .tq2_0, .i2_s]
        for format in WeightFormat.allCases {
            #expect(format.quantisesInput == !floats.contains(format))
            #expect(format.accepts(.none) == floats.union(ternary).contains(format))
            #expect(format.accepts(.blocks) == !floats.contains(format))
            #expect(format.accepts(.rows) == !floats.contains(format))
            #expect(format.trailerSize == (format == .i2_s ? 32 : 0))
        }
    }

    @Test(arguments: WeightFormat.allCases)
    func aRowLookedUpIsThatRowOfTheTable(_ format: WeightFormat) throws {
        // Rows of I2_S may begin inside a block of 128.
        let columns = format == .i2_s ? 96 : format.columns(atLeast: 70), rows = 12
        let sample = SampleMatrix(format, rows: rows, columns: columns, seed: 9)
        let queue = try oneQueue(), values = sample.values
        let tokens: [Int32] = [11, 0, 5, 5, 1]
        let output = try queue.makeBuffer(count: tokens.count * (columns + 3))
        try sample.bytes.withUnsafeBytes {
            let table = try queue.backend.makeEmbedding(
                $0, format: format, rows: rows, columns: columns)
            var pass = PassInputs()
            pass.append(tokens, at: 0)
            queue.begin(pass)
            queue.embed(table, into: output.rows(offset: 2, stride: columns + 3))
        }
        let found = queue.values(output)
        for (row, token) in tokens.enumerated() {
            let start = 2 + row * (columns + 3), first = Int(token) * columns
            let expected = Array(values[first..<first + columns])
            #expect(bits(Array(found[start..<start + columns])) == bits(expected))
        }
    }

    @Test func sizesOfShapesThatCannotBeAreNil() {
        #expect(WeightFormat.q8_0.fileSize(rows: 2, columns: 64) == 2 * 2 * 34)
        #expect(WeightFormat.q8_0.fileSize(rows: 2, columns: 65) == nil)
        #expect(WeightFormat.f32.fileSize(rows: 0, columns: 4) == nil)
        #expect(WeightFormat.f32.fileSize(rows: 4, columns: -1) == nil)
        #expect(WeightFormat.f32.fileSize(rows: Int.max / 2, columns: 4) == nil)
        #expect(WeightFormat.f32.packedSize(rows: Int.max / 64, columns: 8) == nil)
        #expect(WeightFormat.q4_k.fileSize(rows: 2, columns: 128) == nil)
        #expect(WeightFormat.i2_s.fileSize(rows: 4, columns: 96) == 96 + 32)
        #expect(WeightFormat.i2_s.fileSize(rows: 3, columns: 96) == nil)
        #expect(WeightFormat.i2_s.fileSize(rows: 32, columns: 12) == nil)
        #expect(WeightFormat.i2_s.fileSize(rows: Int.max / 32, columns: 32) == nil)
    }

    @Test func packedSizeCountsWholeTiles() {
        #expect(WeightFormat.f32.packedSize(rows: 17, columns: 172) == 2 * 16 * 172 * 4)
        #expect(WeightFormat.f16.packedSize(rows: 1, columns: 3) == 2 * 64)
        #expect(WeightFormat.q8_0.packedSize(rows: 16, columns: 96) == 1088 + 576)
        #expect(WeightFormat.q4_0.packedSize(rows: 16, columns: 96) == 576 + 320)
        // An odd last unit of one block: 352 rounded up to whole cache lines.
        #expect(WeightFormat.q5_0.packedSize(rows: 16, columns: 288) == 8 * 352 + 384)
    }

    /// Decoding is bound by memory: the bits of a weight in a tile, as kn_formats.h states them.
    @Test func tilesAreNearlyAsSmallAsTheFile() {
        let bits: [WeightFormat: Double] = [
            .q4_0: 4.5, .q8_0: 8.5, .q4_1: 5, .q5_0: 5.5, .q5_1: 6, .q2_k: 2.625, .q3_k: 3.625,
            .q4_k: 4.625, .q5_k: 5.625, .q6_k: 6.625, .iq4_nl: 4.5, .iq4_xs: 4.375,
            .tq1_0: 2.125, .tq2_0: 2.125, .i2_s: 2.125,
        ]
        #expect(bits.count == WeightFormat.allCases.filter(\.quantisesInput).count)
        for (format, expected) in bits {
            let size = format.packedSize(rows: 64, columns: 512) ?? 0
            #expect(Double(size * 8) / (64 * 512) == expected, "\(format)")
        }
    }
}
