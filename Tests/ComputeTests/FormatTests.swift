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
        #expect(raw.count == expected.count / format.valuesPerBlock * format.bytesPerBlock)
        let values = dequantised(raw, format: format, count: expected.count)
        let differing = zip(bits(values), bits(expected)).enumerated().filter { $1.0 != $1.1 }
        #expect(differing.isEmpty, "first at value \(differing.first?.offset ?? -1)")
        #expect(values.count >= 2048)
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
        let facts = WeightFormat.allCases.map { [$0.valuesPerBlock, $0.bytesPerBlock] }
        #expect(facts == [[1, 4], [1, 2], [32, 18], [32, 34], [1, 2]])
        let names = WeightFormat.allCases.map(\.name)
        #expect(names == ["F32", "F16", "Q4_0", "Q8_0", "BF16"])
        #expect(WeightFormat.allCases.map(\.quantisesInput) == [false, false, true, true, false])
    }

    @Test func sizesOfShapesThatCannotBeAreNil() {
        #expect(WeightFormat.q8_0.fileSize(rows: 2, columns: 64) == 2 * 2 * 34)
        #expect(WeightFormat.q8_0.fileSize(rows: 2, columns: 65) == nil)
        #expect(WeightFormat.f32.fileSize(rows: 0, columns: 4) == nil)
        #expect(WeightFormat.f32.fileSize(rows: 4, columns: -1) == nil)
        #expect(WeightFormat.f32.fileSize(rows: Int.max / 2, columns: 4) == nil)
        #expect(WeightFormat.f32.packedSize(rows: Int.max / 64, columns: 8) == nil)
    }

    @Test func packedSizeCountsWholeTiles() {
        #expect(WeightFormat.f32.packedSize(rows: 17, columns: 172) == 2 * 16 * 172 * 4)
        #expect(WeightFormat.f16.packedSize(rows: 1, columns: 3) == 2 * 64)
        #expect(WeightFormat.q8_0.packedSize(rows: 16, columns: 96) == 1088 + 576)
        #expect(WeightFormat.q4_0.packedSize(rows: 16, columns: 96) == 576 + 320)
    }
}
