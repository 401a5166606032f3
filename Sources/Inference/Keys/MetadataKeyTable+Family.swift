// The keys in the namespace of a GGUF model, `<architecture>.<name>`: a closed list per family.
//
// The list of every family has the hyper-parameters that the engine reads and the keys of features
// that the engine lacks, with the values under which llama.cpp's graph of the family leaves the
// numbers alone. A name in no list is refused, because whoever wrote the key meant something by it.

extension MetadataKeyTable {
    /// Returns the rule of `<architecture>.<name>`, or nil for a name outside the closed list.
    static func rule(_ name: String, of description: ArchitectureDescription) -> KeyRule? {
        let isParameter = description.parameters.contains {
            $0.name == name || $0.aliases.contains(name)
        }
        if isParameter { return .applied }
        return families[description.name]?[name] ?? everyFamily[name]
    }

    /// Names with their neutral values, in every family.
    static let everyFamily: [String: KeyRule] = [
        // Scores and masks.
        "attention.scale": .only(.scoreScale),
        "attention.sliding_window": .only(.windowOverContext),
        "attention.max_alibi_bias": .only(.off),
        "attention.clamp_kqv": .only(.off),
        "attention.temperature_scale": .only(.off),
        "attention.temperature_length": .only(.off),
        "attention.output_scale": .only(.one),
        "attention.value_scale": .only(.one),
        "attention.q_lora_rank": .only(.off),
        "attention.kv_lora_rank": .only(.off),
        "attention.shared_kv_layers": .only(.off),
        "attn_logit_softcapping": .only(.off),
        // The residual stream and the logits.
        "final_logit_softcapping": .only(.off),
        "router_logit_softcapping": .only(.off),
        "logit_scale": .only(.one),
        "residual_scale": .only(.one),
        "embedding_scale": .only(.one),
        "use_parallel_residual": .only(.off),
        "embedding_length_out": .only(.width),
        "nextn_predict_layers": .only(.off),
        // Experts.
        "expert_count": .only(.off),
        "expert_used_count": .only(.off),
        "expert_shared_count": .only(.off),
        // The rotation.
        "rope.scaling.finetuned": .withoutEffect(.flag),
        "rope.scaling.yarn_log_multiplier": .only(.off),
        "rope.scaling.yarn_attn_factor": .only(.one),
        "rope.scaling.yarn_ext_factor": .only(.numbers([-1])),
        "rope.scaling.yarn_beta_fast": .only(.numbers([32])),
        "rope.scaling.yarn_beta_slow": .only(.numbers([1])),
    ]

    /// Names whose neutral value differs by family.
    private static let families: [String: [String: KeyRule]] = [
        "llama": [
            // The order of rows that the family's files have. Written by the first converters.
            "tensor_data_layout": .only(.words(["Meta AI original pth"]))
        ],
        // One norm feeds attention and the feed-forward layer.
        "phi2": ["use_parallel_residual": .only(.on)],
    ]
}
