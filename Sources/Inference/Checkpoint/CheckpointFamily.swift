// The families as transformers writes them: class and type names in config.json, and what the
// modules of the weights are called.
//
// A row leads to an `ArchitectureDescription`; everything a file must have stands there. Here is
// only how the same things are spelled, and what config.json can say that GGUF files cannot. The
// names are those of transformers' modelling code; vLLM, candle and llama.cpp's converter read the
// same ones. A class that is not in the table is refused by name.

/// One class of transformers.
struct CheckpointFamily: Sendable {
    /// When `sliding_window` limits what a position attends to.
    enum Window: Sendable { case never, whenSet, whenSwitchedOn }

    /// The value of `architectures`.
    let className: String
    /// The value of `model_type`.
    let modelType: String
    /// Values of `hidden_act` that mean this row; the first is the class's default.
    let activations: [String]
    let description: ArchitectureDescription
    /// Module by the part of a GGUF tensor name before its last dot.
    var modules = Self.usualModules
    /// Whether heads of queries and keys are stored with the halves that rotate together apart,
    /// where GGUF files have them side by side.
    var splitsPairs = false
    var window = Window.never
    /// The share of a head that rotates when config.json does not say.
    var rotaryShare = 1.0
    /// Keys that say whether modules have a bias.
    var biasSwitches: [BiasSwitch] = []
    /// Keys of features that are not implemented; they must be false.
    var refusedSwitches: [String] = []

    struct BiasSwitch: Sendable {
        let key: String
        /// GGUF names, as in `modules`.
        let modules: [String]
    }

    /// Every class, several rows for one whose activation decides.
    static let all: [CheckpointFamily] = [
        llama("LlamaForCausalLM", "llama", .llama),
        {
            var row = llama("MistralForCausalLM", "mistral", .llama)
            row.window = .whenSet
            return row
        }(),
        {
            var row = llama("SmolLM3ForCausalLM", "smollm3", .smolLM3)
            row.window = .whenSwitchedOn
            return row
        }(),
        CheckpointFamily(
            className: "Qwen2ForCausalLM", modelType: "qwen2", activations: ["silu"],
            description: .qwen2, window: .whenSwitchedOn),
        CheckpointFamily(
            className: "Qwen3ForCausalLM", modelType: "qwen3", activations: ["silu"],
            description: .qwen3, window: .whenSwitchedOn, biasSwitches: [attentionBias]),
        CheckpointFamily(
            className: "PhiForCausalLM", modelType: "phi",
            activations: ["gelu_new", "gelu_pytorch_tanh", "gelu_fast"], description: .phi2,
            modules: usualModules.merging(phiModules) { $1 }, rotaryShare: 0.5,
            refusedSwitches: ["qk_layernorm"]),
        CheckpointFamily(
            className: "Phi3ForCausalLM", modelType: "phi3", activations: ["silu"],
            description: .phi3, modules: usualModules.merging(phi3Modules) { $1 },
            window: .whenSet, biasSwitches: [attentionBias]),
        CheckpointFamily(
            className: "BitNetForCausalLM", modelType: "bitnet", activations: ["relu2"],
            description: .bitnetB158, biasSwitches: [attentionBias]),
        CheckpointFamily(
            className: "BitNetForCausalLM", modelType: "bitnet", activations: ["silu"],
            description: .bitnet, biasSwitches: [attentionBias]),
    ]

    /// The class names, each once, for texts.
    static var classNames: String {
        Set(all.map(\.className)).sorted().joined(separator: ", ")
    }

    private static func llama(
        _ className: String, _ modelType: String, _ description: ArchitectureDescription
    ) -> CheckpointFamily {
        CheckpointFamily(
            className: className, modelType: modelType, activations: ["silu"],
            description: description, splitsPairs: true,
            biasSwitches: [
                attentionBias,
                BiasSwitch(
                    key: "mlp_bias", modules: ["blk.#.ffn_gate", "blk.#.ffn_up", "blk.#.ffn_down"]),
            ])
    }

    private static let attentionBias = BiasSwitch(
        key: "attention_bias",
        modules: ["blk.#.attn_q", "blk.#.attn_k", "blk.#.attn_v", "blk.#.attn_output"])

    private static let usualModules: [String: String] = [
        "token_embd": "model.embed_tokens",
        "output_norm": "model.norm",
        "output": "lm_head",
        "blk.#.attn_norm": "model.layers.#.input_layernorm",
        "blk.#.attn_q": "model.layers.#.self_attn.q_proj",
        "blk.#.attn_k": "model.layers.#.self_attn.k_proj",
        "blk.#.attn_v": "model.layers.#.self_attn.v_proj",
        "blk.#.attn_q_norm": "model.layers.#.self_attn.q_norm",
        "blk.#.attn_k_norm": "model.layers.#.self_attn.k_norm",
        "blk.#.attn_sub_norm": "model.layers.#.self_attn.attn_sub_norm",
        "blk.#.attn_output": "model.layers.#.self_attn.o_proj",
        "blk.#.ffn_norm": "model.layers.#.post_attention_layernorm",
        "blk.#.ffn_gate": "model.layers.#.mlp.gate_proj",
        "blk.#.ffn_up": "model.layers.#.mlp.up_proj",
        "blk.#.ffn_sub_norm": "model.layers.#.mlp.ffn_sub_norm",
        "blk.#.ffn_down": "model.layers.#.mlp.down_proj",
    ]

    private static let phiModules: [String: String] = [
        "output_norm": "model.final_layernorm",
        "blk.#.attn_output": "model.layers.#.self_attn.dense",
        "blk.#.ffn_up": "model.layers.#.mlp.fc1",
        "blk.#.ffn_down": "model.layers.#.mlp.fc2",
    ]

    private static let phi3Modules: [String: String] = [
        "blk.#.attn_qkv": "model.layers.#.self_attn.qkv_proj",
        "blk.#.ffn_up": "model.layers.#.mlp.gate_up_proj",
    ]

    /// What the class calls the tensor of a rule; nil for one that it does not have.
    func name(_ rule: TensorRule, block: Int) -> String? {
        guard let dot = rule.pattern.lastIndex(of: "."),
            let module = modules[String(rule.pattern[..<dot])]
        else { return nil }
        let suffix = rule.pattern[dot...]
        let name = module + (suffix == ".scale" ? ".weight_scale" : suffix)
        guard let mark = name.firstIndex(of: "#") else { return name }
        return name[..<mark] + String(block) + name[name.index(after: mark)...]
    }

    // MARK: Choosing

    /// The row that config.json describes.
    static func named(in keys: CheckpointKeys) throws(InferenceError) -> CheckpointFamily {
        let modelType = try keys.word("model_type")
        var rows = all
        if let className = try className(keys) {
            rows = all.filter { $0.className == className }
            guard let row = rows.first else {
                throw unsupported("architectures", className, classNames)
            }
            if let modelType, modelType != row.modelType {
                throw InferenceError(
                    .keysInconsistent, tried: "reading \"model_type\"",
                    found: "\"\(modelType.clipped)\"",
                    allowed: "\"\(row.modelType)\", as \"architectures\" says \(className)",
                    location: "model_type")
            }
        } else if let modelType {
            rows = all.filter { $0.modelType == modelType }
            guard !rows.isEmpty else {
                let types = Set(all.map(\.modelType)).sorted().joined(separator: ", ")
                throw unsupported("model_type", modelType, types)
            }
        } else {
            throw InferenceError(
                .missingKey, tried: "reading \"architectures\"", found: "no such key",
                allowed: classNames, location: "architectures")
        }
        return try choose(rows, by: keys)
    }

    private static func className(_ keys: CheckpointKeys) throws(InferenceError) -> String? {
        guard let list = keys.value("architectures") else { return nil }
        let first = list.elements.first { _ in true }
        guard list.isArray, first == nil || first?.asString != nil else {
            throw keys.wrongType("architectures", list, "an array of class names")
        }
        return first?.asString
    }

    private static func choose(
        _ rows: [CheckpointFamily], by keys: CheckpointKeys
    ) throws(InferenceError) -> CheckpointFamily {
        guard let activation = try keys.word("hidden_act") else { return rows[0] }
        guard let row = rows.first(where: { $0.activations.contains(activation) }) else {
            throw InferenceError(
                .unsupportedFeature, tried: "reading \"hidden_act\"",
                found: "\"\(activation.clipped)\"",
                allowed: rows.flatMap(\.activations).joined(separator: ", "),
                location: "hidden_act")
        }
        return row
    }

    private static func unsupported(
        _ key: String, _ found: String, _ allowed: String
    ) -> InferenceError {
        InferenceError(
            .unsupportedArchitecture, tried: "reading \"\(key)\"", found: "\"\(found.clipped)\"",
            allowed: allowed, location: key)
    }
}
