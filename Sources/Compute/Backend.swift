// The small interface between a transformer and a device.
//
// Guarantees: operations are synchronous and deterministic. A row's result depends on the row, the
// weights and (for attention) the row's sequence, never on neighbouring rows of the call.
// Does not: know architectures, sequences or requests. A CUDA back end would implement `Backend`.

/// A device that multiplies. Weights and buffers belong to the back end that made them.
///
/// Any thread may call, also while another thread does (a model is loaded and tested while another
/// model serves), but a buffer or a cache is used by a single thread at a time.
public protocol Backend: AnyObject, Sendable {
    /// Short name for answers and reports, for example `cpu`.
    var deviceName: String { get }

    /// Kernels in use, or nil when the back end has no choice of kernels to check.
    var kernels: KernelSelection? { get }

    /// Packs a matrix of `rows` x `columns` (row after row in the file's blocks). Copies all bytes.
    func makeMatrix(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int
    ) throws(ComputeError) -> WeightMatrix

    /// Makes a table for looking rows up by token. Copies the bytes.
    func makeEmbedding(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, rows: Int, columns: Int
    ) throws(ComputeError) -> EmbeddingTable

    /// Makes a vector (norm weight, bias) of floats. Copies the bytes.
    func makeVector(
        _ bytes: UnsafeRawBufferPointer, format: WeightFormat, count: Int
    ) throws(ComputeError) -> FloatBuffer

    /// Makes a buffer of `count` zeros.
    func makeBuffer(count: Int) throws(ComputeError) -> FloatBuffer

    /// Makes an empty cache. A page costs memory only after its first write.
    func makeCache(_ shape: CacheShape) throws(ComputeError) -> KeyValueCache

    /// Row r of `output` = the table's row of `tokens[r]`. Tokens are checked by the caller.
    func embed(_ table: EmbeddingTable, tokens: [Int32], into output: FloatRows)

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
    func matmul(_ products: [MatrixProduct], input: FloatRows, rows: Int) throws(ComputeError)

    /// Rotates the first `table.rotaryLength` values of each head, in place. `positions` has an
    /// entry per row. Heads of a row are `headLength` floats apart.
    func rope(
        _ x: FloatRows, heads: Int, headLength: Int, style: RopeStyle, positions: [Int32],
        table: RopeTable
    ) throws(ComputeError)

    /// Stores row r of keys and values in slot `slots[r]` of a layer.
    func store(
        keys: FloatRows, values: FloatRows, in cache: KeyValueCache, layer: Int, slots: [Int32])

    /// Copies page `source` over page `target`, keys and values of every layer.
    func copyPage(_ source: Int32, to target: Int32, in cache: KeyValueCache)

    /// Causal attention. The spans follow each other in the rows of `queries` and `output`.
    /// `heads` is a multiple of the layer's key/value heads.
    func attend(
        _ queries: FloatRows, cache: KeyValueCache, layer: Int, spans: [AttentionSpan], heads: Int,
        scale: Float, into output: FloatRows
    ) throws(ComputeError)

    /// `output = activation(gate) * up`, or `activation(gate)` without `up`. May be in place.
    func gate(
        _ activation: Activation, gate: FloatRows, up: FloatRows?, rows: Int, width: Int,
        into output: FloatRows)

    /// `target += x`.
    func add(_ x: FloatRows, into target: FloatRows, rows: Int, width: Int)

    /// Copies floats into a buffer, starting at float `offset`.
    func write(_ values: UnsafeBufferPointer<Float>, to buffer: FloatBuffer, at offset: Int)

    /// Lends floats of a buffer to `body` for reading. The pointer is valid only during the call.
    func withValues<Result>(
        of buffer: FloatBuffer, in range: Range<Int>,
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result
}

extension Backend {
    /// Nil, for a back end without a choice of kernels.
    public var kernels: KernelSelection? { nil }
}

/// A product of a `matmul`: `output[t] = matrix * input[t] (+ bias)`. With `accumulates`, the
/// result is added to the values in `output`.
public struct MatrixProduct: Sendable {
    /// The weights.
    public var matrix: WeightMatrix
    /// `matrix.rows` values, or nil.
    public var bias: FloatBuffer?
    /// A row of `matrix.rows` values per token.
    public var output: FloatRows
    /// True when the result is added to the output.
    public var accumulates: Bool
    /// Rounding of the input, or nil for the default of the matrix's format. The format must accept
    /// the rounding.
    public var rounding: InputRounding?

    /// Creates a product from its parts.
    public init(
        _ matrix: WeightMatrix, bias: FloatBuffer? = nil, into output: FloatRows,
        accumulates: Bool = false, rounding: InputRounding? = nil
    ) {
        (self.matrix, self.bias, self.output) = (matrix, bias, output)
        (self.accumulates, self.rounding) = (accumulates, rounding)
    }
}

/// Rounding of a product's input before the multiplication.
public enum InputRounding: Sendable, CaseIterable {
    /// No rounding: floats times the exact weights. For float and ternary formats.
    case none
    /// To int8 with a scale for every 32 values. For quantised formats.
    case blocks
    /// To int8 with a single scale for the whole row, as BitNet models were trained. For quantised
    /// formats.
    case rows
}

/// Consecutive rows of a sequence. Row i is position `first + i` and attends to positions
/// `0...first + i`. All these positions must have been stored.
public struct AttentionSpan: Sendable {
    /// Pages of the sequence in position order. Page p holds positions `16p ..< 16p + 16`.
    public var pages: [Int32]
    /// Position of the first row.
    public var first: Int
    /// Number of rows.
    public var rows: Int

    /// Creates a span from its parts.
    public init(pages: [Int32], first: Int, rows: Int) {
        (self.pages, self.first, self.rows) = (pages, first, rows)
    }
}

/// The activation of a feed-forward gate.
public enum Activation: Sendable, CaseIterable {
    /// `x / (1 + e^-x)`.
    case silu
    /// The tanh form of GELU.
    case gelu
    /// `max(x, 0)^2`.
    case reluSquared
}

/// The pairing of a head's values that rotate together.
public enum RopeStyle: Sendable, CaseIterable {
    /// Values 2i and 2i + 1.
    case interleaved
    /// Values i and i + rotaryLength / 2.
    case halves
}
