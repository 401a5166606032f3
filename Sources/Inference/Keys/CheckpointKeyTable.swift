// The keys of config.json that the engine reads, and those without effect on the numbers.
//
// The names are those that transformers' save_pretrained writes for the served classes and for the
// base class of all configurations, of any version, and those of common training programs. Keys
// that change the numbers in some other class are in CheckpointKeyTable+Meaning.swift.

enum CheckpointKeyTable {
    /// Returns the rule of a key of config.json in a class of transformers, or nil for an unknown
    /// key.
    static func rule(_ key: String, of family: CheckpointFamily) -> KeyRule? {
        if read.contains(key) || family.readKeys.contains(key) { return .applied }
        // Other names of `hidden_act`.
        if activationKeys.contains(key) {
            let gated = family.activations.contains("silu") ? ["swiglu"] : []
            return .only(.words(family.activations + gated))
        }
        return meaning[key] ?? withoutEffect[key] ?? GenerationKeyTable.rules[key]
            ?? guess(key)
    }

    /// Keys that are read for every class.
    private static let read: Set<String> = [
        "architectures", "model_type", "hidden_act", "max_position_embeddings", "hidden_size",
        "num_hidden_layers", "vocab_size", "intermediate_size", "num_attention_heads",
        "num_key_value_heads", "head_dim", "rope_theta", "rope_scaling", "rope_parameters",
        "partial_rotary_factor", "original_max_position_embeddings", "tie_word_embeddings",
        "bos_token_id", "eos_token_id", "quantization_config", "is_causal", "suppress_tokens",
        "num_local_experts", "num_experts",
    ]

    private static let activationKeys: Set<String> = [
        "activation", "activation_function", "hidden_activation", "mlp_hidden_act", "ffn_act_fn",
        "ffn_activation",
    ]

    private static let withoutEffect: [String: KeyRule] = {
        var rules: [String: KeyRule] = [
            "id2label": .withoutEffect(.object), "label2id": .withoutEffect(.object),
            "task_specific_params": .withoutEffect(.object),
            "custom_pipelines": .withoutEffect(.object),
            "transformers.js_config": .withoutEffect(.object),
            "num_labels": .withoutEffect(.whole), "_num_labels": .withoutEffect(.whole),
            "pretraining_tp": .withoutEffect(.whole),
            "chunk_size_feed_forward": .withoutEffect(.whole),
            "max_window_layers": .withoutEffect(.whole),
            "pad_token_id": .withoutEffect(.either(.whole, .wholes)),
            "sep_token_id": .withoutEffect(.whole), "unk_token_id": .withoutEffect(.whole),
            "mask_token_id": .withoutEffect(.whole),
        ]
        for name in [
            "use_cache", "output_attentions", "output_hidden_states", "return_dict", "torchscript",
            "use_bfloat16", "tf_legacy_loss", "is_decoder", "tie_encoder_decoder",
            "gradient_checkpointing", "unsloth_fixed", "_attn_implementation_autoset",
            "_flash_attn_2_enabled", "use_flash_attn", "use_flash_attention",
            "use_flash_attention_2", "flash_attn", "fused_bias_fc", "use_parallel_embedding",
            "output_router_logits", "use_fused_rms_norm", "use_fused_rope", "fuse_attention_qkv",
            "use_fused_mlp", "use_xformers", "use_memory_efficient_attention",
            "fuse_attention_ffn", "use_sdpa", "use_recompute",
        ] {
            rules[name] = .withoutEffect(.flag)
        }
        for name in [
            "transformers_version", "torch_dtype", "dtype", "_name_or_path", "name_or_path",
            "_commit_hash", "_attn_implementation", "attn_implementation",
            "_attn_implementation_internal", "problem_type", "finetuning_task", "tokenizer_class",
            "prefix", "language", "license", "unsloth_version", "model_name",
            "_experts_implementation",
        ] {
            rules[name] = .withoutEffect(.word)
        }
        for name in [
            "initializer_range", "attention_dropout", "hidden_dropout", "hidden_dropout_prob",
            "attention_probs_dropout_prob", "resid_pdrop", "embd_pdrop", "attn_pdrop", "dropout",
            "classifier_dropout", "activation_dropout", "mlp_dropout", "embedding_dropout",
            "embed_dropout", "residual_dropout", "router_aux_loss_coef", "router_jitter_noise",
            "router_z_loss_coef", "layerdrop",
        ] {
            rules[name] = .withoutEffect(.number)
        }
        return rules
    }()
}
