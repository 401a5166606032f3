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

    /// Description of the family. Packed weights were trained with rounded inputs.
    var description: ArchitectureDescription {
        let description = family.description
        return packing == nil || description.activationRoundings.count > 1
            ? description : description.roundingPerToken()
    }

    /// Values that config.json does not store in the needed form, by parameter name.
    private var derived: [String: (key: String, value: HyperParameterValue)] = [:]

    /// - Parameters:
    ///   - isBare: true for tensor names without `model.`.
    ///   - pooling: number of the pooling that sentence-transformers' files say, and its key.
    init(
        _ root: JSONValue, isBare: Bool = false,
        pooling: (key: String, value: HyperParameterValue)? = nil
    ) throws(InferenceError) {
        keys = CheckpointKeys(root: root)
        let named = try CheckpointFamily.named(in: keys)
        family = isBare ? named.bare() : named
        packing = try TernaryPacking.read(keys, family)
        for key in family.refusedSwitches where try keys.bool(key) == true {
            throw keys.unsupported(key, "true", "false")
        }
        rope = try CheckpointRope(keys, family)
        try checkUnrotatedBlocks()
        derived[HyperParameter.poolingType.name] = pooling
        for (parameter, entry) in rope.parameters { derived[parameter] = entry }
        let window = try window()
        try checkLayerTypes(hasWindow: window != nil)
        if let window, window < (try context()) {
            derived[HyperParameter.contextLength.name] = ("sliding_window", .whole(window))
            derived[HyperParameter.slidingWindow.name] = ("sliding_window", .whole(window))
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
        HyperParameter.causal.name: ["is_causal"],
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
        let spellings = Self.spellings[parameter.name] ?? []
        for key in spellings {
            if let value = keys.value(key) {
                return (key, Self.reduce(value, parameter.kind, listCountMax))
            }
        }
        guard let value = family.defaultValue(parameter), let key = spellings.last,
            !spellings.contains(where: keys.isPresent)
        else { return nil }
        return (key, value)
    }

    var tokenList: (key: String, count: Int)? { nil }

    /// Accepts a whole number for a real number, because JSON has a single kind of number.
    private static func reduce(
        _ value: JSONValue, _ kind: HyperParameter.Kind, _ listCountMax: Int
    ) -> HyperParameterValue {
        if case .real = kind, let number = value.asDouble { return .real(number) }
        if let number = value.asInteger { return .whole(number) }
        if let number = value.asDouble { return .real(number) }
        if let flag = value.asBool { return .flag(flag) }
        if let text = value.asString { return .word(text) }
        if value.isArray, value.count <= listCountMax {
            let numbers = value.elements.compactMap(\.asInteger)
            if numbers.count == value.count { return .list(numbers) }
        }
        return .other(value.typeName)
    }

    // MARK: Values to be worked out

    /// Returns the attention window, or nil where every position sees all before it.
    private func window() throws(InferenceError) -> Int? {
        let range = 1...HyperParameter.contextLengthMax
        let isUsed =
            switch family.window {
            case .never: false
            case .whenSet: true
            case .whenSwitchedOn: try keys.bool("use_sliding_window") ?? false
            }
        // Files of unused windows have numbers of any size.
        guard isUsed else { return nil }
        let key = "sliding_window"
        return keys.isPresent(key) ? try keys.whole(key, in: range) : family.defaults.window
    }

    private func context() throws(InferenceError) -> Int {
        try keys.whole("max_position_embeddings", in: 1...HyperParameter.contextLengthMax)
            ?? family.defaults.context
    }

    /// Checks the kinds of attention by block. Blocks with a window need one.
    private func checkLayerTypes(hasWindow: Bool) throws(InferenceError) {
        let key = "layer_types"
        guard family.window != .never, let list = keys.value(key) else { return }
        guard list.isArray, list.count <= HyperParameter.blockCountMax else {
            throw keys.wrongType(key, list, "an array with a word for each block")
        }
        let allowed = ["full_attention"] + (hasWindow ? ["sliding_attention"] : [])
        for element in list.elements {
            guard let type = element.asString else {
                throw keys.wrongType(key, element, "an array of words")
            }
            guard allowed.contains(type) else {
                throw keys.unsupported(
                    key, "\"\(type.clipped)\"", allowed.joined(separator: ", "))
            }
        }
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
