// The forward pass over a batch of sequences, on any back end.
//
// A step embeds every row, then runs per block
//
//     normed = norm(x)        qkv = Wqkv normed     rotate q and k     store k and v
//     attended = attention(q, cache)                x += Wo attended
//     normed = norm(x)        gate, up = W normed   gate = act(gate) * up     x += Wdown gate
//
// and for the wanted rows hidden = norm(x), and Wout hidden where logits are requested. All rows of
// all sequences go through each matrix together, so a pass reads the weights once. In the last
// block only wanted rows go beyond the cache, because no other row is read again.
//
// The tensors of a family decide which of these operations run, and add others: norms of query and
// key heads before the rotation, norms before Wo and Wdown, no second norm (then both halves read
// the first), no gate. All choices were made when the block's `BlockPass` was made.
//
// Where attention is not causal, a pass has whole sequences only. A sequence longer than a pass
// goes through each block in pieces (`longPass`), first up to the cache, then on from there.
//
// Guarantees: the arithmetic of a row does not depend on other rows (the queue's contract, and this
// file never chooses between kernels by shape). A steady decode allocates nothing. Values are read
// only after a `finish` without an error.
// Does not: decide which sequences run. The scheduler does.

import Compute

/// Confined to one thread, as `ModelRunner` says.
final class TransformerRunner: SequenceRunner {
    private let model: TransformerModel
    private let queue: any ComputeQueue
    private let configuration: ModelConfiguration
    /// Facts of the family, copied from the description.
    private let normKind: ArchitectureDescription.Norm
    private let ropeStyle: RopeStyle
    private let activation: Activation
    private let shape: StepShape
    private let cache: KeyValueCache
    private let scratch: StepScratch
    private let blocks: [BlockPass]
    private let outputNorm: RowNorm
    private let head: [MatrixProduct]
    /// Nil where no sequence is both whole and longer than a pass.
    private let kept: KeptRows?
    var memory: SequenceMemory
    private var batch: StepBatch
    private var stepCount: UInt64 = 0
    // Of the rows that are being handed out.
    private var scans = RowScans()
    private var findings: [RowFindings] = []
    private var tick: () -> Void = {}

    init(
        _ model: TransformerModel, sequenceCountMax: Int, tokenBudget: Int
    ) throws(ComputeError) {
        self.model = model
        queue = try model.backend.makeQueue()
        configuration = model.plan.configuration
        let architecture = model.plan.architecture
        (normKind, activation) = (architecture.norm, architecture.activation)
        ropeStyle = architecture.rope.style
        let pageCount = (tokenBudget - 1) / CacheShape.pagePositions + 1
        shape = StepShape(configuration, pageCount: pageCount)
        cache = try model.backend.makeCache(configuration.cacheShape(pageCount: pageCount))
        let scratch = try StepScratch(configuration, shape, on: model.backend)
        self.scratch = scratch
        let plan = model.plan
        blocks = model.weights.blocks.enumerated().map { index, weights in
            BlockPass(weights, index: index, plan, scratch)
        }
        kept = try KeptRows(blocks, count: shape.keptRowCountMax, on: model.backend)
        outputNorm = RowNorm(
            model.weights.outputNorm, width: configuration.embeddingLength)
        head = [model.weights.output.product(into: scratch.logits)]
        let table = SequenceTable(
            sequenceCountMax: sequenceCountMax, sequenceLengthMax: configuration.contextLength,
            pageCount: pageCount, takesWholes: !configuration.isCausal)
        memory = SequenceMemory(table, cache: cache, state: nil, on: queue)
        batch = StepBatch(rowCountMax: shape.rowCountMax)
        // Buffers, cache and weights live as long as the runner.
        queue.defersOperations = true
    }

    // MARK: Steps

    func reportProgress(to tick: @escaping () -> Void) { self.tick = tick }

    func step(
        _ items: [StepItem], receive: (StepRow) -> Void
    ) throws(InferenceError) {
        stepCount += 1
        try memory.admit(
            items, step: stepCount, vocabularySize: configuration.vocabularySize)
        do {
            var next = (item: 0, offset: 0)
            while next.item < items.count {
                if needsPieces(items[next.item]) {
                    try longPass(items, next.item, receive)
                    next.item += 1
                } else {
                    fill(from: items, &next)
                    try pass(items, receive)
                }
            }
            try queue.finish()
        } catch {
            throw InferenceError(
                .placement, tried: "running a step: " + error.tried, found: error.found,
                allowed: error.allowed, cause: error)
        }
        for item in items { memory.advance(item.sequence, by: item.tokens.count) }
    }

    /// Fills the batch with the rows of a pass and moves `next` behind them.
    private func fill(from items: [StepItem], _ next: inout (item: Int, offset: Int)) {
        batch.removeAll()
        while next.item < items.count, batch.rowCount < shape.rowCountMax {
            let item = items[next.item]
            let room = shape.rowCountMax - batch.rowCount
            guard configuration.isCausal || item.tokens.count <= room else { return }
            let end = min(item.tokens.count, next.offset + room)
            append(item, next.item, next.offset..<end)
            next = end == item.tokens.count ? (next.item + 1, 0) : (next.item, end)
        }
    }

    private func append(_ item: StepItem, _ index: Int, _ range: Range<Int>) {
        guard let place = memory.place(of: item.sequence) else {
            preconditionFailure("a sequence was closed while its step was running")
        }
        batch.append(
            item, index: index, range: range, length: place.length, pages: place.pages,
            isWhole: !configuration.isCausal)
    }

    /// Runs one pass over the weights.
    private func pass(
        _ items: [StepItem], _ receive: (StepRow) -> Void
    ) throws(ComputeError) {
        queue.begin(batch.inputs)
        queue.embed(model.weights.embedding, into: scratch.x)
        for block in blocks.dropLast() {
            attentionInputs(block, rows: batch.rowCount)
            tick()
            attention(block, .all, rows: batch.rowCount)
            tick()
            feedForward(block, rows: batch.rowCount)
            tick()
        }
        guard let last = blocks.last else { return }
        attentionInputs(last, rows: batch.rowCount)
        try finish(last, items, receive)
    }

    /// Runs the rest of the last block over the wanted rows, and hands them out.
    private func finish(
        _ last: BlockPass, _ items: [StepItem], _ receive: (StepRow) -> Void
    ) throws(ComputeError) {
        guard !batch.wanted.isEmpty else { return }
        keepWantedRows(last)
        attention(last, .wanted, rows: batch.wanted.count)
        feedForward(last, rows: batch.wanted.count)
        try handOut(items, receive)
    }

    // MARK: Whole sequences in pieces

    /// True for a whole sequence that does not fit in a pass.
    private func needsPieces(_ item: StepItem) -> Bool {
        !configuration.isCausal && item.tokens.count > shape.rowCountMax
    }

    /// Runs an item through the blocks in pieces. See KeptRows.swift.
    private func longPass(
        _ items: [StepItem], _ index: Int, _ receive: (StepRow) -> Void
    ) throws(ComputeError) {
        let item = items[index]
        guard let kept, let first = blocks.first, item.tokens.count <= shape.keptRowCountMax else {
            preconditionFailure("\(item.tokens.count) rows in a cache without room for them")
        }
        let pieces = stride(from: 0, to: item.tokens.count, by: shape.rowCountMax).map {
            $0..<min($0 + shape.rowCountMax, item.tokens.count)
        }
        func begin(_ piece: Range<Int>) {
            batch.removeAll()
            append(item, index, piece)
            queue.begin(batch.inputs)
        }
        for piece in pieces {
            begin(piece)
            queue.embed(model.weights.embedding, into: scratch.x)
            kept.keep(piece, of: first, residualOnly: true, on: queue)
        }
        for (number, block) in blocks.enumerated() {
            for piece in pieces {
                begin(piece)
                kept.bringBack(piece, to: block, residualOnly: true, on: queue)
                attentionInputs(block, rows: piece.count)
                kept.keep(piece, of: block, residualOnly: false, on: queue)
                tick()
            }
            for piece in pieces {
                begin(piece)
                kept.bringBack(piece, to: block, residualOnly: false, on: queue)
                if number == blocks.count - 1 {
                    try finish(block, items, receive)
                } else {
                    attention(block, .all, rows: piece.count)
                    tick()
                    feedForward(block, rows: piece.count)
                    kept.keep(piece, of: block, residualOnly: true, on: queue)
                }
                tick()
            }
        }
    }

    // MARK: Parts of a block

    /// Computes queries, keys and values of every row, and stores keys and values in the cache.
    private func attentionInputs(_ block: BlockPass, rows: Int) {
        norm(scratch.x, block.attentionNorm, rows: rows, into: scratch.normed)
        multiply(block.inputs, input: scratch.normed, rows: rows)
        headNorm(block.queries, block.queryNorm, heads: block.headCount, rows: rows)
        headNorm(block.keys, block.keyNorm, heads: block.headCountKV, rows: rows)
        if block.rotates {
            // Queries and keys lie side by side, so one call rotates the heads of both.
            queue.rope(
                block.queries, heads: block.headCount + block.headCountKV,
                headLength: configuration.keyLength, style: ropeStyle, table: model.weights.rope)
        }
        queue.store(keys: block.keys, values: block.values, in: cache, layer: block.index)
    }

    private func attention(_ block: BlockPass, _ passRows: PassRows, rows: Int) {
        queue.attend(
            block.queries, cache: cache, layer: block.index, rows: passRows,
            heads: block.headCount, scale: scratch.attentionScale, into: scratch.attended)
        if let subNorm = block.attentionSubNorm {
            norm(scratch.attended, subNorm, rows: rows, into: scratch.attended)
        }
        multiply(block.output, input: scratch.attended, rows: rows)
    }

    private func feedForward(_ block: BlockPass, rows: Int) {
        if let feedForwardNorm = block.feedForwardNorm {
            norm(scratch.x, feedForwardNorm, rows: rows, into: scratch.normed)
        }
        multiply(block.feedForwardInputs, input: scratch.normed, rows: rows)
        queue.gate(
            activation, gate: block.gate, up: block.up, rows: rows,
            width: block.feedForwardLength, into: block.gate)
        if let subNorm = block.feedForwardSubNorm {
            norm(block.gate, subNorm, rows: rows, into: block.gate)
        }
        multiply(block.down, input: block.gate, rows: rows)
    }

    /// Runs the products of a block, and rounds the input in place where the products need it.
    private func multiply(_ block: BlockProducts, input: FloatRows, rows: Int) {
        if block.roundsInput {
            let width = block.products[0].matrix.columns
            queue.roundToInt8(input, rows: rows, width: width)
        }
        queue.matmul(block.products, input: input, rows: rows)
        for scaling in block.scalings {
            queue.scale(scaling.rows, by: scaling.factor, rows: rows, width: scaling.width)
            if let sum = scaling.sum {
                queue.add(scaling.rows, into: sum, rows: rows, width: scaling.width)
            }
        }
    }

    private func norm(_ x: FloatRows, _ row: RowNorm, rows: Int, into output: FloatRows) {
        switch normKind {
        case .rms:
            queue.rmsNorm(
                x, weight: row.weight, epsilon: scratch.normEpsilon, rows: rows,
                width: row.width, into: output)
        case .layer:
            queue.layerNorm(
                x, weight: row.weight, bias: row.bias, epsilon: scratch.normEpsilon,
                rows: rows, width: row.width, into: output)
        }
    }

    private func headNorm(_ x: FloatRows, _ norm: RowNorm?, heads: Int, rows: Int) {
        guard let norm else { return }
        queue.headNorm(
            x, weight: norm.weight, epsilon: scratch.normEpsilon, rows: rows, heads: heads,
            headLength: norm.width)
    }

    // MARK: Logits

    /// Moves the wanted rows to the front in all buffers that the last block still reads.
    private func keepWantedRows(_ last: BlockPass) {
        guard batch.wanted.count < batch.rowCount else { return }
        for part in last.carried { queue.moveRows(part.rows, width: part.width) }
    }

    /// Norms the wanted rows and hands out either the normed rows or their logits, a few rows at a
    /// time, rows of one kind together.
    private func handOut(
        _ items: [StepItem], _ receive: (StepRow) -> Void
    ) throws(ComputeError) {
        var start = 0
        while start < batch.wanted.count {
            let output = batch.wanted[start].output
            let limit = min(batch.wanted.count, start + shape.logitRowCountMax)
            let end = batch.wanted[start..<limit].firstIndex { $0.output != output } ?? limit
            norm(
                scratch.x.dropping(start), outputNorm, rows: end - start,
                into: scratch.normed)
            if output == .logits {
                queue.matmul(head, input: scratch.normed, rows: end - start)
            }
            let rows = output == .logits ? scratch.logits : scratch.normed
            try queue.finish()
            queue.withValues(of: rows.buffer, in: 0..<(end - start) * rows.stride) { values in
                handOut(batch.wanted[start..<end], values, width: rows.stride, items, receive)
            }
            start = end
        }
    }

    /// Hands out rows of `width` values that lie in a line. The queue's threads look at them first.
    private func handOut(
        _ wanted: ArraySlice<StepBatch.Wanted>, _ values: UnsafeBufferPointer<Float>, width: Int,
        _ items: [StepItem], _ receive: (StepRow) -> Void
    ) {
        func row(_ place: Int) -> UnsafeBufferPointer<Float> {
            UnsafeBufferPointer(rebasing: values[place * width..<(place + 1) * width])
        }
        scans.scan(values, width: width, on: queue)
        find(wanted, in: row, items)
        for (place, wanted) in wanted.enumerated() {
            receive(
                StepRow(
                    item: wanted.item, position: wanted.position, values: row(place),
                    scan: scans[place], findings: findings[place]))
        }
    }

    /// Finds what the items ask for, a row per call of the queue's threads where that is long.
    private func find(
        _ wanted: ArraySlice<StepBatch.Wanted>, in row: (Int) -> UnsafeBufferPointer<Float>,
        _ items: [StepItem]
    ) {
        findings.removeAll(keepingCapacity: true)
        findings += repeatElement(RowFindings(), count: wanted.count)
        let (scans, kernels) = (scans, model.backend.hostKernels)
        let isLong = wanted.contains { RowFindings.isLong(items[$0.item], isLast: $0.isLast) }
        findings.withUnsafeMutableBufferPointer { findings in
            func find(_ place: Int) {
                let wanted = wanted[wanted.startIndex + place]
                findings[place] = RowFindings(
                    items[wanted.item], isLast: wanted.isLast, row(place), scans[place], kernels)
            }
            if isLong {
                queue.concurrently(wanted.count, find)
            } else {
                for place in 0..<wanted.count { find(place) }
            }
        }
    }
}

extension FloatRows {
    /// Returns the rows without the first `count` rows.
    func dropping(_ count: Int) -> FloatRows {
        FloatRows(buffer, offset: offset + count * stride, stride: stride)
    }
}
