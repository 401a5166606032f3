// The queue of a `RecordingBackend`: records what each operation reads and writes, and runs what
// was recorded when somebody waits.

import Compute
import TestSupport

/// See the head of the file.
final class RecordingQueue: ComputeQueue {
    /// Memory that an operation touches: rows of a buffer, or layers of a cache.
    struct Region {
        let address: UInt
        let offset: Int, stride: Int, rows: Int, width: Int

        /// True when both touch a float. Rows with other strides are compared from end to end.
        func overlaps(_ other: Region) -> Bool {
            guard address == other.address, rows > 0, other.rows > 0 else { return false }
            let (column, otherColumn) = (offset % stride, other.offset % other.stride)
            guard stride == other.stride, column + width <= stride,
                otherColumn + other.width <= stride
            else { return offset < other.end && other.offset < end }
            let (row, otherRow) = (offset / stride, other.offset / stride)
            return row < otherRow + other.rows && otherRow < row + rows
                && column < otherColumn + other.width && otherColumn < column + width
        }

        private var end: Int { offset + (rows - 1) * stride + width }
    }

    private struct Operation {
        let pass: Int
        let reads: [Region]
        let writes: [Region]
        let run: (any ComputeQueue) -> Void

        /// True when the operation gives another result before `other` than after.
        func depends(on other: Operation) -> Bool {
            writes.contains { write in
                other.reads.contains(where: write.overlaps)
                    || other.writes.contains(where: write.overlaps)
            } || reads.contains { other.writes.contains(where: $0.overlaps) }
        }
    }

    private let backend: RecordingBackend
    private let cpu: any ComputeQueue
    private var waiting: [Operation] = []
    private var passes = [PassInputs()]
    private var hasFinished = true
    private var hasFailed = false
    private var random: SeededGenerator

    init(_ backend: RecordingBackend) {
        self.backend = backend
        cpu = backend.cpu.makeQueue()
        if case .random(let seed) = backend.order {
            random = SeededGenerator(seed: seed)
        } else {
            random = SeededGenerator(seed: 0)
        }
    }

    // MARK: Waiting

    func finish() throws(ComputeError) {
        run()
        hasFinished = true
        try cpu.finish()
        guard hasFailed else { return }
        hasFailed = false
        throw ComputeError(
            .outOfMemory, tried: "running a recorded operation", found: "a planned failure",
            allowed: "no failure")
    }

    func withValues<Result>(
        of buffer: FloatBuffer, in range: Range<Int>,
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        if !hasFinished { backend.countUnfinishedRead() }
        run()
        return try cpu.withValues(of: real(buffer), in: range) { values in
            guard let damaged = backend.damage(values) else { return try body(values) }
            return try damaged.withUnsafeBufferPointer(body)
        }
    }

    /// Runs all that waits, in an order of the back end's kind.
    private func run() {
        var left = Array(waiting.indices)
        var begun = -1
        while !left.isEmpty {
            let choice = choose(left)
            if choice > 0 { backend.countSwap() }
            let operation = waiting[left.remove(at: choice)]
            if operation.pass != begun { cpu.begin(passes[operation.pass]) }
            begun = operation.pass
            if backend.countOperation() { hasFailed = true }
            if !hasFailed { operation.run(cpu) }
        }
        waiting.removeAll()
        passes.removeFirst(passes.count - 1)
    }

    private func choose(_ left: [Int]) -> Int {
        switch backend.order {
        case .called: return 0
        case .reversed: return left.count - 1
        case .random:
            let free = left.indices.filter { place in
                !left[..<place].contains { waiting[left[place]].depends(on: waiting[$0]) }
            }
            return free[random.below(free.count)]
        }
    }

    private func record(
        reads: [Region], writes: [Region], _ run: @escaping (any ComputeQueue) -> Void
    ) {
        hasFinished = false
        waiting.append(
            Operation(pass: passes.count - 1, reads: reads, writes: writes, run: run))
    }

    // MARK: Translation

    private func real(_ buffer: FloatBuffer) -> FloatBuffer {
        backend.real(FloatBuffer.self, buffer.storage)
    }

    private func real(_ rows: FloatRows) -> FloatRows {
        FloatRows(real(rows.buffer), offset: rows.offset, stride: rows.stride)
    }

    private func real(_ cache: KeyValueCache) -> KeyValueCache {
        backend.real(KeyValueCache.self, cache.storage)
    }

    private func region(_ rows: FloatRows, _ count: Int, _ width: Int) -> Region {
        Region(
            address: rows.buffer.storage.address, offset: rows.offset, stride: rows.stride,
            rows: count, width: width)
    }

    private func region(_ cache: KeyValueCache, layers: Range<Int>) -> Region {
        Region(
            address: cache.storage.address, offset: layers.lowerBound, stride: 1,
            rows: layers.count, width: 1)
    }

    /// Rows of the running pass.
    private var rowCount: Int { passes[passes.count - 1].rowCount }

    // MARK: Operations

    func begin(_ pass: PassInputs) { passes.append(pass) }

    func embed(_ table: EmbeddingTable, into output: FloatRows) {
        let (table, target) = (backend.real(EmbeddingTable.self, table.storage), real(output))
        record(reads: [], writes: [region(output, rowCount, table.columns)]) {
            $0.embed(table, into: target)
        }
    }

    func rmsNorm(
        _ x: FloatRows, weight: FloatBuffer?, epsilon: Float, rows: Int, width: Int,
        into output: FloatRows
    ) {
        let (source, target, weight) = (real(x), real(output), weight.map(real))
        record(reads: [region(x, rows, width)], writes: [region(output, rows, width)]) {
            $0.rmsNorm(
                source, weight: weight, epsilon: epsilon, rows: rows, width: width, into: target)
        }
    }

    func layerNorm(
        _ x: FloatRows, weight: FloatBuffer, bias: FloatBuffer?, epsilon: Float, rows: Int,
        width: Int, into output: FloatRows
    ) {
        let (source, target, weight) = (real(x), real(output), real(weight))
        let bias = bias.map(real)
        record(reads: [region(x, rows, width)], writes: [region(output, rows, width)]) {
            $0.layerNorm(
                source, weight: weight, bias: bias, epsilon: epsilon, rows: rows, width: width,
                into: target)
        }
    }

    func headNorm(
        _ x: FloatRows, weight: FloatBuffer, epsilon: Float, rows: Int, heads: Int,
        headLength: Int
    ) {
        let (target, weight) = (real(x), real(weight))
        record(reads: [], writes: [region(x, rows, heads * headLength)]) {
            $0.headNorm(
                target, weight: weight, epsilon: epsilon, rows: rows, heads: heads,
                headLength: headLength)
        }
    }

    func scale(_ x: FloatRows, by factor: Float, rows: Int, width: Int) {
        let target = real(x)
        record(reads: [], writes: [region(x, rows, width)]) {
            $0.scale(target, by: factor, rows: rows, width: width)
        }
    }

    func roundToInt8(_ x: FloatRows, rows: Int, width: Int) {
        let target = real(x)
        record(reads: [], writes: [region(x, rows, width)]) {
            $0.roundToInt8(target, rows: rows, width: width)
        }
    }

    /// Products of one input are independent, so each is an operation of its own.
    func matmul(_ products: [MatrixProduct], input: FloatRows, rows: Int) {
        let source = real(input)
        for product in products {
            let matrix = product.matrix
            let real = MatrixProduct(
                backend.real(WeightMatrix.self, matrix.storage), bias: product.bias.map(real),
                into: real(product.output), accumulates: product.accumulates,
                rounding: product.rounding)
            record(
                reads: [region(input, rows, matrix.columns)],
                writes: [region(product.output, rows, matrix.rows)]
            ) {
                $0.matmul([real], input: source, rows: rows)
            }
        }
    }

    func rope(
        _ x: FloatRows, heads: Int, headLength: Int, style: RopeStyle, table: RopeTable
    ) {
        let target = real(x)
        let table = backend.real(table)
        record(reads: [], writes: [region(x, rowCount, heads * headLength)]) {
            $0.rope(target, heads: heads, headLength: headLength, style: style, table: table)
        }
    }

    func store(keys: FloatRows, values: FloatRows, in cache: KeyValueCache, layer: Int) {
        let (shape, target) = (cache.shape, real(cache))
        let (sourceKeys, sourceValues) = (real(keys), real(values))
        let heads = shape.kvHeads[layer]
        record(
            reads: [
                region(keys, rowCount, heads * shape.keyLength),
                region(values, rowCount, heads * shape.valueLength),
            ], writes: [region(cache, layers: layer..<layer + 1)]
        ) {
            $0.store(keys: sourceKeys, values: sourceValues, in: target, layer: layer)
        }
    }

    func copyPage(_ source: Int32, to target: Int32, in cache: KeyValueCache) {
        let real = real(cache)
        record(reads: [], writes: [region(cache, layers: 0..<cache.shape.layers)]) {
            $0.copyPage(source, to: target, in: real)
        }
    }

    func attend(
        _ queries: FloatRows, cache: KeyValueCache, layer: Int, rows: PassRows, heads: Int,
        scale: Float, into output: FloatRows
    ) {
        let pass = passes[passes.count - 1]
        let count = rows == .all ? pass.rowCount : pass.wanted.count
        let (source, target, real) = (real(queries), real(output), real(cache))
        record(
            reads: [
                region(queries, count, heads * cache.shape.keyLength),
                region(cache, layers: layer..<layer + 1),
            ], writes: [region(output, count, heads * cache.shape.valueLength)]
        ) {
            $0.attend(
                source, cache: real, layer: layer, rows: rows, heads: heads, scale: scale,
                into: target)
        }
    }

    func moveRows(_ x: FloatRows, width: Int) {
        let target = real(x)
        record(reads: [], writes: [region(x, rowCount, width)]) {
            $0.moveRows(target, width: width)
        }
    }

    func gate(
        _ activation: Activation, gate: FloatRows, up: FloatRows?, rows: Int, width: Int,
        into output: FloatRows
    ) {
        let (source, target, realUp) = (real(gate), real(output), up.map(real))
        let reads = [gate] + (up.map { [$0] } ?? [])
        record(
            reads: reads.map { region($0, rows, width) }, writes: [region(output, rows, width)]
        ) {
            $0.gate(
                activation, gate: source, up: realUp, rows: rows, width: width, into: target)
        }
    }

    func add(_ x: FloatRows, into target: FloatRows, rows: Int, width: Int) {
        let (source, sum) = (real(x), real(target))
        record(reads: [region(x, rows, width)], writes: [region(target, rows, width)]) {
            $0.add(source, into: sum, rows: rows, width: width)
        }
    }

    func copy(_ x: FloatRows, into target: FloatRows, rows: Int, width: Int) {
        let (source, copy) = (real(x), real(target))
        record(reads: [region(x, rows, width)], writes: [region(target, rows, width)]) {
            $0.copy(source, into: copy, rows: rows, width: width)
        }
    }

    func clear(_ x: FloatRows, rows: Int, width: Int) {
        let target = real(x)
        record(reads: [], writes: [region(x, rows, width)]) {
            $0.clear(target, rows: rows, width: width)
        }
    }

    func write(_ values: UnsafeBufferPointer<Float>, to buffer: FloatBuffer, at offset: Int) {
        let (copy, target) = (Array(values), real(buffer))
        let rows = FloatRows(buffer, offset: offset, stride: max(1, values.count))
        record(reads: [], writes: [region(rows, 1, values.count)]) { queue in
            copy.withUnsafeBufferPointer { queue.write($0, to: target, at: offset) }
        }
    }
}
