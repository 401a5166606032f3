// The operations of a step, on any device.
//
//     begin(pass)   embed   [ norm   matmul   rope   store   attend   ... ]   finish   read
//
// Guarantees:
// - Operations take effect in the order of the calls. A device may run an operation later than the
//   call, or beside another, wherever no result shows it. A read waits.
// - Operations are deterministic. A row's result depends on the row, the weights and (for
//   attention) the row's sequence, never on neighbouring rows of the call.

/// Operations of a device. A queue is used by a single thread at a time, and so is a buffer or a
/// cache. A buffer or a cache is used by a single queue.
///
/// Operations do not throw. `finish` throws the first error that an operation has met.
public protocol ComputeQueue: AnyObject {
    /// Whether operations on the host may be put off until a `finish` or a read, so that several
    /// of them run together. Until then the caller keeps buffers, caches and matrices alive. False
    /// at first.
    var defersOperations: Bool { get set }

    /// Hands the rows of the next pass over. `embed`, `rope`, `store`, `attend` and `moveRows` work
    /// on these rows until the next call. The lists are copied.
    func begin(_ pass: PassInputs)

    /// Row r of `output` = the table's row of the pass's token r. Tokens are checked by the caller.
    func embed(_ table: EmbeddingTable, into output: FloatRows)

    /// `output = x / sqrt(mean(x^2) + epsilon) * weight`, per row of `width` values. Without a
    /// weight, the row is only normalised. May be in place.
    func rmsNorm(
        _ x: FloatRows, weight: FloatBuffer?, epsilon: Float, rows: Int, width: Int,
        into output: FloatRows)

    /// LayerNorm: `output = (x - mean) / sqrt(variance + epsilon) * weight + bias`, per row of
    /// `width` values. Without a bias nothing is added. May be in place.
    func layerNorm(
        _ x: FloatRows, weight: FloatBuffer, bias: FloatBuffer?, epsilon: Float, rows: Int,
        width: Int, into output: FloatRows)

    /// `rmsNorm` of each head separately, in place. Heads of a row are `headLength` floats apart.
    /// The weight has `headLength` values.
    func headNorm(
        _ x: FloatRows, weight: FloatBuffer, epsilon: Float, rows: Int, heads: Int,
        headLength: Int)

    /// `x *= factor`.
    func scale(_ x: FloatRows, by factor: Float, rows: Int, width: Int)

    /// Rounds each row to the 256 steps of eight bits, scaled by the row's largest magnitude m (at
    /// least 1e-5): `x = round(x * 127 / m) * m / 127`. In place.
    func roundToInt8(_ x: FloatRows, rows: Int, width: Int)

    /// Several products of a shared input (`rows` tokens). The input is prepared once.
    func matmul(_ products: [MatrixProduct], input: FloatRows, rows: Int)

    /// Rotates the first `table.rotaryLength` values of each head of the pass's rows, in place.
    /// Heads of a row are `headLength` floats apart.
    func rope(
        _ x: FloatRows, heads: Int, headLength: Int, style: RopeStyle, table: RopeTable)

    /// Stores keys and values of the pass's rows in a layer, each in the slot of its position.
    func store(keys: FloatRows, values: FloatRows, in cache: KeyValueCache, layer: Int)

    /// Copies page `source` over page `target`, keys and values of every layer.
    func copyPage(_ source: Int32, to target: Int32, in cache: KeyValueCache)

    /// Attention of the pass's rows, or of the wanted rows alone, which then lie in front. What a
    /// row attends to is in its span.
    /// `heads` is a multiple of the layer's key/value heads.
    func attend(
        _ queries: FloatRows, cache: KeyValueCache, layer: Int, rows: PassRows, heads: Int,
        scale: Float, into output: FloatRows)

    /// Moves the pass's wanted rows to the front: row i = the row of wanted row i.
    func moveRows(_ x: FloatRows, width: Int)

    /// `output = activation(gate) * up`, or `activation(gate)` without `up`. May be in place.
    func gate(
        _ activation: Activation, gate: FloatRows, up: FloatRows?, rows: Int, width: Int,
        into output: FloatRows)

    /// `target += x`.
    func add(_ x: FloatRows, into target: FloatRows, rows: Int, width: Int)

    /// `target = x`. The rows do not overlap.
    func copy(_ x: FloatRows, into target: FloatRows, rows: Int, width: Int)

    /// `x = 0`.
    func clear(_ x: FloatRows, rows: Int, width: Int)

    /// Copies floats of the host into a buffer, starting at float `offset`. The floats are read
    /// during the call.
    func write(_ values: UnsafeBufferPointer<Float>, to buffer: FloatBuffer, at offset: Int)

    /// Waits until every operation called so far has taken effect. Throws the first error since the
    /// last `finish`. After an error, the values that operations leave are unspecified until a
    /// `finish` has thrown the error and the values have been computed again.
    func finish() throws(ComputeError)

    /// Lends floats of a buffer to `body` for reading, after all operations have taken effect. The
    /// pointer is valid only during the call. The values count only after a `finish` that did not
    /// throw.
    func withValues<Result>(
        of buffer: FloatBuffer, in range: Range<Int>,
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result

    /// Calls `body` once with each of 0 ..< count on the host, several calls at a time where the
    /// device has idle threads of the host, and returns after the last. The calls are independent,
    /// come on any thread and in any order, and must not use the queue.
    func concurrently(_ count: Int, _ body: (Int) -> Void)
}

extension ComputeQueue {
    /// A device with a queue of its own has nothing to put off.
    package var defersOperations: Bool {
        get { false }
        set {}
    }

    /// Makes the calls in order on the caller's thread.
    package func concurrently(_ count: Int, _ body: (Int) -> Void) {
        for index in 0..<count { body(index) }
    }
}
