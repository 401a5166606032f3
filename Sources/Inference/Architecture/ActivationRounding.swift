// Rounding of the inputs of a block's matrices.
//
// A family lists the roundings that it allows. The file or the caller chooses, and the choice is
// part of the configuration and of the load's report. The choice says what the input values are,
// and the weights' format decides how a product uses the values. Quantised formats multiply the
// eight-bit integers themselves, and for float formats the input is rounded in place. Only
// `inputRounding(of:under:)` knows the difference.

import Compute

/// Rounding of the inputs of a block's matrices before the product. The raw values are the words
/// for the key `<architecture>.activation_rounding` and for an override of the key. The output
/// matrix is never affected.
public enum ActivationRounding: String, Sendable {
    /// No rounding, except where a quantised format cannot do without. In families with a choice of
    /// roundings, ternary weights too are multiplied with floats.
    case none
    /// Rounding to the 256 steps of eight bits, scaled by the row's largest magnitude. The models
    /// of BitNet b1.58 2B-4T were trained with this rounding, and their own runtimes apply it.
    case int8PerToken = "int8_per_token"
}

extension ArchitectureDescription {
    /// Returns the rounding that a product with weights in `format` applies to its input under
    /// `rounding`, or nil for the default of the format. A format that takes no rows of integers
    /// needs an input rounded beforehand.
    package func inputRounding(
        of format: WeightFormat, under rounding: ActivationRounding
    ) -> InputRounding? {
        let wanted: InputRounding = rounding == .int8PerToken ? .rows : .none
        return activationRoundings.count > 1 && format.accepts(wanted) ? wanted : nil
    }
}
