// Converts the bytes of a checkpoint's tensor to the form of GGUF files.
//
// Each tensor is converted while it is handed over, just as llama.cpp's converter does for a file:
// norms and biases are widened to float32 (exact), rows of llama's query and key heads are
// reordered, and packed ternary bytes become I2_S blocks. So equal weights give equal bits.
// Guarantees: one copy of one tensor at a time, released when the call ends.
// Does not: check shapes. The plan has.

import ModelFiles

/// Conversion from a stored tensor to the form in which it is handed over.
enum TensorConversion: Sendable {
    case none
    /// F16 or BF16 to F32.
    case widened
    /// Rows of each head from two halves to neighbouring pairs: new[2i] = old[i],
    /// new[2i + 1] = old[i + n/2]. In a vector every element is a row, and is widened first.
    case pairedRows
    /// Four rows per byte to I2_S, with the number in the tensor `scale` as scale, and rows of
    /// heads in paired order if `isPaired`.
    case ternary(scale: TensorInfo, isPaired: Bool)
}

/// Floating-point numbers of any stored width.
enum StoredFloats {
    /// Returns the exact numbers of an F32, F16 or BF16 tensor.
    static func widen(_ bytes: UnsafeRawBufferPointer, _ format: TensorFormat) -> [Float] {
        (0..<bytes.count / format.bytesPerBlock).map { index in
            switch format.name {
            case "F32":
                let bits = bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            case "F16":
                let bits = bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                return Float(Float16(bitPattern: UInt16(littleEndian: bits)))
            default:
                let bits = bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                return Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16)
            }
        }
    }

    /// Returns true for F32, F16 and BF16.
    static func holds(_ format: TensorFormat) -> Bool {
        ["F32", "F16", "BF16"].contains(format.name)
    }
}

/// Reordering of the rows of heads.
enum PairedRows {
    /// Copies `source` with the rows of each head of `headLength` rows in paired order.
    static func reorder(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
        rowSize: Int, headLength: Int
    ) {
        for row in 0..<source.count / rowSize {
            let new = place(of: row, headLength: headLength)
            target[new * rowSize..<(new + 1) * rowSize]
                .copyBytes(from: source[row * rowSize..<(row + 1) * rowSize])
        }
    }

    /// The place of a row in paired order.
    static func place(of row: Int, headLength: Int) -> Int {
        let (half, place) = (headLength / 2, row % headLength)
        return row - place + (place < half ? 2 * place : 2 * (place - half) + 1)
    }
}

/// Ternary weights as the BitNet repositories pack them.
///
///     byte (r, c) of rows/4 x columns:   bits 7 6 | 5 4 | 3 2 | 1 0     R = rows / 4
///                                        row r+3R  r+2R  r+R   r        value = code - 1
///     I2_S, 128 values in 32 bytes:      value 32*g + p in byte p, bits 7-2g and 6-2g
enum TernaryBytes {
    /// Bytes of an I2_S tensor behind its blocks: the scale and padding.
    static let trailerSize = 32

    /// - Parameter pairedHeadLength: rows of a head whose rows are put in paired order, or nil.
    static func repack(
        _ packed: UnsafeRawBufferPointer, columns: Int, scale: Float, pairedHeadLength: Int?,
        into target: UnsafeMutableRawBufferPointer
    ) {
        target.initializeMemory(as: UInt8.self, repeating: 0)
        let packedRows = packed.count / columns
        for quarter in 0..<4 {
            for row in 0..<packedRows {
                let old = quarter * packedRows + row
                let new = pairedHeadLength.map { PairedRows.place(of: old, headLength: $0) } ?? old
                var value = new * columns
                for column in 0..<columns {
                    let code = packed[row * columns + column] >> UInt8(2 * quarter) & 3
                    let (block, group, place) = (value / 128, value / 32 % 4, value % 32)
                    target[block * 32 + place] |= code << UInt8(6 - 2 * group)
                    value += 1
                }
            }
        }
        target.storeBytes(
            of: scale.bitPattern.littleEndian, toByteOffset: packed.count, as: UInt32.self)
    }
}
