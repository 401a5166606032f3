// Looks for a NaN or an infinity in a stored tensor.
//
// Each format keeps its floating-point fields at fixed places of a block (see FloatFields). A value
// of the block is not finite only if one of the fields is not finite. The scan names the tensor
// behind bad logits and covers the embedding rows that a short forward pass does not touch. The
// scan reads each field once and allocates next to nothing.

import ModelFiles

/// Places of the floating-point numbers in a format.
///
///     Q8_0 block, 34 bytes   | d: f16 | 32 x int8 |      stride 34, offsets [0]
///
/// I2_S has a single number, in the 32 bytes behind the blocks of the whole tensor.
package struct FloatFields: Sendable {
    package enum Width: Sendable { case float16, bfloat16, float32 }

    let stride: Int
    let offsets: [Int]
    let width: Width
    /// True when the offsets count within the last stride of the tensor, not within every block.
    let areInTrailer: Bool

    private init(
        stride: Int, offsets: [Int], width: Width = .float16, areInTrailer: Bool = false
    ) {
        (self.stride, self.offsets, self.width) = (stride, offsets, width)
        self.areInTrailer = areInTrailer
    }

    /// Fields by the format's number, with a row per supported format.
    package static let byFormat: [UInt32: FloatFields] = [
        0: FloatFields(stride: 4, offsets: [0], width: .float32),
        1: FloatFields(stride: 2, offsets: [0]),
        2: FloatFields(stride: 18, offsets: [0]),
        3: FloatFields(stride: 20, offsets: [0, 2]),
        6: FloatFields(stride: 22, offsets: [0]),
        7: FloatFields(stride: 24, offsets: [0, 2]),
        8: FloatFields(stride: 34, offsets: [0]),
        10: FloatFields(stride: 84, offsets: [80, 82]),
        11: FloatFields(stride: 110, offsets: [108]),
        12: FloatFields(stride: 144, offsets: [0, 2]),
        13: FloatFields(stride: 176, offsets: [0, 2]),
        14: FloatFields(stride: 210, offsets: [208]),
        20: FloatFields(stride: 18, offsets: [0]),
        23: FloatFields(stride: 136, offsets: [0]),
        30: FloatFields(stride: 2, offsets: [0], width: .bfloat16),
        34: FloatFields(stride: 54, offsets: [52]),
        35: FloatFields(stride: 66, offsets: [64]),
        36: FloatFields(stride: 32, offsets: [0], width: .float32, areInTrailer: true),
    ]
}

package enum TensorScan {
    /// Returns the byte offset of the first field in `bytes` that is NaN or infinite, or nil.
    package static func firstNonFinite(
        in bytes: UnsafeRawBufferPointer, _ fields: FloatFields
    ) -> Int? {
        var first: Int?
        let start = fields.areInTrailer ? max(0, bytes.count - fields.stride) : 0
        for offset in fields.offsets.map({ $0 + start }) {
            let found =
                switch fields.width {
                case .float32: scan(bytes, UInt32(0x7F80_0000), offset, fields.stride)
                case .float16: scan(bytes, UInt16(0x7C00), offset, fields.stride)
                case .bfloat16: scan(bytes, UInt16(0x7F80), offset, fields.stride)
                }
            if let found { first = min(found, first ?? found) }
        }
        return first
    }

    /// In every IEEE width, all ones in the exponent mark NaN and infinity, and nothing else.
    private static func scan<Bits: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, _ exponent: Bits, _ offset: Int, _ stride: Int
    ) -> Int? {
        let size = MemoryLayout<Bits>.size
        guard bytes.count >= offset + size else { return nil }
        let count = (bytes.count - offset - size) / stride + 1
        var index = 0
        // Chunks without an early exit inside let the compiler use vector instructions.
        while index < count {
            let end = min(index + 1024, count)
            var hits = 0
            for field in index..<end {
                let place = offset + field * stride
                let bits = bytes.loadUnaligned(fromByteOffset: place, as: Bits.self)
                hits += bits & exponent == exponent ? 1 : 0
            }
            if hits > 0 { break }
            index = end
        }
        while index < count {
            let place = offset + index * stride
            let bits = bytes.loadUnaligned(fromByteOffset: place, as: Bits.self)
            if bits & exponent == exponent { return place }
            index += 1
        }
        return nil
    }
}

extension WeightPlan {
    /// Returns the name of the first of `tensors` with a NaN or an infinity, and the byte offset.
    /// Reads the files again, to name the place in an error. A tensor that cannot be read is
    /// skipped.
    package func firstNonFinite(among tensors: [TensorInfo]) -> (tensor: String, offset: Int)? {
        for tensor in tensors {
            guard let fields = FloatFields.byFormat[tensor.format.id] else { continue }
            if let offset = firstNonFinite(tensor, fields) { return (tensor.name, offset) }
        }
        return nil
    }

    private func firstNonFinite(_ tensor: TensorInfo, _ fields: FloatFields) -> Int? {
        guard let bytes = try? readBytes(of: tensor) else { return nil }
        return bytes.withUnsafeBytes { TensorScan.firstNonFinite(in: $0, fields) }
    }

    /// Reads the bytes of a planned tensor from the files, in converted form. For errors and tests
    /// only, because the serving weights come from a single pass of `PackedTensors`.
    package func readBytes(of tensor: TensorInfo) throws -> [UInt8] {
        if let values = source.computedValues(of: tensor, configuration) {
            return values.withUnsafeBytes { Array($0) }
        }
        guard let stored = source.stored.tensor(tensor.name) else {
            preconditionFailure("tensor \(tensor.name) of another model")
        }
        var sides: [String: [UInt8]] = [:]
        for name in source.sideNames {
            guard let side = source.stored.tensor(name) else { continue }
            sides[name] = try source.stored.bytes(of: side)
        }
        return try source.stored.bytes(of: stored).withUnsafeBytes { bytes in
            source.withConverted(bytes, of: tensor, sides: sides, configuration) { Array($0) }
        }
    }
}
