// What the operations of a queue take beside rows: products, roundings, activations.

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
