// Whether the inputs of a block's matrices are rounded, and how.
//
// A family lists what it may be asked for; the file or the caller chooses, and the choice is part
// of the configuration and of the load's report. It says what the numbers mean; how a product gets
// them follows from the weights' format: quantised formats multiply the eight-bit integers
// themselves, for float formats the input is rounded where it lies. `inputRounding(of:)` is the one
// place that knows.

import Compute

/// How the inputs of a block's matrices are rounded before the product. The raw value is what the
/// key `<architecture>.activation_rounding` and an override of it say. The output matrix is never
/// affected.
public enum ActivationRounding: String, Sendable {
    /// Not at all, except as a quantised format cannot do without: in families that have the
    /// choice, ternary weights too are multiplied with floats.
    case none
    /// To the 256 steps of eight bits, scaled by the row's largest magnitude: what the models of
    /// BitNet b1.58 2B-4T were trained with and their own runtimes do.
    case int8PerToken = "int8_per_token"
}

extension ArchitectureDescription {
    /// What a product with weights in `format` does to its input under `rounding`; nil: as the
    /// format has it. Formats that do not take rows of integers need the input rounded beforehand.
    package func inputRounding(
        of format: WeightFormat, under rounding: ActivationRounding
    ) -> InputRounding? {
        let wanted: InputRounding = rounding == .int8PerToken ? .rows : .none
        return activationRoundings.count > 1 && format.accepts(wanted) ? wanted : nil
    }
}
