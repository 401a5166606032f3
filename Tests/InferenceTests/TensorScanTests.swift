// The scan for bad numbers in stored tensors, and the three tables that describe a format: each
// must say the same as the others.

import Compute
import Inference
import ModelFiles
import TestSupport
import Testing

@Suite struct TensorScanTests {
    @Test(arguments: WeightFormat.allCases)
    func theFileLayerStatesTheSameFacts(_ format: WeightFormat) throws {
        let known = try #require(TensorFormat.known(format.rawValue))
        #expect(known.name == format.name)
        #expect(known.valuesPerBlock == format.valuesPerBlock)
        #expect(known.bytesPerBlock == format.bytesPerBlock)
        #expect(known.trailerSize == format.trailerSize)
        #expect(known.blocksSpanRows == (format.columnMultiple != format.valuesPerBlock))
    }

    /// A NaN planted at any place of a tensor of zeros makes a value not finite exactly where the
    /// scan finds it.
    @Test(arguments: WeightFormat.allCases)
    func findsANaNWhereADequantisedValueHasOneAndNowhereElse(_ format: WeightFormat) throws {
        let fields = try #require(FloatFields.byFormat[format.rawValue])
        let count = 3 * format.valuesPerBlock
        let size = try #require(format.fileSize(rows: 1, columns: max(count, 3)))
        let isSingle = format == .f32 || format == .i2_s
        let pattern: [UInt8] = isSingle ? [0, 0, 0xC0, 0x7F] : [0x00, 0x7E]
        var found = 0
        for place in 0...size - pattern.count {
            var bytes = [UInt8](repeating: 0, count: size)
            // A bfloat's NaN is the upper half of a single's.
            bytes.replaceSubrange(
                place..<place + pattern.count, with: format == .bf16 ? [0xC0, 0x7F] : pattern)
            let values = [Float](unsafeUninitializedCapacity: count) { buffer, used in
                let target = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
                bytes.withUnsafeBytes { format.dequantise($0, into: target) }
                used = count
            }
            let offset = bytes.withUnsafeBytes { TensorScan.firstNonFinite(in: $0, fields) }
            let isFinite = values.allSatisfy(\.isFinite)
            #expect((offset == nil) == isFinite, "byte \(place)")
            if let offset { #expect(abs(offset - place) < 4) }
            found += isFinite ? 0 : 1
        }
        #expect(found > 0)
    }
}
