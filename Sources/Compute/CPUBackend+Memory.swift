// Makers of the CPU back end's matrices, tables, buffers and caches.
//
// Guarantees: shapes and byte counts are checked with overflow-safe arithmetic before memory is
// allocated. New memory is touched by all threads.
// Does not: check values. A weight may be NaN, and validation will find the NaN.

import CKernels

extension CPUBackend {
    /// See `Backend`. Address space only, until rows come.
    public func makeWeightMemory(size: Int) throws(ComputeError) -> WeightMemory {
        try WeightMemory(size: size, pool: poolStorage)
    }

    /// See `Backend`. A piece is packed by all threads.
    public func makeMatrix(
        format: WeightFormat, rows: Int, columns: Int, in memory: WeightMemory
    ) throws(ComputeError) -> WeightRows<WeightMatrix> {
        guard let size = format.packedSize(rows: rows, columns: columns) else {
            throw format.shapeRefusal("packing a \(format.name) matrix of \(rows) x \(columns)")
        }
        let storage = try memory.piece(size, "a packed \(format.name) matrix")
        let matrix = WeightMatrix(
            format: format, rows: rows, columns: columns, layout: format.row.pointee.tile.rawValue,
            storage: storage)
        let tileRows = KN_TILE_ROWS
        let tileSize = kn_tile_bytes(format.row.pointee.tile, columns)
        // Pack in slices, so that a model that serves meanwhile gets the pool between two slices.
        let slice = max(1, (8 << 20) / tileSize) * tileRows
        return WeightRows(format, rows: rows, columns: columns, step: tileRows) {
            [pool] (bytes, range) throws(ComputeError) in
            guard let source = bytes.baseAddress else { return }
            var file = format.source(source, size: bytes.count)
            let tiles = storage.base + range.lowerBound / tileRows * tileSize
            for start in stride(from: 0, to: range.count, by: slice) {
                let end = min(range.count, start + slice)
                let tileCount = (range.lowerBound + end + tileRows - 1) / tileRows
                memory.prepare(storage, to: tileCount * tileSize)
                kn_drive_pack(pool, format.row, &file, start, end, columns, tiles)
            }
        } make: {
            matrix
        }
    }

    /// See `Backend`. A piece is copied by all threads.
    public func makeEmbedding(
        format: WeightFormat, rows: Int, columns: Int, in memory: WeightMemory
    ) throws(ComputeError) -> WeightRows<EmbeddingTable> {
        guard let size = format.fileSize(rows: rows, columns: columns) else {
            throw format.shapeRefusal("copying a \(format.name) table of \(rows) x \(columns)")
        }
        let storage = try memory.piece(size, "a \(format.name) table")
        let table = EmbeddingTable(format: format, rows: rows, columns: columns, storage: storage)
        var next = 0
        return WeightRows(format, rows: rows, columns: columns, step: 1) {
            [pool] (bytes, _) throws(ComputeError) in
            memory.prepare(storage, to: next + bytes.count)
            kn_drive_copy(pool, bytes.baseAddress, storage.base + next, bytes.count)
            next += bytes.count
        } make: {
            table
        }
    }

    /// See `Backend`.
    public func makeVector(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, count: Int
    ) throws(ComputeError) -> FloatBuffer {
        try format.check(
            bytes, rows: 1, columns: count, tried: "reading a \(format.name) vector of \(count)")
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
}
