// Broken config.json: classes, keys, values at odds, rotations, quantisation.

extension MalformedCheckpoint {
    static let classes: [MalformedCheckpoint] = [
        key("architectures", #"["MambaForCausalLM"]"#, "unsupported_architecture"),
        // The class without an output matrix, in files with one.
        key(
            "architectures", #"["LlamaModel"]"#, "unexpected_tensor", at: "lm_head.weight"),
        key("architectures", #"["LlamaForSequenceClassification"]"#, "unsupported_architecture"),
        key("architectures", #""LlamaForCausalLM""#, "key_type_mismatch"),
        key("architectures", "[1]", "key_type_mismatch"),
        key("architectures", #"["Qwen2ForCausalLM"]"#, "keys_inconsistent", at: "model_type"),
        key("model_type", #""qwen3""#, "keys_inconsistent"),
        key("model_type", "3", "key_type_mismatch"),
        model("no class and no type", "missing_key", at: "architectures") {
            $0.remove("architectures")
            $0.remove("model_type")
        },
        model("no class and an unknown type", "unsupported_architecture", at: "gemma2") {
            $0.remove("architectures")
            $0.set("model_type", #""gemma2""#)
        },
        model("a config.json without keys", "missing_key", at: "architectures") {
            $0.configuration = []
        },
        key("hidden_act", #""gelu""#, "unsupported_feature"),
        key("hidden_act", #""relu2""#, "unsupported_feature"),
        key("hidden_act", "1", "key_type_mismatch"),
        key(of: phi, "hidden_act", #""silu""#, "unsupported_feature"),
        key(of: bitnet, "hidden_act", #""gelu""#, "unsupported_feature"),
        key(of: phi, "qk_layernorm", "true", "unsupported_feature"),
        key("num_local_experts", "8", "unsupported_feature"),
        key(of: qwen3, "num_experts", "8", "unsupported_feature"),
        key(of: smollm3, "no_rope_layers", "[1,1,1,1]", "unsupported_feature"),
        key(of: smollm3, "no_rope_layer_interval", "2", "unsupported_feature"),
    ]

    static let keys: [MalformedCheckpoint] = [
        without("hidden_size"), without("num_hidden_layers"), without("num_attention_heads"),
        without("intermediate_size"), without("vocab_size"),
        key("max_position_embeddings", "null", "missing_key"),
        key("rms_norm_eps", "null", "missing_key"),
        key(of: phi, "layer_norm_eps", "null", "missing_key"),
        key("hidden_size", "null", "missing_key"),
        key("hidden_size", #""64""#, "key_type_mismatch"),
        key("hidden_size", "64.5", "key_type_mismatch"),
        key("hidden_size", "[64]", "key_type_mismatch"),
        key("hidden_size", "0", "key_out_of_range"),
        key("hidden_size", "-64", "key_out_of_range"),
        key("hidden_size", "1000000000", "key_out_of_range"),
        key("hidden_size", "18446744073709551616", "key_type_mismatch"),
        key("num_hidden_layers", "true", "key_type_mismatch"),
        key("num_hidden_layers", "0", "key_out_of_range"),
        key("num_hidden_layers", "100000", "key_out_of_range"),
        key("num_attention_heads", "0", "key_out_of_range"),
        key("num_attention_heads", "{}", "key_type_mismatch"),
        key("num_attention_heads", "[4,4,4]", "keys_inconsistent"),
        key("num_key_value_heads", "0", "key_out_of_range"),
        key("num_key_value_heads", "-2", "key_out_of_range"),
        key("intermediate_size", "9223372036854775807", "key_out_of_range"),
        key("max_position_embeddings", "0", "key_out_of_range"),
        key("max_position_embeddings", "128.0", "key_type_mismatch"),
        key("rms_norm_eps", "0", "key_out_of_range"),
        key("rms_norm_eps", "-1e-05", "key_out_of_range"),
        key("rms_norm_eps", "1e999", "key_type_mismatch"),
        key("rms_norm_eps", #""1e-05""#, "key_type_mismatch"),
        key("rope_theta", "0", "key_out_of_range"),
        key("rope_theta", "[10000]", "key_type_mismatch"),
        key("rope_parameters", #"{"rope_theta":-1}"#, "key_out_of_range", at: "rope_theta"),
        key("head_dim", "0", "key_out_of_range"),
        key("vocab_size", "1", "key_out_of_range"),
        key("tie_word_embeddings", "1", "key_type_mismatch"),
        key("attention_bias", #""no""#, "key_type_mismatch"),
        key("quantization_config", "[]", "key_type_mismatch"),
        model("a window that is a text", "key_type_mismatch", at: "sliding_window") {
            $0.set("architectures", #"["MistralForCausalLM"]"#)
            $0.set("model_type", #""mistral""#)
            $0.set("sliding_window", #""4096""#)
        },
        key(of: phi, "partial_rotary_factor", "2", "key_out_of_range"),
        key(of: phi, "partial_rotary_factor", "true", "key_type_mismatch"),
    ]

    static let inconsistent: [MalformedCheckpoint] = [
        key("num_attention_heads", "5", "keys_inconsistent"),
        key("num_key_value_heads", "3", "keys_inconsistent"),
        key("head_dim", "15", "keys_inconsistent"),
        key(of: phi, "partial_rotary_factor", "0.2", "keys_inconsistent"),
        key("partial_rotary_factor", "0.5", "unsupported_feature"),
        key("num_hidden_layers", "3", "missing_tensor", at: "model.layers.2."),
        key("num_hidden_layers", "1", "unexpected_tensor", at: "model.layers.1."),
        key("hidden_size", "32", "tensor_shape_mismatch", at: "model.embed_tokens.weight"),
        key("vocab_size", "300", "tensor_shape_mismatch", at: "model.embed_tokens.weight"),
        key("num_key_value_heads", "4", "tensor_shape_mismatch", at: "self_attn.k_proj.weight"),
        key("intermediate_size", "64", "tensor_shape_mismatch", at: "mlp.gate_proj.weight"),
        key(of: qwen3, "head_dim", "32", "tensor_shape_mismatch", at: "self_attn.q_proj.weight"),
        key(of: phi3, "intermediate_size", "48", "tensor_shape_mismatch", at: "mlp.gate_up_proj"),
        key("attention_bias", "true", "missing_tensor", at: "self_attn.q_proj.bias"),
        key("mlp_bias", "true", "missing_tensor", at: "mlp.gate_proj.bias"),
        model("a bias that is switched off", "unexpected_tensor", at: "o_proj.bias") {
            $0.set("attention_bias", "false")
            $0.tensors.append(
                .init(
                    "model.layers.0.self_attn.o_proj.bias", "F32", [64],
                    WeightEncoding.f32.encode([Float](repeating: 0, count: 64))))
        },
    ]

    static let rotations: [MalformedCheckpoint] = [
        scaling("[]", "key_type_mismatch", at: "rope_scaling"),
        scaling(#"{"type":"dynamic","factor":2}"#, "unsupported_feature", at: "dynamic"),
        scaling(#"{"rope_type":"mrope"}"#, "unsupported_feature", at: "mrope"),
        scaling(#"{"rope_type":7}"#, "key_type_mismatch", at: "rope_type"),
        scaling(
            #"{"type":"longrope","short_factor":[1],"long_factor":[1]}"#, "unsupported_feature",
            at: "longrope"),
        scaling(#"{"type":"linear"}"#, "missing_key", at: "rope_scaling.factor"),
        scaling(#"{"type":"linear","factor":0}"#, "key_out_of_range", at: "factor"),
        scaling(#"{"type":"linear","factor":"2"}"#, "key_type_mismatch", at: "factor"),
        scaling(
            #"{"type":"yarn","factor":2,"beta_fast":16}"#, "unsupported_feature",
            at: "beta_fast"),
        scaling(#"{"type":"yarn","factor":2,"mscale":1}"#, "unsupported_feature", at: "mscale"),
        scaling(
            #"{"type":"yarn","factor":2,"truncate":false}"#, "unsupported_feature",
            at: "truncate"),
        scaling(
            #"{"type":"yarn","factor":2,"original_max_position_embeddings":0}"#,
            "key_out_of_range", at: "original_max_position_embeddings"),
        scaling(
            #"{"rope_type":"llama3","factor":8,"low_freq_factor":1}"#, "missing_key",
            at: "high_freq_factor"),
        scaling(
            #"{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4}"#,
            "missing_key", at: "original_max_position_embeddings"),
        scaling(
            #"{"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4,"#
                + #""original_max_position_embeddings":64}"#, "keys_inconsistent",
            at: "low_freq_factor"),
        scaling(
            of: qwen2, #"{"rope_type":"llama3","factor":8}"#, "unsupported_feature", at: "llama3"),
        scaling(of: phi3, #"{"type":"su","short_factor":[1]}"#, "missing_key", at: "long_factor"),
        lists("[1,1]", "tensor_shape_mismatch", at: "long_factor"),
        lists("[1,1,1,1,1,1,1,-1]", "key_out_of_range", at: "long_factor"),
        lists(#"[1,1,1,1,1,1,1,"1"]"#, "key_type_mismatch", at: "long_factor"),
        lists("1", "key_type_mismatch", at: "long_factor"),
        lists("[1,1,1,1,1,1,1,1]", original: "", "missing_key", at: "original_max_position"),
    ]

    private static func scaling(
        of className: String = llama, _ value: String, _ code: String, at mention: String
    ) -> MalformedCheckpoint {
        model(of: className, "rope_scaling is \(value)", code, at: mention) {
            $0.set("rope_scaling", value)
        }
    }

    /// A phi3 whose list for long contexts is `long`.
    private static func lists(
        _ long: String, original: String = #","original_max_position_embeddings":64"#,
        _ code: String, at mention: String
    ) -> MalformedCheckpoint {
        scaling(
            of: phi3,
            #"{"type":"longrope","short_factor":[1,1,1,1,1,1,1,1],"long_factor":\#(long)"#
                + original + "}", code, at: mention)
    }

    static let packings: [MalformedCheckpoint] = [
        key("quantization_config", #"{"quant_method":"gptq"}"#, "unsupported_feature", at: "gptq"),
        key("quantization_config", #"{"quant_method":"fp8"}"#, "unsupported_feature", at: "fp8"),
        key("quantization_config", "{}", "unsupported_feature", at: "quant_method"),
        key("quantization_config", #"{"quant_method":1}"#, "key_type_mismatch", at: "quant_method"),
        key(
            "quantization_config", #"{"quant_method":"bitnet"}"#, "unsupported_tensor_format",
            at: "self_attn.q_proj.weight"),
        key(of: qwen2, "quantization_config", #"{"quant_method":"bitnet"}"#, "unsupported_feature"),
        packing(#""quant_method":"awq""#, "unsupported_feature", at: "awq"),
        packing(
            #""quant_method":"bitnet","quantization_mode":"online""#, "unsupported_feature",
            at: "online"),
        packing(
            #""quant_method":"bitnet","linear_class":"other""#, "unsupported_feature", at: "other"),
        packing(
            #""quant_method":"bitnet","use_rms_norm":true"#, "unsupported_feature",
            at: "use_rms_norm"),
        without(of: bitnet, "quantization_config", "tensor_shape_mismatch", at: "q_proj.weight"),
    ]

    private static func packing(
        _ members: String, _ code: String, at mention: String
    ) -> MalformedCheckpoint {
        key(of: bitnet, "quantization_config", "{\(members)}", code, at: mention)
    }
}
