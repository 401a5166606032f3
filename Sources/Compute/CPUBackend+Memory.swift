// Makers of the CPU back end's matrices, tables, buffers and caches.
//
// Guarantees: shapes and byte counts are checked with overflow-safe arithmetic before memory is
// allocated.
// Does not: check values. A weight may be NaN, and validation will find the NaN.

import CKernels

extension CPUBackend {
    /// See `Backend`.
    public func makeMatrix(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int
    ) throws(ComputeError) -> WeightMatrix {
        let tried = "packing a \(format.name) matrix of \(rows) x \(columns)"
        try Self.check(bytes, format: format, rows: rows, columns: columns, tried: tried)
        guard let size = format.packedSize(rows: rows, columns: columns),
            let source = bytes.baseAddress
        else { throw Self.shapeRefusal(tried, format) }
        let storage = try Storage(size: size, purpose: "a packed \(format.name) matrix")
        // Pack in slices, so that a model that serves meanwhile gets the pool between two slices.
        let sliceSize = 8 << 20
        let tileRows = KN_TILE_ROWS
        let rowSize = max(1, bytes.count / rows)
        var file = format.source(source, size: bytes.count)
        let step = max(1, sliceSize / (rowSize * tileRows)) * tileRows
        for start in stride(from: 0, to: rows, by: step) {
            kn_drive_pack(
                pool, format.row, &file, start, min(rows, start + step), columns, storage.base)
        }
        return WeightMatrix(
            format: format, rows: rows, columns: columns, layout: format.row.pointee.tile.rawValue,
            storage: storage)
    }

    /// See `Backend`.
    public func makeEmbedding(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int
    ) throws(ComputeError) -> EmbeddingTable {
        try Self.check(
            bytes, format: format, rows: rows, columns: columns,
            tried: "copying a \(format.name) table of \(rows) x \(columns)")
        let storage = try Storage(copying: bytes, purpose: "a \(format.name) table")
        return EmbeddingTable(format: format, rows: rows, columns: columns, storage: storage)
    }

    /// See `Backend`.
    public func makeVector(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, count: Int
    ) throws(ComputeError) -> FloatBuffer {
        try Self.check(
            bytes, format: format, rows: 1, columns: count,
            tried: "reading a \(format.name) vector of \(count)")
        let buffer = try makeBuffer(count: count)
        format.dequantise(
            bytes, into: UnsafeMutableBufferPointer(start: buffer.storage.floats, count: count))
        return buffer
    }

    /// See `Backend`.
    public func makeRopeTable(frequencies: [Double], magnitude: Double) -> RopeTable {
        RopeTable(frequencies: frequencies, magnitude: magnitude) { values throws(ComputeError) in
            try values.withUnsafeBufferPointer { values throws(ComputeError) in
                try Storage(copying: UnsafeRawBufferPointer(values), purpose: "rotary angles")
            }
        }
    }

    /// See `Backend`.
    public func makeBuffer(count: Int) throws(ComputeError) -> FloatBuffer {
        guard count >= 0, count < Int.max / 8 else {
            throw ComputeError(
                .shapeInvalid, tried: "making a buffer", found: "\(count) floats",
                allowed: "0 to \(Int.max / 8 - 1)")
        }
        let storage = try Storage(
            size: count * MemoryLayout<Float>.size, purpose: "a buffer of \(count) floats")
        return FloatBuffer(count: count, storage: storage)
    }

    /// See `Backend`.
    public func makeCache(_ shape: CacheShape) throws(ComputeError) -> KeyValueCache {
        precondition(CacheShape.pagePositions == KN_PAGE_POSITIONS, "pages of another size")
        guard let size = shape.size else {
            throw ComputeError(
                .shapeInvalid, tried: "making a key/value cache", found: "\(shape)",
                allowed: "positive numbers whose product fits in memory")
        }
        let storage = try Storage(
            size: size, purpose: "a key/value cache of \(shape.pageCount) pages")
        return KeyValueCache(shape: shape, storage: storage)
    }

    private static func check(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int,
        tried: String
    ) throws(ComputeError) {
        guard let needed = format.fileSize(rows: rows, columns: columns) else {
            throw shapeRefusal(tried, format)
        }
        guard needed == bytes.count else {
            throw ComputeError(
                .sizeMismatch, tried: tried, found: "\(bytes.count) bytes",
                allowed: "\(needed) bytes")
        }
    }

    private static func shapeRefusal(_ tried: String, _ format: WeightFormat) -> ComputeError {
        ComputeError(
            .shapeInvalid, tried: tried, found: "a shape that \(format.name) cannot have",
            allowed: "at least 1 row, columns a positive multiple of \(format.columnMultiple), "
                + "whole blocks of \(format.valuesPerBlock) values, a size that fits in memory")
    }
}
