// The opaque objects of a back end: matrices, embedding tables, float buffers.
//
// Guarantees: shapes are checked at creation and never change. Weights are immutable and may be
// shared by threads.
// Does not: expose memory of a device. Values are read and written through the back end.

import CKernels

/// A weight matrix, packed for the kernels. Immutable. Made by `Backend.makeMatrix`.
public final class WeightMatrix: Sendable {
    /// The weights' format in the file.
    public let format: WeightFormat
    /// Outputs of a product.
    public let rows: Int
    /// Inputs of a product.
    public let columns: Int
    let storage: Storage
    /// Facts of the format, looked up once.
    let tileKind: kn_tile_kind
    let nativeInput: kn_input_kind

    init(format: WeightFormat, rows: Int, columns: Int, storage: Storage) {
        (self.format, self.rows, self.columns, self.storage) = (format, rows, columns, storage)
        tileKind = format.row.pointee.tile
        nativeInput = kn_tile_input(tileKind)
    }

    /// Bytes of memory the packed form occupies.
    public var size: Int { storage.size }
}

/// Rows for lookup by token, copied in their file format. Immutable. Made by
/// `Backend.makeEmbedding`.
public struct EmbeddingTable: Sendable {
    /// The file format of the rows.
    public let format: WeightFormat
    /// Number of rows, a row per token.
    public let rows: Int
    /// Values of a row.
    public let columns: Int
    private let storage: Storage

    init(format: WeightFormat, rows: Int, columns: Int, storage: Storage) {
        (self.format, self.rows, self.columns) = (format, rows, columns)
        self.storage = storage
    }

    /// The rows as they were stored in the file. Valid while the table is alive.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: storage.base, count: storage.size)
    }

    /// Writes the `columns` values of a token's row to `target`.
    func read(_ token: Int32, into target: UnsafeMutablePointer<Float>) {
        precondition(token >= 0 && token < rows, "token \(token) outside 0..<\(rows)")
        var source = format.source(UnsafeRawPointer(storage.base), size: storage.size)
        format.row.pointee.dequantise(
            format.row, &source, Int(token) * columns, columns, target)
    }
}

/// Floats on the device, 64-byte aligned, zero at first. Made by `Backend.makeBuffer`.
public final class FloatBuffer: Sendable {
    /// Number of floats.
    public let count: Int
    let storage: Storage

    init(count: Int, storage: Storage) {
        (self.count, self.storage) = (count, storage)
    }

    /// Views the whole buffer as rows that follow each other without gaps.
    public func rows(of width: Int) -> FloatRows {
        FloatRows(self, offset: 0, stride: width)
    }

    /// Views rows inside wider rows: row r starts at float `offset + r * stride`.
    public func rows(offset: Int, stride: Int) -> FloatRows {
        FloatRows(self, offset: offset, stride: stride)
    }
}

/// A view of a buffer as rows. Row r starts at float `offset + r * stride`. The operation gives the
/// width of a row.
public struct FloatRows: Sendable {
    /// The floats.
    public let buffer: FloatBuffer
    /// Floats before row 0.
    public let offset: Int
    /// Floats from the start of a row to the start of the next.
    public let stride: Int

    /// Creates a view.
    public init(_ buffer: FloatBuffer, offset: Int = 0, stride: Int) {
        precondition(offset >= 0 && stride > 0, "offset \(offset), stride \(stride)")
        (self.buffer, self.offset, self.stride) = (buffer, offset, stride)
    }

    /// Returns the address of row 0, after checking that `rows` rows of `width` floats lie inside
    /// the buffer.
    func pointer(rows: Int, width: Int) -> UnsafeMutablePointer<Float> {
        let end = rows > 0 ? offset + (rows - 1) * stride + width : offset
        precondition(
            rows >= 0 && width >= 0 && end <= buffer.count,
            "\(rows) rows of \(width) floats at \(offset), stride \(stride), in \(buffer.count)")
        return buffer.storage.floats + offset
    }
}
