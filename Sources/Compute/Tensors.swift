// The opaque objects of a back end: matrices, embedding tables, float buffers.
//
// Guarantees: shapes are checked at creation and never change. Weights are immutable and may be
// shared by threads.
// Does not: expose memory. Values are read and written by the operations of a queue.

/// A weight matrix, packed for the kernels. Immutable. Made by `Backend.makeMatrix`.
public final class WeightMatrix: Sendable {
    /// The weights' format in the file.
    public let format: WeightFormat
    /// Outputs of a product.
    public let rows: Int
    /// Inputs of a product.
    public let columns: Int
    package let storage: Storage
    /// Rounding of a product's input where the product names none.
    let rounding: InputRounding
    /// Number of the packed layout among the layouts of the back end.
    let layout: UInt32

    package init(
        format: WeightFormat, rows: Int, columns: Int, layout: UInt32, storage: Storage
    ) {
        (self.format, self.rows, self.columns, self.storage) = (format, rows, columns, storage)
        (rounding, self.layout) = (format.quantisesInput ? .blocks : .none, layout)
    }

    /// Bytes of memory the packed form occupies.
    public var size: Int { storage.size }
}

/// Rows for lookup by token, in their file format. Immutable. Made by `Backend.makeEmbedding`.
public final class EmbeddingTable: Sendable {
    /// The file format of the rows.
    public let format: WeightFormat
    /// Number of rows, a row per token.
    public let rows: Int
    /// Values of a row.
    public let columns: Int
    package let storage: Storage

    package init(format: WeightFormat, rows: Int, columns: Int, storage: Storage) {
        (self.format, self.rows, self.columns, self.storage) = (format, rows, columns, storage)
    }
}

/// Floats on the device, 64-byte aligned, zero at first. Made by `Backend.makeBuffer`.
public final class FloatBuffer: Sendable {
    /// Number of floats.
    public let count: Int
    package let storage: Storage

    package init(count: Int, storage: Storage) {
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

    /// Stops unless `rows` rows of `width` floats lie inside the buffer.
    @inline(__always)
    func check(rows: Int, width: Int) {
        let end = rows > 0 ? offset + (rows - 1) * stride + width : offset
        precondition(
            rows >= 0 && width >= 0 && end <= buffer.count,
            "\(rows) rows of \(width) floats at \(offset), stride \(stride), in \(buffer.count)")
    }
}
