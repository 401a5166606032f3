// Whether the inputs of a block's matrices are rounded, and how.
//
// A family lists what it may be asked for; the file or the caller chooses, and the choice is part
// of the configuration. It says what the numbers mean, not how a back end gets them: a kernel that
// multiplies eight-bit integers serves where it gives what rounding in float would.

/// How the inputs of a block's matrices are rounded before the product. The raw value is what the
/// key `<architecture>.activation_rounding` and an override of it say. The output matrix is never
/// affected.
public enum ActivationRounding: String, Sendable {
    /// As the weights' format asks: not at all for floating-point formats.
    case none
    /// To the 256 steps of eight bits, scaled by the row's largest magnitude: what the models of
    /// BitNet b1.58 2B-4T were trained with and their own runtimes do.
    case int8PerToken = "int8_per_token"
}
