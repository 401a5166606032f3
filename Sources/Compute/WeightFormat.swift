// The tensor formats that the engine computes with.
//
// Guarantees: the raw value is the ggml type number of the file. All facts come from the table in
// CKernels (formats.c), so that a new format is a row there and a case here.
// Does not: know formats that are only recognised, not computed with. ModelFiles lists them.

import CKernels

/// A tensor format that the kernels can multiply. The raw value is the type number in a GGUF file.
public enum WeightFormat: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q2_k = 10
    case q3_k = 11
    case q4_k = 12
    case q5_k = 13
    case q6_k = 14
    case iq4_nl = 20
    case iq4_xs = 23
    case bf16 = 30
    case tq1_0 = 34
    case tq2_0 = 35
    /// Ternary, of bitnet.cpp. A single scale for the whole tensor follows the blocks.
    case i2_s = 36

    /// The usual name, for example `Q8_0`.
    public var name: String { String(cString: row.pointee.name) }
    /// Equal to `name`.
    public var description: String { name }
    /// Values of a block in the file.
    public var valuesPerBlock: Int { Int(row.pointee.values_per_block) }
    /// Bytes of a block in the file.
    public var bytesPerBlock: Int { Int(row.pointee.bytes_per_block) }
    /// Bytes after the last block of a whole tensor. Zero except for `I2_S`.
    public var trailerSize: Int { Int(row.pointee.trailer_bytes) }
    /// Divisor of a matrix's column count. Equal to `valuesPerBlock`, except for `I2_S`, whose
    /// blocks run over row ends.
    public var columnMultiple: Int { Int(row.pointee.row_values) }
    /// True for the quantised formats, whose products by default round their input to int8 blocks
    /// of 32.
    public var quantisesInput: Bool { kn_tile_input(row.pointee.tile) == KN_INPUT_INT8 }

    /// Returns true when a product with weights of the format takes an input rounded by `rounding`.
    public func accepts(_ rounding: InputRounding) -> Bool {
        kn_tile_accepts(row.pointee.tile, rounding.forKernels)
    }

    /// The format's row in the kernel table. Every case has a row, and a test walks all cases.
    var row: UnsafePointer<kn_format> {
        guard let row = kn_format_find(rawValue) else {
            preconditionFailure("format \(rawValue) has no row in the kernel table")
        }
        return row
    }

    /// Returns the bytes of `rows` x `columns` values in a file. Nil when the columns are not a
    /// multiple of `columnMultiple`, the values are not whole blocks, a number is not positive, or
    /// the size overflows.
    public func fileSize(rows: Int, columns: Int) -> Int? {
        guard rows > 0, columns > 0, columns % columnMultiple == 0 else { return nil }
        let (values, tooMany) = rows.multipliedReportingOverflow(by: columns)
        guard !tooMany, values % valuesPerBlock == 0 else { return nil }
        let (blockSize, overflow) = (values / valuesPerBlock)
            .multipliedReportingOverflow(by: bytesPerBlock)
        let (size, trailerOverflow) = blockSize.addingReportingOverflow(trailerSize)
        return overflow || trailerOverflow ? nil : size
    }

    /// Checks that `bytes` are `rows` x `columns` values. Throws `shape_invalid` or
    /// `size_mismatch`.
    func check(
        _ bytes: UnsafeRawBufferPointer, rows: Int, columns: Int, tried: String
    ) throws(ComputeError) {
        guard let needed = fileSize(rows: rows, columns: columns) else {
            throw shapeRefusal(tried)
        }
        guard needed == bytes.count else {
            throw ComputeError(
                .sizeMismatch, tried: tried, found: "\(bytes.count) bytes",
                allowed: "\(needed) bytes")
        }
    }

    func shapeRefusal(_ tried: String) -> ComputeError {
        ComputeError(
            .shapeInvalid, tried: tried, found: "a shape that \(name) cannot have",
            allowed: "at least 1 row, columns a positive multiple of \(columnMultiple), "
                + "whole blocks of \(valuesPerBlock) values, a size that fits in memory")
    }

    /// Returns the bytes of memory of a packed matrix. Nil as for `fileSize`.
    public func packedSize(rows: Int, columns: Int) -> Int? {
        // A packed tile is at most 8 bytes a value, so the bound on `values` rules out an overflow.
        guard let values = WeightFormat.f32.fileSize(rows: rows, columns: columns),
            fileSize(rows: rows, columns: columns) != nil, values < Int.max / 128
        else { return nil }
        let tileRows = KN_TILE_ROWS
        return (rows + tileRows - 1) / tileRows * kn_tile_bytes(row.pointee.tile, columns)
    }

    /// Converts values to floats with the reference dequantiser. `bytes` is a tensor of exactly
    /// `into.count` values, with its trailer where the format has a trailer.
    package func dequantise(
        _ bytes: UnsafeRawBufferPointer, into: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(bytes.count == into.count / valuesPerBlock * bytesPerBlock + trailerSize)
        precondition(into.count % valuesPerBlock == 0)
        guard let blocks = bytes.baseAddress, let target = into.baseAddress else { return }
        var source = source(blocks, size: bytes.count)
        row.pointee.dequantise(row, &source, 0, into.count, target)
    }

    /// Returns a tensor of `size` bytes in the kernels' form.
    func source(_ bytes: UnsafeRawPointer, size: Int) -> kn_source {
        kn_source(
            blocks: bytes.assumingMemoryBound(to: UInt8.self),
            trailer: trailerSize == 0 ? nil : bytes + (size - trailerSize))
    }
}
