// What config.json leaves out: the defaults of each class of transformers, and its keys.
//
// Facts, from the configuration classes of transformers 5 (the same in 4): a key that is absent has
// the class's default. A key that is `null` is not set, and the modelling code works the value out.

extension CheckpointFamily {
    /// Defaults of numbers that the shapes of the tensors do not show, by key.
    struct Defaults: Sendable {
        var epsilon: Double
        var context: Int
        var ropeBase = 10_000.0
        /// Nil where the class takes the number of query heads.
        var headCountKV: Int?
        /// Nil where the class divides the width among the heads.
        var headLength: Int?
        var window: Int?
        var tiesEmbeddings = false
    }

    var defaults: Defaults {
        switch className {
        case "MistralForCausalLM":
            Defaults(epsilon: 1e-6, context: 131_072, headCountKV: 8, window: 4_096)
        case "SmolLM3ForCausalLM":
            Defaults(
                epsilon: 1e-6, context: 32_768, ropeBase: 2_000_000, headCountKV: 4,
                tiesEmbeddings: true)
        case "Qwen2ForCausalLM":
            Defaults(epsilon: 1e-6, context: 32_768, headCountKV: 32, window: 4_096)
        case "Qwen3ForCausalLM":
            Defaults(
                epsilon: 1e-6, context: 32_768, headCountKV: 32, headLength: 128, window: 4_096)
        case "PhiForCausalLM": Defaults(epsilon: 1e-5, context: 2_048)
        case "Phi3ForCausalLM": Defaults(epsilon: 1e-5, context: 4_096)
        case "BitNetForCausalLM":
            Defaults(epsilon: 1e-5, context: 2_048, ropeBase: 500_000, headCountKV: 5)
        default: Defaults(epsilon: 1e-6, context: 2_048)
        }
    }

    /// Default of a parameter whose key is absent, or nil.
    func defaultValue(_ parameter: HyperParameter) -> HyperParameterValue? {
        switch parameter.name {
        case HyperParameter.contextLength.name: .whole(defaults.context)
        case description.norm.epsilon.name: .real(defaults.epsilon)
        case HyperParameter.ropeBase.name: .real(defaults.ropeBase)
        case HyperParameter.headCountKV.name: defaults.headCountKV.map { .whole($0) }
        case HyperParameter.keyLength.name, HyperParameter.valueLength.name:
            defaults.headLength.map { .whole($0) }
        default: nil
        }
    }

    // MARK: Keys

    /// Keys of config.json that this class reads and others do not.
    var readKeys: Set<String> {
        var keys = Set(biasSwitches.map(\.key) + refusedSwitches)
        keys.insert(description.norm == .rms ? "rms_norm_eps" : "layer_norm_eps")
        switch window {
        case .never: break
        case .whenSet: keys.formUnion(["sliding_window", "layer_types"])
        case .whenSwitchedOn:
            keys.formUnion(["sliding_window", "use_sliding_window", "layer_types"])
        }
        if description.rope.unrotatedBlockStep != nil {
            keys.formUnion(["no_rope_layers", "no_rope_layer_interval"])
        }
        return keys
    }

    /// Names in `auto_map` of published models, whose code came into transformers unchanged.
    var remoteCode: Set<String> {
        switch className {
        case "Phi3ForCausalLM":
            // The last is a vocabulary that tokenizer.json repeats.
            [
                "configuration_phi3.Phi3Config", "modeling_phi3.Phi3ForCausalLM",
                "Xenova/gpt-4o",
            ]
        case "PhiForCausalLM": ["configuration_phi.PhiConfig", "modeling_phi.PhiForCausalLM"]
        case "BitNetForCausalLM":
            ["configuration_bitnet.BitNetConfig", "modeling_bitnet.BitNetForCausalLM"]
        default: []
        }
    }
}
