// A matrix or a table on its way to a device: rows in the file's format come piece by piece.
//
// Guarantees: rows are taken in order, each once. The weight exists only when all rows have come.
// Does not: keep the bytes of a piece after the call.

/// Rows of a weight that is being placed. Made by a `Backend`. A single thread.
public final class WeightRows<Weight> {
    /// Number of rows that a piece must be a multiple of, the last piece excepted. All rows for a
    /// format that cannot be cut.
    public let step: Int
    /// Rows of the weight.
    public let rows: Int
    private let format: WeightFormat
    private let columns: Int
    private var next = 0
    private let take: (UnsafeRawBufferPointer, Range<Int>) throws(ComputeError) -> Void
    private let make: () -> Weight

    /// - Parameters:
    ///   - step: see `step`.
    ///   - take: takes the bytes of rows, all multiples of `step` but for the end.
    ///   - make: makes the weight when all rows have been taken.
    package init(
        _ format: WeightFormat, rows: Int, columns: Int, step: Int,
        take: @escaping (UnsafeRawBufferPointer, Range<Int>) throws(ComputeError) -> Void,
        make: @escaping () -> Weight
    ) {
        self.step = format.trailerSize > 0 ? rows : min(step, rows)
        (self.format, self.rows, self.columns) = (format, rows, columns)
        (self.take, self.make) = (take, make)
    }

    /// Takes the next rows, and keeps none of the bytes. Throws `size_mismatch` for bytes that are
    /// not a multiple of `step` rows, or the rest.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(ComputeError) {
        let left = rows - next
        let rowSize = format.fileSize(rows: 1, columns: columns)
        let count: Int
        if let rowSize, step < rows {
            count = bytes.count / rowSize
        } else {
            count = rows
        }
        guard count > 0, count <= left, count % step == 0 || count == left,
            format.fileSize(rows: count, columns: columns) == bytes.count
        else {
            throw ComputeError(
                .sizeMismatch,
                tried: "taking rows of a \(format.name) matrix of \(rows) x \(columns)",
                found: "\(bytes.count) bytes behind \(next) rows",
                allowed: "the bytes of \(left) rows, or of a multiple of \(step)")
        }
        try take(bytes, next..<next + count)
        next += count
    }

    /// Returns the weight. All rows have been appended.
    public func finish() -> Weight {
        precondition(next == rows, "\(next) of \(rows) rows were appended")
        return make()
    }
}
