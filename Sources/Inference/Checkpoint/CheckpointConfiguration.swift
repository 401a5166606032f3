// Reads config.json in the terms of GGUF's hyper-parameters, through a table of spellings and a few
// computed values.
//
// Types, ranges and relations are checked by the code for GGUF files (`HyperParameterReader`,
// `ModelConfiguration`), under the names of config.json. Overrides keep their GGUF names.
//
// An attention window (`sliding_window`, where the class uses it) that is shorter than the context
// becomes the context length. Within the window, every answer is the reference's.

import ModelFiles

/// The hyper-parameters of a checkpoint.
struct CheckpointConfiguration: HyperParameterSource {
    let keys: CheckpointKeys
    let family: CheckpointFamily
    let rope: CheckpointRope
    /// Packing of the weights, or nil when the weights are not packed.
    let packing: TernaryPacking?
    /// Values that config.json does not store in the needed form, by parameter name.
    private var derived: [String: (key: String, value: HyperParameterValue)] = [:]

    init(_ root: JSONValue) throws(InferenceError) {
        keys = CheckpointKeys(root: root)
        family = try CheckpointFamily.named(in: keys)
        packing = try TernaryPacking.read(keys, family)
        for key in family.refusedSwitches where try keys.bool(key) == true {
            throw keys.unsupported(key, "true", "false")
        }
        rope = try CheckpointRope(keys, family)
        try checkUnrotatedBlocks()
        for (parameter, entry) in rope.parameters { derived[parameter] = entry }
        if let window = try shorterWindow() {
            derived[HyperParameter.contextLength.name] = ("sliding_window", .whole(window))
        }
    }

    // MARK: Looking up

    /// Spellings in config.json, best first.
    private static let spellings: [String: [String]] = [
        HyperParameter.contextLength.name: ["max_position_embeddings"],
        HyperParameter.embeddingLength.name: ["hidden_size"],
        HyperParameter.blockCount.name: ["num_hidden_layers"],
        HyperParameter.vocabularySize.name: ["vocab_size"],
        HyperParameter.feedForwardLength.name: ["intermediate_size"],
        HyperParameter.headCount.name: ["num_attention_heads"],
        HyperParameter.headCountKV.name: ["num_key_value_heads"],
        HyperParameter.keyLength.name: ["head_dim"],
        HyperParameter.valueLength.name: ["head_dim"],
        HyperParameter.ropeBase.name: ["rope_parameters.rope_theta", "rope_theta"],
        HyperParameter.ropeDimensionCount.name: [
            "rope_parameters.partial_rotary_factor", "partial_rotary_factor",
        ],
        HyperParameter.rmsEpsilon.name: ["rms_norm_eps"],
        HyperParameter.layerEpsilon.name: ["layer_norm_eps"],
        HyperParameter.expertCount.name: ["num_local_experts", "num_experts"],
    ]

    func keys(_ parameter: HyperParameter, _ architecture: String) -> [String] {
        Self.spellings[parameter.name] ?? parameter.keys(architecture: architecture)
    }

    func find(
        _ parameter: HyperParameter, _ architecture: String, listCountMax: Int
    ) -> (key: String, value: HyperParameterValue)? {
        if let entry = derived[parameter.name] { return entry }
        // The key holds a share of a head. `CheckpointRope` has turned the share into a count.
        guard parameter.name != HyperParameter.ropeDimensionCount.name else { return nil }
        for key in Self.spellings[parameter.name] ?? [] {
            if let value = keys.value(key) {
                return (key, Self.reduce(value, parameter.kind, listCountMax))
            }
        }
        return nil
    }

    var tokenList: (key: String, count: Int)? { nil }

    /// Accepts a whole number for a real number, because JSON has a single kind of number.
    private static func reduce(
        _ value: JSONValue, _ kind: HyperParameter.Kind, _ listCountMax: Int
    ) -> HyperParameterValue {
        if case .real = kind, let number = value.asDouble { return .real(number) }
        if let number = value.asInteger { return .whole(number) }
        if let number = value.asDouble { return .real(number) }
        if let text = value.asString { return .word(text) }
        if value.isArray, value.count <= listCountMax {
            let numbers = value.elements.compactMap(\.asInteger)
            if numbers.count == value.count { return .list(numbers) }
        }
        return .other(value.typeName)
    }

    // MARK: Values to be worked out

    /// Returns the attention window where it is shorter than the context, or nil.
    private func shorterWindow() throws(InferenceError) -> Int? {
        let range = 1...HyperParameter.contextLengthMax
        let isUsed =
            switch family.window {
            case .never: false
            case .whenSet: true
            case .whenSwitchedOn: try keys.bool("use_sliding_window") ?? false
            }
        guard isUsed, let window = try keys.whole("sliding_window", in: range),
            let context = keys.value("max_position_embeddings")?.asInteger, window < context
        else { return nil }
        return window
    }

    /// Compares smollm3's list of rotating blocks with the rule in the description.
    private func checkUnrotatedBlocks() throws(InferenceError) {
        guard let step = family.description.rope.unrotatedBlockStep else { return }
        let countMax = HyperParameter.blockCountMax
        let key = "no_rope_layers"
        if let flags = try keys.reals(key, in: 0...1, countMax: countMax) {
            let isUsual = flags.enumerated().allSatisfy { block, flag in
                (flag != 0) == family.description.rope.rotates(block: block)
            }
            guard isUsual else {
                throw keys.unsupported(key, "another pattern", "0 for each \(step)th block only")
            }
        } else if let interval = try keys.whole("no_rope_layer_interval", in: 0...countMax),
            interval != step
        {
            throw keys.unsupported("no_rope_layer_interval", "\(interval)", "\(step)")
        }
    }
}

/// Scaling of ternary weights packed in bytes, as stated in `quantization_config`.
struct TernaryPacking: Sendable {
    /// True for `bitlinear`, which divides by `weight_scale`. `autobitlinear` multiplies with it.
    let divides: Bool

    /// - Throws: `unsupportedFeature` for all other quantisations, by name.
    static func read(
        _ keys: CheckpointKeys, _ family: CheckpointFamily
    ) throws(InferenceError) -> TernaryPacking? {
        let key = "quantization_config"
        guard let value = keys.value(key) else { return nil }
        guard value.isObject else { throw keys.wrongType(key, value, "an object") }
        let method = try keys.word(key + ".quant_method") ?? "(none)"
        let isTernary = family.className == "BitNetForCausalLM"
        guard isTernary, method == "bitnet" else {
            throw keys.unsupported(
                key + ".quant_method", "\"\(method.clipped)\"",
                isTernary ? "bitnet" : "weights that are not quantised")
        }
        let mode = try keys.word(key + ".quantization_mode") ?? "offline"
        guard mode == "offline" else {
            throw keys.unsupported(
                key + ".quantization_mode", "\"\(mode.clipped)\"", "offline (packed weights)")
        }
        guard try keys.bool(key + ".use_rms_norm") != true else {
            throw keys.unsupported(key + ".use_rms_norm", "true", "false")
        }
        let linear = try keys.word(key + ".linear_class") ?? "bitlinear"
        guard ["bitlinear", "autobitlinear"].contains(linear) else {
            throw keys.unsupported(
                key + ".linear_class", "\"\(linear.clipped)\"", "bitlinear, autobitlinear")
        }
        return TernaryPacking(divides: linear == "bitlinear")
    }
}
