// Keys of config.json that change the numbers in some class of transformers, with the values that
// change nothing.
//
// The served classes read none of these keys. A file that has one with another value was made for
// other arithmetic, whatever its class says, and is refused by name. `guess` does the same for keys
// in no list whose names speak of such a part.

extension CheckpointKeyTable {
    static let meaning: [String: KeyRule] = [
        single, group(.off, switches), group(.one, factors), group(.nothing, forbidden),
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    private static func group(
        _ neutral: KeyRule.Neutral, _ names: [String]
    ) -> [String: KeyRule] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, .only(neutral)) })
    }

    /// Keys with a neutral value of their own.
    private static let single: [String: KeyRule] = {
        var rules: [String: KeyRule] = [
            // Scores are divided by the root of this number.
            "query_pre_attn_scalar": .only(.headLength),
            "v_head_dim": .only(.headLength), "qk_head_dim": .only(.headLength),
            "attention_multiplier": .only(.scoreScale), "attention_scale": .only(.scoreScale),
            "attn_scale": .only(.scoreScale), "softmax_scale": .only(.scoreScale),
            "qk_scale": .only(.scoreScale), "scaling": .only(.scoreScale),
            "scale_attn_weights": .only(.on), "no_bias": .only(.on), "use_rope": .only(.on),
            "use_rotary_embedding": .only(.on), "rms_norm": .only(.on), "use_rmsnorm": .only(.on),
            "use_rms_norm": .only(.on), "elementwise_affine": .only(.on),
            "position_embedding_type": .only(.words(["rope", "rotary"])),
            "pos_emb": .only(.words(["rope", "rotary"])),
            "norm_type": .only(.words(["rms_norm", "rmsnorm", "RMSNorm"])),
            "normalization": .only(.words(["rms_norm", "rmsnorm", "RMSNorm"])),
            "embedding_size": .only(.width), "word_embed_proj_dim": .only(.width),
            "layer_types": .only(.all(.word("full_attention"))),
            "no_rope_layers": .only(.all(.whole(1))), "mlp_only_layers": .only(.off),
            "sliding_window": .only(.windowOverContext),
            "attention_window": .only(.windowOverContext),
            "window_size": .only(.windowOverContext),
            "sliding_window_size": .only(.windowOverContext),
            "attention_chunk_size": .only(.windowOverContext),
        ]
        for name in [
            "rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "layernorm_epsilon", "norm_eps",
            "norm_epsilon", "rms_norm_epsilon", "rms_eps", "eps",
        ] {
            rules[name] = .only(.epsilon)
        }
        for name in ["rotary_emb_base", "rotary_base", "rope_base", "rope_freq_base"] {
            rules[name] = .only(.ropeBase)
        }
        return rules
    }()

    /// Multipliers.
    private static let factors = [
        "logits_scaling", "logit_scale", "logits_scale", "lm_head_multiplier",
        "embedding_multiplier", "embedding_scale", "embed_scale", "emb_scale", "scale_emb",
        "residual_multiplier", "residual_scale", "key_multiplier", "attention_in_multiplier",
        "attention_out_multiplier", "mlp_multipliers", "ssm_multipliers", "ssm_in_multiplier",
        "ssm_out_multiplier", "output_multiplier_scale", "embedding_multiplier_scale",
        "attn_output_multiplier", "width_scale", "mup_width_multiplier", "routed_scaling_factor",
        "rotary_pct", "rotary_percent", "rope_pct", "rope_percent", "rope_percentage",
        "rotary_emb_fraction", "rope_ratio", "rotary_emb_scale_base", "ntk_alpha", "attn_factor",
        "full_attn_mod", "interpolate_factor",
    ]

    /// Switches and counts of parts that the served classes lack.
    private static let switches = [
        // Scores, masks and windows.
        "attn_logit_softcapping", "final_logit_softcapping", "router_logit_softcapping",
        "logits_soft_cap", "attn_logit_soft_cap", "final_logit_soft_cap", "logit_softcap",
        "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn", "use_sliding_window",
        "sliding_window_pattern", "_sliding_window_pattern", "global_attn_every_n_layers",
        "local_attention", "interleaved_sliding_window", "use_bidirectional_attention",
        "bidirectional", "use_mask", "attention_sink", "attention_sinks",
        "add_swa_attention_sink_bias",
        "attn_temperature_tuning", "attn_output_gate", "attention_k_eq_v", "num_kv_shared_layers",
        "clip_qkv", "qk_clip", "multi_query", "multi_query_attention", "differential_attention",
        "use_logn_attn", "logn_attn", "use_dynamic_ntk", "use_mup", "mup", "parallel_attn",
        "use_parallel_residual", "parallel_residual", "scale_embedding", "normalize_embeddings",
        // Norms.
        "qk_norm", "use_qk_norm", "qk_layernorm", "use_qk_layernorm", "use_post_norm", "post_norm",
        "sandwich_norm", "norm_after", "layernorm_zero_centered", "zero_centered_gamma",
        "add_unit_offset", "rms_norm_add_unit_offset", "norm_head", "use_norm_head", "use_sub_norm",
        "use_ln", "embedding_norm", "apply_residual_connection_post_layernorm",
        // Biases.
        "bias", "use_bias", "qkv_bias", "use_qkv_bias", "attention_bias", "attn_bias", "mlp_bias",
        "add_bias_linear", "add_qkv_bias", "attention_out_bias", "o_bias", "lm_head_bias",
        "use_bias_in_mlp", "ffn_bias", "projection_bias",
        // Positions.
        "alibi", "use_alibi", "alibi_bias_max", "rope_interleaved", "rope_interleave",
        "rotary_interleaved", "mrope_section", "mrope_interleaved", "no_rope_layer_interval",
        "nope_layer_interval", "learned_positions", "type_vocab_size", "rope_2d", "use_xpos",
        // Experts.
        "n_routed_experts", "n_shared_experts", "num_experts_per_tok", "num_experts_per_token",
        "num_shared_experts", "num_selects_per_token", "experts_per_token", "top_k_experts",
        "moe_intermediate_size", "moe_layer_freq", "moe_num_experts", "moe_top_k", "moe_topk",
        "moe_k", "moe_layers", "use_moe", "enable_moe_block", "expert_capacity",
        "first_k_dense_replace",
        "shared_expert_intermediate_size", "shared_intermediate_size", "norm_topk_prob",
        "n_group", "topk_group", "num_expert_group", "decoder_sparse_step", "moe_every_n_layers",
        "interleave_moe_layer_step", "use_grouped_topk", "num_zero_experts",
        // Latent and sparse attention, recurrences, further predictions.
        "q_lora_rank", "kv_lora_rank", "o_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim",
        "index_topk", "index_head_dim", "index_n_heads", "num_nextn_predict_layers",
        "mtp_num_hidden_layers", "full_attention_interval", "linear_num_key_heads",
        "linear_num_value_heads", "mamba_d_state", "mamba_d_conv", "mamba_n_heads",
        "ssm_state_size",
        "conv_L_cache", "conv_bias", "hidden_size_per_layer_input", "use_double_wide_mlp",
        "activation_sparsity_pattern", "use_cross_layer_kv", "cla_share_factor",
        // Activations.
        "swiglu_limit", "swiglu_limits", "swiglu_clamp",
        // Other kinds of models.
        "is_encoder_decoder", "add_cross_attention", "pruned_heads", "is_reward_model",
        "use_classifier", "is_matryoshka", "bidirectional_attention", "encoder_only",
        "diffusion", "num_mask_tokens",
    ]

    /// Keys that no value makes harmless.
    private static let forbidden = [
        "text_config", "vision_config", "audio_config", "encoder", "decoder", "speech_config",
        "cross_attention_hidden_size", "quantization", "compression_config", "scale_depth",
        "dim_model_base",

        "rope_local_base_freq", "rope_theta_local",
        "local_rope_theta", "global_rope_theta", "rope_theta_swa", "scoring_func", "topk_method",
        "moe_router_activation_func", "per_layer_config", "block_configs", "layers_block_type",
        "hybrid_override_pattern", "attn_layer_indices", "attn_scale_type", "rotary_dim",
        "decoder_start_token_id", "swiglu_alpha", "ssm_cfg", "adapter_config", "peft_config",
        "lora_config", "beta_fast", "beta_slow", "deepstack_layers", "altup_num_inputs",
    ]

    /// Returns a rule for a key in no list whose name speaks of a part that changes the numbers,
    /// or nil.
    static func guess(_ key: String) -> KeyRule? {
        let name = key.lowercased()
        guard words.contains(where: name.contains) else { return nil }
        let isFactor = ["scal", "multiplier", "factor", "ratio"].contains(where: name.contains)
        return .only(isFactor ? .one : .off)
    }

    static let words = [
        "scale", "scaling", "multiplier", "softcap", "soft_cap", "window", "expert", "moe",
        "router", "lora", "alibi", "rope", "rotary", "causal", "bidirectional", "clip", "clamp",
        "bias", "norm", "activation", "hidden_act", "position", "attention", "attn", "mlp", "ffn",
        "sink", "sparse", "ssm", "mamba", "recurren", "quant", "swiglu", "residual",
    ]
}
