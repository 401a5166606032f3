// The families in the spelling of transformers: class and type names in config.json, and module
// names of the weights.
//
// A row leads to an `ArchitectureDescription` with everything that a file must have. This table
// holds only the spellings, and the facts that config.json can state and GGUF files cannot. The
// names come from transformers' modelling code. vLLM, candle and llama.cpp's converter read the
// same names. A class outside the table is refused by name.

/// A model class of transformers.
struct CheckpointFamily: Sendable {
    /// Condition under which `sliding_window` limits attention.
    enum Window: Sendable { case never, whenSet, whenSwitchedOn }

    /// Value of `architectures`.
    let className: String
    /// True for the class without an output matrix, such as `LlamaModel` for `LlamaForCausalLM`.
    var isBase = false
    /// Value of `model_type`.
    let modelType: String
    /// Values of `hidden_act` for this row. The first value is the class's default.
    let activations: [String]
    let description: ArchitectureDescription
    /// Module by the part of a GGUF tensor name before the last dot.
    var modules = Self.usualModules
    /// True when query and key heads are stored as two halves, where GGUF files have the rotated
    /// pairs side by side.
    var splitsPairs = false
    var window = Window.never
    /// Share of a head that rotates when config.json does not say.
    var rotaryShare = 1.0
    /// Keys that turn biases of modules on or off.
    var biasSwitches: [BiasSwitch] = []
    /// Keys of unsupported features. The values must be false.
    var refusedSwitches: [String] = []

    struct BiasSwitch: Sendable {
        let key: String
        /// GGUF names, as in `modules`.
        let modules: [String]
    }

    /// Every class. A class has several rows when its activation decides the family.
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

    /// The class names, each once, for error texts.
    static var classNames: String {
        Set(all.map(\.className)).sorted().joined(separator: ", ")
            + ", or one of them without its output matrix, such as LlamaModel"
    }

    /// Name of the class without the output matrix.
    var baseName: String { className.replacing("ForCausalLM", with: "Model") }

    /// Returns the row for weights saved from the base class, whose names lack `model.`.
    func bare() -> CheckpointFamily {
        var row = self
        let prefix = "model."
        row.modules = modules.mapValues {
            $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0
        }
        return row
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

    /// Returns the class's name for the tensor of a rule, or nil when the class lacks the tensor.
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

    /// Returns the row for config.json.
    static func named(in keys: CheckpointKeys) throws(InferenceError) -> CheckpointFamily {
        let modelType = try keys.word("model_type")
        var rows = all
        if let className = try className(keys) {
            rows = all.filter { [$0.className, $0.baseName].contains(className) }
            for index in rows.indices { rows[index].isBase = rows[index].baseName == className }
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
