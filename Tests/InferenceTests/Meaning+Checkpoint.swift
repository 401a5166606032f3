// Keys and tensors of checkpoints with a meaning that this engine lacks.

extension Meaning {
    static let configurationKeys: [Meaning] = [
        scales, masks, norms, positions, experts, kinds,
    ].flatMap { $0 }

    private static let scales: [Meaning] = [
        config("logits_scaling", "8.0"), config("logit_scale", "0.0625"),
        config("embedding_multiplier", "12.0"), config("residual_multiplier", "0.22"),
        config("attention_multiplier", "0.015625"), config("lm_head_multiplier", "0.04"),
        config("key_multiplier", "0.5"), config("attention_in_multiplier", "0.5"),
        config("attention_out_multiplier", "0.5"), config("mlp_multipliers", "[0.5,2.0]"),
        config("ssm_multipliers", "[0.5,1,1,1,1]"), config("scale_emb", "12"),
        config("scale_depth", "1.4"), config("dim_model_base", "256"),
        config("query_pre_attn_scalar", "256"), config("attn_logit_softcapping", "50.0"),
        config("final_logit_softcapping", "30.0"), config("router_logit_softcapping", "30.0"),
        config("logits_soft_cap", "30.0"), config("embedding_scale", "8.0"),
        config("scale_embedding", "true"), config("scale_attn_weights", "false"),
        config("scale_attn_by_inverse_layer_idx", "true"), config("mup_width_scale", "0.5"),
        config("output_multiplier_scale", "0.5"), config("residual_scale", "0.5"),
        config("softmax_scale", "0.5"), config("attention_value_scale", "2.0"),
        config("some_new_multiplier", "2.0"),
    ]

    private static let masks: [Meaning] = [
        config("sliding_window", "16"), config("use_sliding_window", "true"),
        config("sliding_window_pattern", "6"), config("attention_chunk_size", "32"),
        config("layer_types", #"["full_attention","sliding_attention"]"#),
        config("layer_types", #"["linear_attention","full_attention"]"#, of: "Qwen2ForCausalLM"),
        config("layer_types", #"["sliding_attention","full_attention"]"#, of: "Qwen3ForCausalLM"),
        config("use_bidirectional_attention", "true"), config("clip_qkv", "8.0"),
        config("attention_sink", "true"), config("global_attn_every_n_layers", "3"),
        config("attn_temperature_tuning", "true"), config("attn_output_gate", "true"),
        config("num_kv_shared_layers", "1"), config("is_encoder_decoder", "true"),
        config("add_cross_attention", "true"), config("attention_window", "[16,16]"),
        config("use_parallel_residual", "true"), config("parallel_attn", "true"),
        config("multi_query", "true"), config("use_logn_attn", "true"),
    ]

    private static let norms: [Meaning] = [
        config("use_qk_norm", "true"), config("qk_layernorm", "true"),
        config("qk_norm", "true"), config("norm_type", #""layer_norm""#),
        config("layer_norm_eps", "0.1"), config("layer_norm_epsilon", "0.1"),
        config("norm_after", "true"), config("use_post_norm", "true"),
        config("layernorm_zero_centered", "true"), config("norm_head", "true"),
        config("bias", "true"), config("use_bias", "true"), config("qkv_bias", "true"),
        config("add_bias_linear", "true"), config("lm_head_bias", "true"),
        config("attention_bias", "true", at: "q_proj.bias"),
        config("mlp_bias", "true", at: "gate_proj.bias"),
        config("mlp_bias", "true", of: "Qwen2ForCausalLM"),
        config("attention_out_bias", "true"), config("hidden_activation", #""gelu""#),
        config("activation_function", #""gelu_new""#), config("hidden_act", #""gelu""#),
        config("mlp_hidden_act", #""relu2""#), config("swiglu_limit", "7.0"),
        config("swiglu_alpha", "1.702"), config("activation_sparsity_pattern", "[0.95,0.0]"),
    ]

    private static let positions: [Meaning] = [
        config("position_embedding_type", #""absolute""#), config("alibi", "true"),
        config("use_alibi", "true"), config("rope_interleave", "true"),
        config("rope_local_base_freq", "10000.0"), config("rope_ratio", "4"),
        config("rotary_pct", "0.25"), config("rotary_dim", "8"),
        config("rotary_emb_base", "50000"), config("partial_rotary_factor", "0.5"),
        config("no_rope_layers", "[1,0]"), config("no_rope_layer_interval", "4"),
        config("rope_theta", #""10000""#), config("use_rope", "false"),
        config("type_vocab_size", "2"), config("ntk_alpha", "1000"),
        config("rope_scaling", #"{"rope_type":"dynamic","factor":2.0}"#),
        config("rope_scaling", #"{"rope_type":"default","mrope_section":[2,3,3]}"#),
        config("rope_scaling", #"{"rope_type":"default","factor":8.0}"#),
        config("rope_scaling", #"{"rope_type":"linear","factor":2.0,"alpha":8.0}"#),
        config("rope_scaling", #"{"rope_type":"yarn","factor":2.0,"beta_fast":64}"#),
        config("rope_scaling", #"{"rope_type":"yarn","factor":2.0,"mscale":0.7}"#),
        config("rope_scaling", #"{"rope_type":"yarn","factor":2.0,"a_new_key":1}"#),
        config("rope_parameters", #"{"full_attention":{"rope_type":"default"}}"#),
        config("rope_parameters", #"{"rope_type":"proportional"}"#),
        config("rope_parameters", #"{"rope_type":"default","llama_4_scaling_beta":0.1}"#),
        config("rope_parameters", #"{"rope_type":"default","partial_rotary_factor":0.25}"#),
    ]

    private static let experts: [Meaning] = [
        config("num_local_experts", "8"), config("num_experts", "8"),
        config("n_routed_experts", "64"), config("n_shared_experts", "2"),
        config("num_experts_per_tok", "2"), config("moe_intermediate_size", "32"),
        config("shared_expert_intermediate_size", "32"), config("first_k_dense_replace", "1"),
        config("decoder_sparse_step", "1"), config("norm_topk_prob", "true"),
        config("routed_scaling_factor", "2.5"), config("scoring_func", #""sigmoid""#),
        config("topk_method", #""noaux_tc""#), config("n_group", "8"), config("topk_group", "4"),
        config("moe_layer_freq", "1"), config("enable_moe_block", "true"),
        config("q_lora_rank", "64"), config("kv_lora_rank", "64"),
        config("qk_rope_head_dim", "8"), config("qk_nope_head_dim", "8"),
        config("v_head_dim", "32"), config("index_topk", "64"),
        config("num_nextn_predict_layers", "1"), config("full_attention_interval", "4"),
        config("linear_num_key_heads", "2"), config("mamba_d_state", "16"),
        config("conv_L_cache", "3"), config("hidden_size_per_layer_input", "16"),
    ]

    private static let kinds: [Meaning] = [
        config("auto_map", #"{"AutoModelForCausalLM":"modeling_mine.LlamaForCausalLM"}"#),
        config(
            "auto_map", #"{"AutoModelForCausalLM":"modeling_phi3.Phi3ForCausalLM"}"#,
            of: "Qwen2ForCausalLM"),
        config(
            "auto_map", #"{"AutoModel":"me/mine--modeling_phi3.Other"}"#, of: "Phi3ForCausalLM"),
        config("quantization", #"{"group_size":64,"bits":4}"#),
        config("quantization_config", #"{"quant_method":"gptq"}"#),
        config("compression_config", #"{"format":"pack-quantized"}"#),
        config("text_config", "{}"), config("vision_config", "{}"),
        config("pruned_heads", #"{"0":[1]}"#), config("hybrid_override_pattern", #""M-""#),
        config("layers_block_type", #"["attention","mamba"]"#),
        config("suppress_tokens", "[100000]"), config("begin_suppress_tokens", "[5]"),
        config("forced_bos_token_id", "5"), config("forced_eos_token_id", "2"),
        config("bad_words_ids", "[[5]]"), config("decoder_start_token_id", "1"),
    ]

    static let companionKeys: [Meaning] = [
        companion("generation_config.json", #"{"suppress_tokens":[-1]}"#, at: "suppress_tokens"),
        companion("generation_config.json", #"{"suppress_tokens":"5"}"#, at: "suppress_tokens"),
        companion("generation_config.json", #"{"eos_token_id":[100000]}"#, at: "eos_token_id"),
        companion("generation_config.json", #"{"bad_words_ids":[[5]]}"#, at: "bad_words_ids"),
        companion("generation_config.json", #"{"guidance_scale":3.0}"#, at: "guidance_scale"),
        companion(
            "generation_config.json", #"{"forced_decoder_ids":[[1,5]]}"#,
            at: "forced_decoder_ids"),
        companion("generation_config.json", #"{"sequence_bias":[[[5],2.0]]}"#, at: "sequence_bias"),
        companion("generation_config.json", #"{"temperature":"hot"}"#, at: "temperature"),
        companion(
            "1_Pooling/config.json", #"{"pooling_mode_max_tokens":true}"#, at: "pooling_mode"),
        companion(
            "1_Pooling/config.json",
            #"{"pooling_mode_mean_tokens":true,"pooling_mode_cls_token":true}"#,
            at: "pooling_mode"),
        companion(
            "1_Pooling/config.json",
            #"{"pooling_mode_lasttoken":true,"word_embedding_dimension":32}"#,
            at: "word_embedding_dimension"),
        companion(
            "1_Pooling/config.json", #"{"pooling_mode_lasttoken":true,"include_prompt":false}"#,
            at: "include_prompt"),
        companion(
            "modules.json", #"[{"path":"","type":"x.Transformer"},{"path":"2","type":"x.Dense"}]"#,
            at: "Dense"),
        companion(
            "modules.json",
            #"[{"path":"","type":"x.Transformer"},{"path":"P","type":"x.Pooling"}]"#,
            at: "Pooling"),
        companion(
            "config_sentence_transformers.json",
            #"{"prompts":{"query":"Q: "},"default_prompt_name":"query"}"#,
            at: "default_prompt_name"),
        companion("sentence_bert_config.json", #"{"do_lower_case":true}"#, at: "do_lower_case"),
    ]

    static let checkpointTensors: [Meaning] =
        [
            "self_attn.sinks", "self_attn.gate_proj.weight", "self_attn.q_norm.weight",
            "self_attn.k_norm.weight", "self_attn.kv_a_proj_with_mqa.weight",
            "self_attn.q_proj.bias", "self_attn.o_proj.bias", "mlp.gate.weight",
            "mlp.experts.0.up_proj.weight", "mlp.shared_expert_gate.weight",
            "mlp.down_proj.bias", "pre_feedforward_layernorm.weight",
            "post_feedforward_layernorm.weight", "input_layernorm.bias", "layer_scalar",
            "linear_attn.A_log", "mamba.A_log", "self_attn.attn_sub_norm.weight",
            "cross_attn.q_proj.weight", "self_attn.q_proj.weight_scale",
            "self_attn.q_proj.qweight", "self_attn.other.rotary_emb.inv_freq",
        ].map { stored("model.layers.1.\($0)") }
        + [
            "model.embed_tokens_per_layer.weight", "model.norm.bias", "lm_head.bias",
            "score.weight", "mtp.fc.weight", "model.layers.2.input_layernorm.weight",
            "model.wpe.weight", "visual.patch_embed.weight", "dense_2.weight",
        ].map { stored($0) }
}
