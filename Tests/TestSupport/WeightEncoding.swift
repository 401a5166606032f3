// Float values into the stored bytes of the formats that test models use.
//
// Plain and slow on purpose: what a reader can check by eye against the block layouts. Rows must
// be whole blocks. Block layouts (little-endian): Q8_0 = f16 scale, 32 x int8; Q4_0 = f16 scale,
// 16 bytes whose low nibbles are values 0...15 and high nibbles 16...31, each minus 8.

/// The formats that `GGUFBuilder.tinyLlama` can store its matrices in.
package enum WeightEncoding: UInt32, Sendable, CaseIterable {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q8_0 = 8
    case bf16 = 30

    /// The values in this format; the count must be a multiple of 32 for the block formats.
    package func encode(_ values: [Float]) -> [UInt8] {
        switch self {
        case .f32: values.flatMap { little($0.bitPattern) }
        case .f16: values.flatMap { little(Float16($0).bitPattern) }
        case .bf16: values.flatMap { little(UInt16(roundedToBFloat($0) >> 16)) }
        case .q8_0: blocks(values).flatMap(encodeQ8)
        case .q4_0: blocks(values).flatMap(encodeQ4)
        }
    }

    private func blocks(_ values: [Float]) -> [[Float]] {
        precondition(values.count % 32 == 0, "\(values.count) values are not whole blocks of 32")
        return stride(from: 0, to: values.count, by: 32).map { Array(values[$0..<$0 + 32]) }
    }

    private func encodeQ8(_ block: [Float]) -> [UInt8] {
        let scale = Float16((block.map(\.magnitude).max() ?? 0) / 127)
        let divisor = scale == 0 ? 1 : Float(scale)
        let values = block.map { value in
            UInt8(bitPattern: Int8(max(-127, min(127, (value / divisor).rounded()))))
        }
        return little(scale.bitPattern) + values
    }

    private func encodeQ4(_ block: [Float]) -> [UInt8] {
        let scale = Float16((block.map(\.magnitude).max() ?? 0) / 7)
        let divisor = scale == 0 ? 1 : Float(scale)
        let nibbles = block.map { UInt8(max(0, min(15, ($0 / divisor).rounded() + 8))) }
        return little(scale.bitPattern) + (0..<16).map { nibbles[$0] | nibbles[$0 + 16] << 4 }
    }

    /// Round to nearest, ties to even, in the upper half.
    private func roundedToBFloat(_ value: Float) -> UInt32 {
        let bits = value.bitPattern
        return bits &+ 0x7FFF &+ (bits >> 16 & 1)
    }

    private func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
