// Packed ternary weights of a checkpoint, as `quantization_config` states them.
//
// BitNetForCausalLM packs its weights so, and so do models of the plain llama class that were
// trained or converted to ternary weights (Llama3-8B-1.58, Falcon3-1.58bit, Falcon-E). transformers
// rounds the inputs of packed matrices to eight bits per token in every class.
//
// Guarantees: every key of the object is read, or the file is refused with the key.

import ModelFiles

/// Scaling of ternary weights packed in bytes.
struct TernaryPacking: Sendable {
    /// True for `bitlinear`, which divides by `weight_scale`. `autobitlinear` multiplies with it.
    let divides: Bool

    static let place = "quantization_config"

    /// Classes with packed weights.
    private static let classes = ["BitNetForCausalLM", "LlamaForCausalLM"]

    /// Keys inside the object. `modules_to_not_convert` shows in the formats of the tensors.
    static let rules: [String: KeyRule] = [
        "quant_method": .applied, "quantization_mode": .applied, "use_rms_norm": .applied,
        "linear_class": .applied, "modules_to_not_convert": .withoutEffect(.words),
        "rms_norm_eps": .withoutEffect(.number),
    ]

    /// - Throws: `unsupportedFeature` for all other quantisations, by name.
    static func read(
        _ keys: CheckpointKeys, _ family: CheckpointFamily
    ) throws(InferenceError) -> TernaryPacking? {
        guard let value = keys.value(place) else { return nil }
        guard value.isObject else { throw keys.wrongType(place, value, "an object") }
        let method = try keys.word(place + ".quant_method") ?? "(none)"
        let isTernary = classes.contains(family.className)
        guard isTernary, method == "bitnet" else {
            throw keys.unsupported(
                place + ".quant_method", "\"\(method.clipped)\"",
                isTernary ? "bitnet" : "weights that are not quantised")
        }
        let mode = try keys.word(place + ".quantization_mode") ?? "offline"
        guard mode == "offline" else {
            throw keys.unsupported(
                place + ".quantization_mode", "\"\(mode.clipped)\"", "offline (packed weights)")
        }
        guard try keys.bool(place + ".use_rms_norm") != true else {
            throw keys.unsupported(place + ".use_rms_norm", "true", "false")
        }
        let linear = try keys.word(place + ".linear_class") ?? "bitlinear"
        guard ["bitlinear", "autobitlinear"].contains(linear) else {
            throw keys.unsupported(
                place + ".linear_class", "\"\(linear.clipped)\"", "bitlinear, autobitlinear")
        }
        return TernaryPacking(divides: linear == "bitlinear")
    }
}
