// Keys and tensors of GGUF files with a meaning that this engine lacks.

import TestSupport

extension Meaning {
    static let ggufKeys: [Meaning] =
        [scores, stream, experts, rotation, others].flatMap { $0 }
        + foreign

    private static let scores: [Meaning] = [
        own("attention.scale", .float32(0.5)),
        own("attention.sliding_window", .uint32(16)),
        // Far over the context, which is enough where attention is causal.
        own("attention.sliding_window", .uint32(1 << 20), besideBothDirections: true),
        own("attention.sliding_window_pattern", .uint32(6)),
        own("attention.sliding_window_pattern", .array(type: 7, [.bool(true), .bool(false)])),
        own("attention.temperature_scale", .float32(0.1)),
        own("attention.temperature_length", .uint32(8_192)),
        own("attention.clamp_kqv", .float32(8)),
        own("attention.max_alibi_bias", .float32(8)),
        own("attention.value_scale", .float32(2)),
        own("attention.output_scale", .float32(2)),
        own("attention.key_length_swa", .uint32(8)),
        own("attention.value_length_swa", .uint32(8)),
        own("attention.key_length_mla", .uint32(192)),
        own("attention.value_length_mla", .uint32(128)),
        own("attention.q_lora_rank", .uint32(64)),
        own("attention.kv_lora_rank", .uint32(64)),
        own("attention.shared_kv_layers", .uint32(1)),
        own("attention.recurrent_layers", .array(type: 7, [.bool(true), .bool(false)])),
        own("attention.indexer.top_k", .uint32(64)),
        own("attention.group_norm_groups", .uint32(4)),
        own("attention.relative_buckets_count", .uint32(32)),
        own("attn_logit_softcapping", .float32(50)),
        own("attn_logit_softcapping", .float32(50), in: ["phi2", "phi3", "qwen2", "bitnet"]),
    ].flatMap { $0 }

    private static let stream: [Meaning] = [
        own("final_logit_softcapping", .float32(30), in: ["llama", "qwen2", "phi2", "smollm3"]),
        own("logit_scale", .float32(0.0625), in: ["llama", "qwen3", "phi2", "bitnet-b1.58"]),
        own("residual_scale", .float32(0.22)),
        own("embedding_scale", .float32(12)),
        own("use_parallel_residual", .bool(true)),
        own("use_parallel_residual", .bool(false), in: ["phi2"]),
        own("swiglu_clamp_exp", .float32(7)),
        own("swiglu_clamp_shexp", .float32(7)),
        own("activation_sparsity_scale", .float32(1.6)),
        own("hidden_activation", .string("gelu")),
        own("swin_norm", .bool(true)),
        own("norm_before_residual", .bool(true)),
        own("rescale_every_n_layers", .uint32(6)),
        own("token_shift_count", .uint32(1)),
        own("altup.num_inputs", .uint32(4)),
        own("hyper_connection.count", .uint32(4)),
        own("embedding_length_per_layer_input", .uint32(16)),
        own("embedding_length_out", .uint32(32)),
        own("tensor_data_layout", .string("another order"), in: ["llama", "qwen2"]),
    ].flatMap { $0 }

    private static let experts: [Meaning] = [
        own("expert_count", .uint32(8), in: ["llama", "qwen3", "phi2", "bitnet"]),
        own("expert_used_count", .uint32(2)),
        own("expert_feed_forward_length", .uint32(32)),
        own("expert_shared_count", .uint32(1)),
        own("expert_shared_feed_forward_length", .uint32(32)),
        own("expert_gating_func", .uint32(2)),
        own("expert_weights_norm", .bool(true)),
        own("expert_weights_scale", .float32(2.5)),
        own("expert_group_count", .uint32(8)),
        own("expert_group_used_count", .uint32(4)),
        own("leading_dense_block_count", .uint32(1)),
        own("interleave_moe_layer_step", .uint32(2)),
        own("moe_every_n_layers", .uint32(2)),
        own("moe_latent_size", .uint32(16)),
    ].flatMap { $0 }

    private static let rotation: [Meaning] = [
        own("rope.dimension_sections", .int32s([2, 1, 1, 0])),
        own("rope.dimension_count_swa", .uint32(8)),
        own("rope.freq_base_swa", .float32(10_000)),
        own("rope.scaling.alpha", .float32(1_000)),
        own("rope.scaling.yarn_log_multiplier", .float32(0.1)),
        own("rope.scaling.yarn_ext_factor", .float32(0.5)),
        own("rope.scaling.yarn_attn_factor", .float32(2)),
        own("rope.scaling.yarn_beta_fast", .float32(16)),
        own("rope.scaling.yarn_beta_slow", .float32(2)),
        own("rope.scaling.type", .string("longrope")),
    ].flatMap { $0 }

    private static let others: [Meaning] = [
        own("pooling_type", .uint32(4), in: ["llama", "qwen3", "qwen2", "bitnet"]),
        own("classifier.output_labels", .strings(["yes", "no"])),
        own("classifier.pooling_type", .uint32(2)),
        own("dense_2_feat_in", .uint32(64)), own("dense_2_feat_out", .uint32(96)),
        own("dense_3_feat_in", .uint32(96)), own("dense_3_feat_out", .uint32(64)),
        own("nextn_predict_layers", .uint32(1)),
        own("full_attention_interval", .uint32(4)),
        own("ssm.conv_kernel", .uint32(4)), own("ssm.inner_size", .uint32(64)),
        own("ssm.state_size", .uint32(16)), own("ssm.time_step_rank", .uint32(4)),
        own("ssm.group_count", .uint32(2)), own("shortconv.l_cache", .uint32(3)),
        own("wkv.head_size", .uint32(16)), own("kda.head_dim", .uint32(16)),
        own("n_deepstack_layers", .uint32(3)), own("decoder_start_token_id", .uint32(1)),
        own("a_name_of_tomorrow", .float32(1.5), in: ["llama", "qwen2", "phi3", "bitnet"]),
    ].flatMap { $0 }

    private static let foreign: [Meaning] = [
        key("prism.hadamard.block_size", .uint32(128), in: "qwen3"),
        key("prism.hadamard.seed", .uint32(7), in: "qwen3"),
        key("adapter.type", .string("lora")), key("adapter.lora.alpha", .float32(16)),
        key("clip.projector_type", .string("mlp")), key("clip.has_vision_encoder", .bool(true)),
        key("xielu.alpha_n", .float32(0.8)), key("general.type", .string("adapter")),
        key("general.type", .string("mmproj")), key("general.quantization_version", .uint32(1)),
        key("tokenizer.ggml.remove_extra_whitespaces", .bool(true)),
        key("tokenizer.ggml.add_sep_token", .bool(true)),
        key("tokenizer.ggml.normalizer.lowercase", .bool(true)),
        key("tokenizer.ggml.normalizer.strip_accents", .bool(true)),
        key("tokenizer.ggml.precompiled_charsmap", .array(type: 0, [.uint8(1)])),
        key("tokenizer.ggml.token_type_count", .uint32(2)),
        key("tokenizer.ggml.a_flag_of_tomorrow", .bool(true)),
        key("tokenizer.ggml.suppress_tokens", .int32s([100_000])),
        key("tokenizer.rwkv.world", .string("…")),
    ]

    static let ggufTensors: [Meaning] =
        ["llama", "qwen3"].flatMap { family in
            [
                "attn_sinks.weight", "attn_gate.weight", "attn_k_b.weight", "attn_v_b.weight",
                "attn_kv_a_mqa.weight", "attn_rel_b.weight", "post_attention_norm.weight",
                "post_ffw_norm.weight", "attn_norm_2.weight", "layer_output_norm.weight",
                "layer_output_scale.weight", "ffn_gate_inp.weight", "ffn_gate_exps.weight",
                "ffn_up_exps.weight", "ffn_down_exps.weight", "ffn_gate_shexp.weight",
                "exp_probs_b.bias", "ffn_act", "ssm_a", "ssm_conv1d.weight",
                "shortconv.conv.weight", "nextn.eh_proj.weight", "inp_gate.weight",
                "laurel_l.weight", "attn_norm.bias", "ffn_norm.bias", "attn_q.input_scale",
            ].map { tensor("blk.1.\($0)", in: family) }
                + [
                    "position_embd.weight", "token_types.weight", "token_embd_norm.weight",
                    "cls.weight", "cls.output.weight", "dense_2.weight", "output_norm.bias",
                    "per_layer_token_embd.weight", "altup_proj.weight", "output.scale",
                    "blk.2.attn_norm.weight", "v.patch_embd.weight",
                ].map { tensor($0, in: family) }
        }
}
