// Tensors that are missing, superfluous or of the wrong kind; tokenizers at odds with the model.

extension MalformedCheckpoint {
    static let tensorSets: [MalformedCheckpoint] = [
        without(of: llama, tensor: "model.embed_tokens.weight"),
        without(of: llama, tensor: "model.norm.weight"),
        without(of: llama, tensor: "lm_head.weight"),
        without(of: llama, tensor: "model.layers.1.self_attn.q_proj.weight"),
        without(of: llama, tensor: "model.layers.0.post_attention_layernorm.weight"),
        without(of: qwen2, tensor: "model.layers.0.self_attn.k_proj.bias"),
        without(of: qwen3, tensor: "model.layers.1.self_attn.q_norm.weight"),
        without(of: smollm3, tensor: "model.layers.3.mlp.down_proj.weight"),
        without(of: phi, tensor: "model.final_layernorm.bias"),
        without(of: phi, tensor: "model.layers.0.mlp.fc1.weight"),
        without(of: phi, tensor: "lm_head.bias"),
        without(of: phi3, tensor: "model.layers.0.mlp.gate_up_proj.weight"),
        without(of: bitnet, tensor: "model.layers.0.self_attn.attn_sub_norm.weight"),
        without(of: bitnet, tensor: "model.layers.0.mlp.up_proj.weight_scale"),
        model("a stranger", "unexpected_tensor", at: "score.weight") {
            $0.tensors.append(.init("score.weight", "F32", [1], [0, 0, 0, 0]))
        },
        model("names without their first part", "missing_tensor", at: "layers.1.input_layernorm") {
            $0.removeTensor("model.layers.1.input_layernorm.weight")
            for index in $0.tensors.indices {
                $0.tensors[index].name = $0.tensors[index].name.replacing("model.", with: "")
            }
        },
        model(of: qwen2, "a norm of another family", "unexpected_tensor", at: "q_norm") {
            $0.tensors.append(
                .init("model.layers.0.self_attn.q_norm.weight", "BF16", [16], zeros(32)))
        },
        model("a transposed matrix", "tensor_shape_mismatch", at: "mlp.up_proj") {
            $0.change("model.layers.0.mlp.up_proj.weight") { $0.shape.reverse() }
        },
        model("a flattened matrix", "tensor_shape_mismatch", at: "self_attn.v_proj") {
            $0.change("model.layers.0.self_attn.v_proj.weight") { $0.shape = [32 * 64] }
        },
        model("a norm of another width", "tensor_shape_mismatch", at: "model.norm.weight") {
            $0.change("model.norm.weight") { tensor in
                tensor.shape = [32]
                tensor.data.removeLast(64)
            }
        },
        model("a matrix of integers", "unsupported_tensor_format", at: "I16") {
            $0.change("model.layers.0.mlp.up_proj.weight") { $0.dtype = "I16" }
        },
        model("a norm of integers", "unsupported_tensor_format", at: "I16") {
            $0.change("model.norm.weight") { $0.dtype = "I16" }
        },
        model("a matrix of eight-bit floats", "unsupported_tensor_format", at: "F8_E4M3") {
            $0.change("model.layers.0.mlp.up_proj.weight") { tensor in
                tensor.dtype = "F8_E4M3"
                tensor.data.removeLast(tensor.data.count / 2)
            }
        },
        model("another output beside a tied one", "unexpected_tensor", at: "lm_head.weight") {
            $0.set("tie_word_embeddings", "true")
        },
        model(of: bitnet, "two scales", "tensor_shape_mismatch", at: "q_proj.weight_scale") {
            $0.change("model.layers.0.self_attn.q_proj.weight_scale") { tensor in
                tensor.shape = [2]
                tensor.data += tensor.data
            }
        },
        model(of: bitnet, "a scale that is an integer", "unsupported_tensor_format", at: "I16") {
            $0.change("model.layers.0.self_attn.q_proj.weight_scale") { $0.dtype = "I16" }
        },
        model(
            of: bitnet, "weights not packed in four", "tensor_shape_mismatch", at: "q_proj.weight"
        ) {
            $0.change("model.layers.0.self_attn.q_proj.weight") { tensor in
                tensor.shape = [64, 64]
                tensor.data = zeros(64 * 64)
            }
        },
        model(of: bitnet, "a packed embedding", "tensor_shape_mismatch", at: "embed_tokens") {
            $0.tensors.append(.init("model.embed_tokens.weight_scale", "BF16", [1], [0, 0x3F]))
            $0.change("model.embed_tokens.weight") { tensor in
                tensor.dtype = "U8"
                tensor.shape = [80, 64]
                tensor.data = zeros(80 * 64)
            }
        },
        model(of: bitnet, "an embedding of bytes", "unsupported_tensor_format", at: "U8") {
            $0.tensors.append(.init("model.embed_tokens.weight_scale", "BF16", [1], [0, 0x3F]))
            $0.change("model.embed_tokens.weight") { tensor in
                tensor.dtype = "U8"
                tensor.data.removeLast(tensor.data.count / 2)
            }
        },
        model(
            of: bitnet, "a scale without weights", "unexpected_tensor", at: "strange.weight_scale"
        ) {
            $0.tensors.append(.init("strange.weight_scale", "BF16", [1], [0, 0]))
        },
        model("a NaN", layer: "validation", "non_finite_logits", at: "mlp.up_proj.weight") {
            $0.change("model.layers.1.mlp.up_proj.weight") { $0.data[2...3].put([0xC0, 0x7F]) }
        },
        model("a NaN in reordered rows", layer: "validation", "non_finite_logits", at: "k_proj") {
            $0.change("model.layers.0.self_attn.k_proj.weight") {
                $0.data[2...3].put([0xC0, 0x7F])
            }
        },
        model(
            of: bitnet, "a scale of zero to divide by", layer: "validation", "non_finite_logits",
            at: "q_proj.weight"
        ) {
            $0.set(
                "quantization_config", #"{"quant_method":"bitnet","linear_class":"bitlinear"}"#)
            $0.change("model.layers.0.self_attn.q_proj.weight_scale") { $0.data = [0, 0] }
        },
        model("an output of zeros", layer: "validation", "constant_logits", at: "") {
            $0.change("lm_head.weight") { $0.data = zeros($0.data.count) }
        },
    ]

    static let vocabularies: [MalformedCheckpoint] = [
        key("bos_token_id", "320", "tokenizer_mismatch"),
        key("bos_token_id", #""<s>""#, "tokenizer_mismatch"),
        key("eos_token_id", "-1", "tokenizer_mismatch"),
        key("eos_token_id", "[1, 100000]", "tokenizer_mismatch"),
        model("a far larger embedding", "tokenizer_mismatch", at: "tokenizer.json") {
            $0.set("vocab_size", "70000")
            for name in ["model.embed_tokens.weight", "lm_head.weight"] {
                $0.change(name) { tensor in
                    tensor.shape[0] = 70_000
                    tensor.data = zeros(70_000 * 64 * 2)
                }
            }
        },
    ]

    private static func without(
        of className: String, tensor name: String
    ) -> MalformedCheckpoint {
        model(of: className, "without \(name)", "missing_tensor", at: name) {
            $0.removeTensor(name)
        }
    }

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}

extension ArraySlice<UInt8> {
    /// Other bytes in the same places.
    fileprivate mutating func put(_ bytes: [UInt8]) {
        for (index, byte) in zip(indices, bytes) { self[index] = byte }
    }
}
