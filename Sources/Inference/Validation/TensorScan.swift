// Looks for a NaN or an infinity in a tensor as it is stored.
//
// Each format keeps its floating-point fields at fixed places of a block (see FloatFields); a value
// of the block can only be not finite if one of them is. The scan names the tensor behind
// bad logits and covers the embedding rows that a short forward pass does not touch. It reads the
// bytes once and allocates nothing.

import ModelFiles

/// Where a format keeps floating-point numbers.
///
///     Q8_0 block, 34 bytes   | d: f16 | 32 x int8 |      stride 34, offsets [0]
package struct FloatFields: Sendable {
    package enum Width: Sendable { case half, bfloat, single }

    let stride: Int
    let offsets: [Int]
    let width: Width

    /// By the format's number; a row per supported format.
    package static let byFormat: [UInt32: FloatFields] = [
        0: FloatFields(stride: 4, offsets: [0], width: .single),
        1: FloatFields(stride: 2, offsets: [0], width: .half),
        2: FloatFields(stride: 18, offsets: [0], width: .half),
        8: FloatFields(stride: 34, offsets: [0], width: .half),
        30: FloatFields(stride: 2, offsets: [0], width: .bfloat),
    ]
}

package enum TensorScan {
    /// The byte offset of the first field in `bytes` that is NaN or infinite, or nil.
    package static func firstNonFinite(
        in bytes: UnsafeRawBufferPointer, _ fields: FloatFields
    ) -> Int? {
        var first: Int?
        for offset in fields.offsets {
            let found =
                switch fields.width {
                case .single: scan(bytes, UInt32(0x7F80_0000), offset, fields.stride)
                case .half: scan(bytes, UInt16(0x7C00), offset, fields.stride)
                case .bfloat: scan(bytes, UInt16(0x7F80), offset, fields.stride)
                }
            if let found { first = min(found, first ?? found) }
        }
        return first
    }

    /// An exponent of all ones, and nothing else, marks NaN and infinity in every IEEE width.
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

extension ModelPlan {
    /// The first of `tensors` that holds a NaN or an infinity, as an error's location and text.
    package func firstNonFinite(among tensors: [TensorInfo]) -> (tensor: String, offset: Int)? {
        for tensor in tensors {
            guard let fields = FloatFields.byFormat[tensor.format.id] else { continue }
            if let offset = TensorScan.firstNonFinite(in: file.bytes(of: tensor), fields) {
                return (tensor.name, offset)
            }
        }
        return nil
    }
}
