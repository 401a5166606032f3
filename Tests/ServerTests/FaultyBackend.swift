// A back end whose rows of one width are damaged when the test says so: what a flipped bit in
// memory or a faulty device would do to logits.
//
// Everything is computed by a sound CPU back end; only what is handed out is changed.

import Compute
import Synchronization

/// See the head of the file. Any thread.
final class FaultyBackend: Backend {
    private let sound: CPUBackend
    private let rowWidth: Int
    private let count = Mutex(0)
    private let fault: @Sendable (Int) -> Float?

    /// - Parameters:
    ///   - rowWidth: values of the rows that are counted.
    ///   - fault: what stands in the last place of row number `n`, from 0; nil for a sound row.
    init(rowWidth: Int, fault: @escaping @Sendable (_ n: Int) -> Float?) throws {
        sound = try CPUBackend(threads: 1)
        self.rowWidth = rowWidth
        self.fault = fault
    }

    /// Rows handed out so far.
    var rowCount: Int { count.withLock { $0 } }

    func withValues<Result>(
        of buffer: FloatBuffer, in range: Range<Int>,
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        guard range.count == rowWidth else {
            return try sound.withValues(of: buffer, in: range, body)
        }
        let number = count.withLock { count in
            defer { count += 1 }
            return count
        }
        guard let fault = fault(number) else {
            return try sound.withValues(of: buffer, in: range, body)
        }
        var row = sound.withValues(of: buffer, in: range) { Array($0) }
        row[rowWidth - 1] = fault
        return try row.withUnsafeBufferPointer(body)
    }

    // MARK: - As they are

    var deviceName: String { sound.deviceName }
    var kernels: KernelSelection? { sound.kernels }

    func makeMatrix(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int
    ) throws(ComputeError) -> WeightMatrix {
        try sound.makeMatrix(bytes, format: format, rows: rows, columns: columns)
    }

    func makeEmbedding(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int
    ) throws(ComputeError) -> EmbeddingTable {
        try sound.makeEmbedding(bytes, format: format, rows: rows, columns: columns)
    }

    func makeVector(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, count: Int
    ) throws(ComputeError) -> FloatBuffer {
        try sound.makeVector(bytes, format: format, count: count)
    }

    func makeBuffer(count: Int) throws(ComputeError) -> FloatBuffer {
        try sound.makeBuffer(count: count)
    }

    func makeCache(_ shape: CacheShape) throws(ComputeError) -> KeyValueCache {
        try sound.makeCache(shape)
    }

    func embed(_ table: EmbeddingTable, tokens: [Int32], into output: FloatRows) {
        sound.embed(table, tokens: tokens, into: output)
    }

    func rmsNorm(
        _ x: FloatRows, weight: FloatBuffer?, epsilon: Float, rows: Int, width: Int,
        into output: FloatRows
    ) {
        sound.rmsNorm(
            x, weight: weight, epsilon: epsilon, rows: rows, width: width, into: output)
    }

    func layerNorm(
        _ x: FloatRows, weight: FloatBuffer, bias: FloatBuffer?, epsilon: Float, rows: Int,
        width: Int, into output: FloatRows
    ) {
        sound.layerNorm(
            x, weight: weight, bias: bias, epsilon: epsilon, rows: rows, width: width,
            into: output)
    }

    func headNorm(
        _ x: FloatRows, weight: FloatBuffer, epsilon: Float, rows: Int, heads: Int,
        headLength: Int
    ) {
        sound.headNorm(
            x, weight: weight, epsilon: epsilon, rows: rows, heads: heads, headLength: headLength)
    }

    func scale(_ x: FloatRows, by factor: Float, rows: Int, width: Int) {
        sound.scale(x, by: factor, rows: rows, width: width)
    }

    func roundToInt8(_ x: FloatRows, rows: Int, width: Int) {
        sound.roundToInt8(x, rows: rows, width: width)
    }

    func matmul(
        _ products: [MatrixProduct], input: FloatRows, rows: Int
    ) throws(ComputeError) {
        try sound.matmul(products, input: input, rows: rows)
    }

    func rope(
        _ x: FloatRows, heads: Int, headLength: Int, style: RopeStyle, positions: [Int32],
        table: RopeTable
    ) throws(ComputeError) {
        try sound.rope(
            x, heads: heads, headLength: headLength, style: style, positions: positions,
            table: table)
    }

    func store(
        keys: FloatRows, values: FloatRows, in cache: KeyValueCache, layer: Int, slots: [Int32]
    ) {
        sound.store(keys: keys, values: values, in: cache, layer: layer, slots: slots)
    }

    func copyPage(_ source: Int32, to target: Int32, in cache: KeyValueCache) {
        sound.copyPage(source, to: target, in: cache)
    }

    func attend(
        _ queries: FloatRows, cache: KeyValueCache, layer: Int, spans: [AttentionSpan], heads: Int,
        scale: Float, into output: FloatRows
    ) throws(ComputeError) {
        try sound.attend(
            queries, cache: cache, layer: layer, spans: spans, heads: heads, scale: scale,
            into: output)
    }

    func gate(
        _ activation: Activation, gate: FloatRows, up: FloatRows?, rows: Int, width: Int,
        into output: FloatRows
    ) {
        sound.gate(activation, gate: gate, up: up, rows: rows, width: width, into: output)
    }

    func add(_ x: FloatRows, into target: FloatRows, rows: Int, width: Int) {
        sound.add(x, into: target, rows: rows, width: width)
    }

    func write(_ values: UnsafeBufferPointer<Float>, to buffer: FloatBuffer, at offset: Int) {
        sound.write(values, to: buffer, at: offset)
    }
}
