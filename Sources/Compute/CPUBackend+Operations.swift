// The operations of a step. Each operation checks the bounds of its rows and passes plain addresses
// to the kernels.
//
// Guarantees: an operation never reads or writes outside the views passed in.
// Does not: allocate per call, except where scratch grows to a new largest size.

import CKernels

extension CPUBackend {
    /// See `Backend`.
    public func embed(_ table: EmbeddingTable, tokens: [Int32], into output: FloatRows) {
        let target = output.pointer(rows: tokens.count, width: table.columns)
        for (row, token) in tokens.enumerated() {
            table.read(token, into: target + row * output.stride)
        }
    }

    /// See `Backend`.
    public func rmsNorm(
        _ x: FloatRows, weight: FloatBuffer?, epsilon: Float, rows: Int, width: Int,
        into output: FloatRows
    ) {
        precondition(weight.map { $0.count >= width } ?? true, "norm weight shorter than the row")
        kn_drive_rms_norm(
            pool, ops, x.pointer(rows: rows, width: width), x.stride,
            weight.map { UnsafePointer($0.storage.floats) }, epsilon, rows, width,
            output.pointer(rows: rows, width: width), output.stride)
    }

    /// See `Backend`.
    public func layerNorm(
        _ x: FloatRows, weight: FloatBuffer, bias: FloatBuffer?, epsilon: Float, rows: Int,
        width: Int, into output: FloatRows
    ) {
        precondition(weight.count >= width, "norm weight shorter than the row")
        precondition(bias.map { $0.count >= width } ?? true, "norm bias shorter than the row")
        kn_drive_layer_norm(
            pool, ops, x.pointer(rows: rows, width: width), x.stride, weight.storage.floats,
            bias.map { UnsafePointer($0.storage.floats) }, epsilon, rows, width,
            output.pointer(rows: rows, width: width), output.stride)
    }

    /// See `Backend`.
    public func headNorm(
        _ x: FloatRows, weight: FloatBuffer, epsilon: Float, rows: Int, heads: Int,
        headLength: Int
    ) {
        precondition(weight.count >= headLength, "norm weight shorter than the head")
        kn_drive_head_norm(
            pool, ops, x.pointer(rows: rows, width: heads * headLength), x.stride, rows, heads,
            headLength, weight.storage.floats, epsilon)
    }

    /// See `Backend`.
    public func scale(_ x: FloatRows, by factor: Float, rows: Int, width: Int) {
        kn_drive_scale(
            pool, factor, x.pointer(rows: rows, width: width), x.stride, rows, width)
    }

    /// See `Backend`.
    public func roundToInt8(_ x: FloatRows, rows: Int, width: Int) {
        kn_drive_round_rows(pool, x.pointer(rows: rows, width: width), x.stride, rows, width)
    }

    /// See `Backend`.
    public func matmul(
        _ products: [MatrixProduct], input: FloatRows, rows: Int
    ) throws(ComputeError) {
        guard let first = products.first, rows > 0 else { return }
        let columns = first.matrix.columns
        let x = input.pointer(rows: rows, width: columns)
        try scratch.withLock { (scratch: inout Scratch) throws(ComputeError) in
            var panels = (
                UnsafeMutableRawPointer?.none, UnsafeMutableRawPointer?.none,
                UnsafeMutableRawPointer?.none
            )
            // By index: iterating would retain and release three objects per product, a noticeable
            // cost for a small model.
            for index in products.indices {
                switch products[index].inputForKernels {
                case KN_INPUT_FLOAT:
                    if rows > 1 {
                        let size = rows * columns * MemoryLayout<Float>.size
                        panels.0 = try scratch.floatPanels(size)
                    }
                case KN_INPUT_INT8:
                    panels.1 = try scratch.int8Panels(rows * kn_int8_panel_bytes(columns))
                default:
                    panels.2 = try scratch.rowPanels(rows * kn_int8_panel_bytes(columns))
                }
            }
            withUnsafeTemporaryAllocation(of: kn_product.self, capacity: products.count) { list in
                for index in products.indices {
                    list.initializeElement(
                        at: index, to: products[index].forKernels(columns, rows))
                }
                withUnsafeBytes(of: &panels) { panels in
                    kn_drive_products(
                        pool, ops, list.baseAddress, products.count, x, input.stride, rows,
                        columns,
                        panels.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
                            .baseAddress)
                }
            }
        }
    }

    /// See `Backend`.
    public func rope(
        _ x: FloatRows, heads: Int, headLength: Int, style: RopeStyle, positions: [Int32],
        table: RopeTable
    ) throws(ComputeError) {
        let rows = positions.count
        precondition(table.rotaryLength <= headLength, "rotary part longer than the head")
        let target = x.pointer(rows: rows, width: heads * headLength)
        typealias Row = UnsafePointer<Float>?
        try withUnsafeTemporaryAllocation(of: Row.self, capacity: 2 * rows) {
            (addresses: UnsafeMutableBufferPointer<Row>) throws(ComputeError) in
            addresses.initialize(repeating: nil)
            let cosines = UnsafeMutableBufferPointer(rebasing: addresses[..<rows])
            let sines = UnsafeMutableBufferPointer(rebasing: addresses[rows...])
            try table.rows(positions, cosines: cosines, sines: sines)
            kn_drive_rope(
                pool, ops, target, x.stride, rows, heads, headLength, table.rotaryLength,
                style.forKernels, cosines.baseAddress, sines.baseAddress)
        }
    }

    /// See `Backend`.
    public func store(
        keys: FloatRows, values: FloatRows, in cache: KeyValueCache, layer: Int, slots: [Int32]
    ) {
        let shape = cache.shape
        var kernelLayer = cache.layer(layer)
        let slotCount = shape.pageCount * CacheShape.pagePositions
        precondition(slots.allSatisfy { $0 >= 0 && $0 < slotCount }, "slot outside the cache")
        kn_cache_store(
            &kernelLayer,
            keys.pointer(rows: slots.count, width: shape.kvHeads[layer] * shape.keyLength),
            keys.stride,
            values.pointer(rows: slots.count, width: shape.kvHeads[layer] * shape.valueLength),
            values.stride, slots, slots.count)
    }

    /// See `Backend`.
    public func copyPage(_ source: Int32, to target: Int32, in cache: KeyValueCache) {
        cache.copyPage(Int(source), to: Int(target))
    }

    /// See `Backend`.
    public func attend(
        _ queries: FloatRows, cache: KeyValueCache, layer: Int, spans: [AttentionSpan], heads: Int,
        scale: Float, into output: FloatRows
    ) throws(ComputeError) {
        let shape = cache.shape
        precondition(heads % shape.kvHeads[layer] == 0, "heads not a multiple of kv heads")
        let rows = spans.reduce(0) { $0 + $1.rows }
        let q = queries.pointer(rows: rows, width: heads * shape.keyLength)
        let out = output.pointer(rows: rows, width: heads * shape.valueLength)
        let longest = spans.reduce(0) { max($0, $1.first + $1.rows) }
        let scoreStride = (longest + 63) / 64 * 64
        let pageCount = spans.reduce(0) { $0 + $1.neededPages(in: shape) }
        var kernelLayer = cache.layer(layer)
        try scratch.withLock { (scratch: inout Scratch) throws(ComputeError) in
            let regionSize = scoreStride * KN_ATTEND_ROWS * MemoryLayout<Float>.size
            let scores = try scratch.scores(regionSize * threads)
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: pageCount) { pages in
                withUnsafeTemporaryAllocation(of: kn_span.self, capacity: spans.count) { list in
                    var used = 0
                    for (index, span) in spans.enumerated() {
                        let needed = span.neededPages(in: shape)
                        let copy = pages[used..<used + needed]
                        _ = UnsafeMutableBufferPointer(rebasing: copy)
                            .initialize(from: span.pages[..<needed])
                        list.initializeElement(
                            at: index,
                            to: kn_span(
                                pages: pages.baseAddress.map { UnsafePointer($0 + used) },
                                first: span.first, rows: span.rows))
                        used += needed
                    }
                    kn_drive_attend(
                        pool, ops, &kernelLayer, list.baseAddress, spans.count, heads, scale, q,
                        queries.stride, out, output.stride, scores, scoreStride)
                }
            }
        }
    }

    /// See `Backend`.
    public func gate(
        _ activation: Activation, gate: FloatRows, up: FloatRows?, rows: Int, width: Int,
        into output: FloatRows
    ) {
        kn_drive_gate(
            pool, ops, activation.forKernels, gate.pointer(rows: rows, width: width), gate.stride,
            up.map { UnsafePointer($0.pointer(rows: rows, width: width)) }, up?.stride ?? 0, rows,
            width, output.pointer(rows: rows, width: width), output.stride)
    }

    /// See `Backend`.
    public func add(_ x: FloatRows, into target: FloatRows, rows: Int, width: Int) {
        kn_drive_add(
            pool, ops, x.pointer(rows: rows, width: width), x.stride, rows, width,
            target.pointer(rows: rows, width: width), target.stride)
    }

    /// See `Backend`.
    public func write(_ values: UnsafeBufferPointer<Float>, to buffer: FloatBuffer, at offset: Int)
    {
        let target = FloatRows(buffer, offset: offset, stride: max(1, values.count))
            .pointer(rows: 1, width: values.count)
        guard let source = values.baseAddress else { return }
        target.update(from: source, count: values.count)
    }

    /// See `Backend`.
    public func withValues<Result>(
        of buffer: FloatBuffer, in range: Range<Int>,
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count)
        return try body(
            UnsafeBufferPointer(start: buffer.storage.floats + range.lowerBound, count: range.count)
        )
    }
}

extension MatrixProduct {
    @inline(__always)
    fileprivate var inputForKernels: kn_input_kind { rounding?.forKernels ?? matrix.nativeInput }

    @inline(__always)
    fileprivate func forKernels(_ columns: Int, _ tokens: Int) -> kn_product {
        precondition(matrix.columns == columns, "products of one input differ in columns")
        precondition(bias.map { $0.count >= matrix.rows } ?? true, "bias shorter than the rows")
        precondition(
            kn_tile_accepts(matrix.tileKind, inputForKernels),
            "\(matrix.format.name) with an input that its kernels do not take")
        return kn_product(
            tiles: matrix.storage.base, kind: matrix.tileKind, input: inputForKernels,
            accumulate: accumulates, rows: matrix.rows, columns: columns,
            bias: bias.map { UnsafePointer($0.storage.floats) },
            out: output.pointer(rows: tokens, width: matrix.rows), out_stride: output.stride)
    }
}

extension AttentionSpan {
    /// Returns the number of pages that the span's rows read, after checking that the pages exist.
    fileprivate func neededPages(in shape: CacheShape) -> Int {
        let needed = (first + rows + CacheShape.pagePositions - 1) / CacheShape.pagePositions
        precondition(first >= 0 && rows > 0 && needed <= pages.count, "span without its pages")
        precondition(
            pages[..<needed].allSatisfy { $0 >= 0 && $0 < shape.pageCount },
            "page outside the cache")
        return needed
    }
}

extension InputRounding {
    @inline(__always)
    var forKernels: kn_input_kind {
        switch self {
        case .none: KN_INPUT_FLOAT
        case .blocks: KN_INPUT_INT8
        case .rows: KN_INPUT_INT8_ROW
        }
    }
}

extension Activation {
    fileprivate var forKernels: kn_activation {
        switch self {
        case .silu: KN_SILU
        case .gelu: KN_GELU
        case .reluSquared: KN_RELU_SQUARED
        }
    }
}

extension RopeStyle {
    fileprivate var forKernels: kn_rope_style {
        switch self {
        case .interleaved: KN_ROPE_INTERLEAVED
        case .halves: KN_ROPE_HALVES
        }
    }
}
