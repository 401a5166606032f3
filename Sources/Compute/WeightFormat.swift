// The tensor formats this engine computes with.
//
// Guarantees: the raw value is the ggml type number of the file; all facts come from the one table
// in CKernels (formats.c), so that a new format is a row there and a case here.
// Does not: know formats that are only recognised, not computed with; ModelFiles lists those.

import CKernels

/// A tensor format the kernels can multiply with. The raw value is the type number in a GGUF file.
public enum WeightFormat: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q8_0 = 8
    case bf16 = 30

    /// The name people use, for example `Q8_0`.
    public var name: String { String(cString: row.pointee.name) }
    /// The same as `name`.
    public var description: String { name }
    /// Values that share one block; the columns of a matrix are a multiple of it.
    public var valuesPerBlock: Int { Int(row.pointee.values_per_block) }
    /// Bytes of one block in the file.
    public var bytesPerBlock: Int { Int(row.pointee.bytes_per_block) }
    /// Whether products round their input to int8 blocks of 32 (the quantised formats do).
    public var quantisesInput: Bool { kn_tile_input(row.pointee.tile) == KN_INPUT_INT8 }

    /// The row of this format in the kernel table. Every case has one; a test walks all cases.
    var row: UnsafePointer<kn_format> {
        guard let row = kn_format_find(rawValue) else {
            preconditionFailure("format \(rawValue) has no row in the kernel table")
        }
        return row
    }

    /// Bytes of `rows` x `columns` values in a file; nil when the columns are not whole blocks, a
    /// number is not positive, or the size overflows.
    public func fileSize(rows: Int, columns: Int) -> Int? {
        guard rows > 0, columns > 0, columns % valuesPerBlock == 0 else { return nil }
        let (rowSize, rowOverflow) = (columns / valuesPerBlock)
            .multipliedReportingOverflow(by: bytesPerBlock)
        let (size, overflow) = rowSize.multipliedReportingOverflow(by: rows)
        return rowOverflow || overflow ? nil : size
    }

    /// Bytes that a packed matrix of this shape occupies in memory; nil as for `fileSize`.
    public func packedSize(rows: Int, columns: Int) -> Int? {
        // A packed tile is at most 8 bytes a value, so this bound rules overflow out below.
        guard let values = WeightFormat.f32.fileSize(rows: rows, columns: columns),
            fileSize(rows: rows, columns: columns) != nil, values < Int.max / 128
        else { return nil }
        let tileRows = KN_TILE_ROWS
        return (rows + tileRows - 1) / tileRows * kn_tile_bytes(row.pointee.tile, columns)
    }

    /// Block values as floats: the reference dequantiser. `bytes` holds whole blocks of exactly
    /// `into.count` values.
    package func dequantise(
        _ bytes: UnsafeRawBufferPointer, into: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(bytes.count == into.count / valuesPerBlock * bytesPerBlock)
        precondition(into.count % valuesPerBlock == 0)
        guard let source = bytes.baseAddress, let target = into.baseAddress else { return }
        row.pointee.dequantise(source, into.count, target)
    }
}
