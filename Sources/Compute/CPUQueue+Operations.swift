// The operations of a step. Each operation checks the bounds of its rows and passes plain addresses
// to the kernels. Most go to the queue's chain. Those that the host makes by itself run what the
// chain has deferred first.
//
// Guarantees: an operation never reads or writes outside the views passed in.
// Does not: allocate per call, except where scratch grows to a new largest size.

import CKernels

extension CPUQueue {
    /// See `ComputeQueue`.
    package func begin(_ inputs: PassInputs) {
        runChain()
        pass.begin(inputs)
    }

    /// See `ComputeQueue`.
    package func embed(_ table: EmbeddingTable, into output: FloatRows) {
        runChain()
        let tokens = pass.inputs.tokens
        let rows = output.forKernels(tokens.count, table.columns)
        let row = table.format.row
        var source = table.format.source(table.storage.base, size: table.storage.size)
        for (index, token) in tokens.enumerated() {
            precondition(token >= 0 && token < table.rows, "token \(token) of \(table.rows)")
            row.pointee.dequantise(
                row, &source, Int(token) * table.columns, table.columns,
                rows.at + index * rows.stride)
        }
    }

    /// See `ComputeQueue`.
    package func rmsNorm(
        _ x: FloatRows, weight: FloatBuffer?, epsilon: Float, rows: Int, width: Int,
        into output: FloatRows
    ) {
        precondition(weight.map { $0.count >= width } ?? true, "norm weight shorter than the row")
        let norm = kn_norm(
            weight: weight.map { UnsafePointer($0.storage.floats) }, bias: nil, epsilon: epsilon)
        kn_drive_rms_norm(
            chain, ops, norm, x.forKernels(rows, width), output.forKernels(rows, width), rows,
            width)
    }

    /// See `ComputeQueue`.
    package func layerNorm(
        _ x: FloatRows, weight: FloatBuffer, bias: FloatBuffer?, epsilon: Float, rows: Int,
        width: Int, into output: FloatRows
    ) {
        precondition(weight.count >= width, "norm weight shorter than the row")
        precondition(bias.map { $0.count >= width } ?? true, "norm bias shorter than the row")
        let norm = kn_norm(
            weight: weight.storage.floats, bias: bias.map { UnsafePointer($0.storage.floats) },
            epsilon: epsilon)
        kn_drive_layer_norm(
            chain, ops, norm, x.forKernels(rows, width), output.forKernels(rows, width), rows,
            width)
    }

    /// See `ComputeQueue`.
    package func headNorm(
        _ x: FloatRows, weight: FloatBuffer, epsilon: Float, rows: Int, heads: Int,
        headLength: Int
    ) {
        precondition(weight.count >= headLength, "norm weight shorter than the head")
        let norm = kn_norm(weight: weight.storage.floats, bias: nil, epsilon: epsilon)
        kn_drive_head_norm(
            chain, ops, norm, x.forKernels(rows, heads * headLength), rows, heads, headLength)
    }

    /// See `ComputeQueue`.
    package func scale(_ x: FloatRows, by factor: Float, rows: Int, width: Int) {
        kn_drive_scale(chain, factor, x.forKernels(rows, width), rows, width)
    }

    /// See `ComputeQueue`.
    package func roundToInt8(_ x: FloatRows, rows: Int, width: Int) {
        kn_drive_round_rows(chain, x.forKernels(rows, width), rows, width)
    }

    /// See `ComputeQueue`.
    package func matmul(_ products: [MatrixProduct], input: FloatRows, rows: Int) {
        guard let first = products.first, rows > 0 else { return }
        let columns = first.matrix.columns
        let x = input.forKernels(rows, columns)
        withUnsafeTemporaryAllocation(of: kn_product.self, capacity: products.count) { list in
            // By index: iterating would retain and release three objects per product, a noticeable
            // cost for a small model.
            for index in products.indices {
                list.initializeElement(at: index, to: products[index].forKernels(columns, rows))
            }
            let size = kn_drive_products_scratch(
                ops, list.baseAddress, products.count, rows, columns)
            do throws(ComputeError) {
                if scratch.panelSize < size { runChain() }
                kn_drive_products(
                    chain, ops, list.baseAddress, products.count, x, rows, columns,
                    try scratch.panels(size))
            } catch {
                fail(error)
            }
        }
    }

    /// See `ComputeQueue`.
    package func rope(
        _ x: FloatRows, heads: Int, headLength: Int, style: RopeStyle, table: RopeTable
    ) {
        precondition(table.rotaryLength <= headLength, "rotary part longer than the head")
        let target = x.forKernels(pass.rowCount, heads * headLength)
        if !pass.knows(table) { runChain() }
        do {
            try pass.find(table)
        } catch {
            return fail(error)
        }
        let rope = kn_rope(
            heads: heads, head_length: headLength, rotary: table.rotaryLength,
            style: style.forKernels, cosines: pass.cosines.address, sines: pass.sines.address)
        kn_drive_rope(chain, ops, rope, target, pass.cosines.count)
    }

    /// See `ComputeQueue`.
    package func store(keys: FloatRows, values: FloatRows, in cache: KeyValueCache, layer: Int) {
        let shape = cache.shape, rows = pass.rowCount
        precondition(pass.largestPage < shape.pageCount, "page outside the cache")
        kn_drive_store(
            chain, cache.forKernels(layer),
            keys.forKernels(rows, shape.kvHeads[layer] * shape.keyLength),
            values.forKernels(rows, shape.kvHeads[layer] * shape.valueLength),
            pass.slots.address, rows)
    }

    /// See `ComputeQueue`.
    package func copyPage(_ source: Int32, to target: Int32, in cache: KeyValueCache) {
        let shape = cache.shape, pages = 0..<Int32(shape.pageCount)
        precondition(
            pages.contains(source) && pages.contains(target),
            "pages \(source) and \(target) of \(shape.pageCount)")
        guard source != target else { return }
        runChain()
        (cache.storage.floats + Int(target) * cache.pageLength).update(
            from: cache.storage.floats + Int(source) * cache.pageLength, count: cache.pageLength)
    }

    /// See `ComputeQueue`.
    package func attend(
        _ queries: FloatRows, cache: KeyValueCache, layer: Int, rows: PassRows, heads: Int,
        scale: Float, into output: FloatRows
    ) {
        let shape = cache.shape
        precondition(heads % shape.kvHeads[layer] == 0, "heads not a multiple of kv heads")
        precondition(pass.largestPage < shape.pageCount, "page outside the cache")
        let spanCount = rows == .all ? pass.spans.count : pass.wantedSpans.count
        let rowCount = rows == .all ? pass.rowCount : spanCount
        let q = queries.forKernels(rowCount, heads * shape.keyLength)
        let out = output.forKernels(rowCount, heads * shape.valueLength)
        let scoreStride = (pass.longest + 63) / 64 * 64
        let regionSize = scoreStride * KN_ATTEND_ROWS * MemoryLayout<Float>.size
        let scores: UnsafeMutablePointer<Float>
        do {
            if scratch.scoreSize < regionSize * backend.threads { runChain() }
            scores = try scratch.scores(regionSize * backend.threads)
        } catch {
            return fail(error)
        }
        kn_drive_attend(
            chain, ops,
            kn_attention(
                layer: cache.forKernels(layer), pages: pass.pages.address,
                spans: rows == .all ? pass.spans.address : pass.wantedSpans.address,
                span_count: spanCount, heads: heads, scale: scale, q: q, out: out,
                scores: kn_rows(at: scores, stride: scoreStride)))
    }

    /// See `ComputeQueue`.
    package func moveRows(_ x: FloatRows, width: Int) {
        let rows = x.forKernels(pass.rowCount, width)
        runChain()
        for (target, source) in pass.inputs.wanted.enumerated() where target != Int(source) {
            (rows.at + target * rows.stride)
                .update(from: rows.at + Int(source) * rows.stride, count: width)
        }
    }

    /// See `ComputeQueue`.
    package func gate(
        _ activation: Activation, gate: FloatRows, up: FloatRows?, rows: Int, width: Int,
        into output: FloatRows
    ) {
        kn_drive_gate(
            chain, ops, activation.forKernels, gate.forKernels(rows, width),
            up?.forKernels(rows, width) ?? kn_rows(), output.forKernels(rows, width), rows, width)
    }

    /// See `ComputeQueue`.
    package func add(_ x: FloatRows, into target: FloatRows, rows: Int, width: Int) {
        kn_drive_add(
            chain, ops, x.forKernels(rows, width), target.forKernels(rows, width), rows, width)
    }

    /// See `ComputeQueue`.
    package func copy(_ x: FloatRows, into target: FloatRows, rows: Int, width: Int) {
        let (x, target) = (x.forKernels(rows, width), target.forKernels(rows, width))
        runChain()
        for row in 0..<rows {
            (target.at + row * target.stride).update(from: x.at + row * x.stride, count: width)
        }
    }

    /// See `ComputeQueue`.
    package func clear(_ x: FloatRows, rows: Int, width: Int) {
        let x = x.forKernels(rows, width)
        runChain()
        for row in 0..<rows { (x.at + row * x.stride).update(repeating: 0, count: width) }
    }

    /// See `ComputeQueue`.
    package func write(_ values: UnsafeBufferPointer<Float>, to buffer: FloatBuffer, at offset: Int)
    {
        let target = FloatRows(buffer, offset: offset, stride: max(1, values.count))
            .forKernels(1, values.count)
        guard let source = values.baseAddress else { return }
        runChain()
        target.at.update(from: source, count: values.count)
    }

    /// See `ComputeQueue`.
    package func withValues<Result>(
        of buffer: FloatBuffer, in range: Range<Int>,
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count)
        runChain()
        return try body(
            UnsafeBufferPointer(start: buffer.storage.floats + range.lowerBound, count: range.count)
        )
    }

    /// See `ComputeQueue`. The calls share the pool's threads.
    package func concurrently(_ count: Int, _ body: (Int) -> Void) {
        runChain()
        withoutActuallyEscaping(body) { body in
            var body = body
            withUnsafeMutablePointer(to: &body) { body in
                let portion: kn_portion = { context, portion, _ in
                    context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(portion)
                }
                kn_pool_run(pool, portion, body, count)
            }
        }
    }
}

extension FloatRows {
    /// The view in the kernels' form, after `check`.
    @inline(__always)
    fileprivate func forKernels(_ rows: Int, _ width: Int) -> kn_rows {
        check(rows: rows, width: width)
        return kn_rows(at: buffer.storage.floats + offset, stride: stride)
    }
}

extension MatrixProduct {
    @inline(__always)
    fileprivate var inputForKernels: kn_input_kind { (rounding ?? matrix.rounding).forKernels }

    @inline(__always)
    fileprivate func forKernels(_ columns: Int, _ tokens: Int) -> kn_product {
        precondition(matrix.columns == columns, "products of one input differ in columns")
        precondition(bias.map { $0.count >= matrix.rows } ?? true, "bias shorter than the rows")
        let (tile, input) = (kn_tile_kind(matrix.layout), inputForKernels)
        precondition(
            kn_tile_accepts(tile, input),
            "\(matrix.format.name) with an input that its kernels do not take")
        return kn_product(
            tiles: matrix.storage.base, kind: tile, input: input,
            accumulate: accumulates, rows: matrix.rows, columns: columns,
            bias: bias.map { UnsafePointer($0.storage.floats) },
            out: output.forKernels(tokens, matrix.rows).at, out_stride: output.stride)
    }
}

extension KeyValueCache {
    /// A layer in the kernels' form.
    fileprivate func forKernels(_ layer: Int) -> kn_cache_layer {
        let heads = shape.kvHeads[layer]
        let keys = storage.floats + layerOffsets[layer]
        return kn_cache_layer(
            keys: keys, values: keys + shape.keyPageLength(heads),
            page_stride: pageLength, kv_heads: heads, key_length: shape.keyLength,
            value_length: shape.valueLength, value_width: shape.valueWidth)
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
