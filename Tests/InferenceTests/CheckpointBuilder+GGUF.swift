// A GGUF model of float32 tensors in the form that transformers writes: the names and the order of
// rows turned back, config.json written from the metadata.
//
// The names are written down here a second time, on purpose: a name that is wrong in the engine's
// table does not agree with itself.

import ModelFiles
import TestSupport
import Testing

extension CheckpointBuilder {
    private struct Form {
        let className: String
        let modelType: String
        var activation = "silu"
        var epsilon = "rms_norm_eps"
        var names: [String: String] = [:]
        var isPaired = false
    }

    private static let forms: [String: Form] = [
        "llama": Form(className: "LlamaForCausalLM", modelType: "llama", isPaired: true),
        "qwen2": Form(className: "Qwen2ForCausalLM", modelType: "qwen2"),
        "qwen3": Form(className: "Qwen3ForCausalLM", modelType: "qwen3"),
        "phi2": Form(
            className: "PhiForCausalLM", modelType: "phi", activation: "gelu_new",
            epsilon: "layer_norm_eps",
            names: [
                "attn_output": "self_attn.dense", "ffn_up": "mlp.fc1", "ffn_down": "mlp.fc2",
                "output_norm": "model.final_layernorm",
            ]),
        "phi3": Form(
            className: "Phi3ForCausalLM", modelType: "phi3",
            names: ["attn_qkv": "self_attn.qkv_proj", "ffn_up": "mlp.gate_up_proj"]),
        "bitnet": Form(className: "BitNetForCausalLM", modelType: "bitnet"),
        "bitnet-b1.58": Form(
            className: "BitNetForCausalLM", modelType: "bitnet", activation: "relu2"),
    ]

    private static let names: [String: String] = [
        "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
        "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
        "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj", "attn_q_norm": "self_attn.q_norm",
        "attn_k_norm": "self_attn.k_norm", "attn_sub_norm": "self_attn.attn_sub_norm",
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
        "ffn_sub_norm": "mlp.ffn_sub_norm",
    ]

    /// The checkpoint of a GGUF file; `rope_freqs.weight` is left out.
    init(_ file: GGUFFile) throws {
        self.init()
        let family = try #require(file.metadata["general.architecture"]?.asString)
        let form = try #require(Self.forms[family])
        func number(_ key: String) -> Int? {
            file.metadata["\(family).\(key)"]?.asInteger.map { Int($0) }
        }
        let heads = try #require(number("attention.head_count"))
        let width = try #require(number("embedding_length"))
        let headLength = number("attention.key_length") ?? width / heads
        let keys: [(String, Int?)] = [
            ("hidden_size", width), ("num_hidden_layers", number("block_count")),
            ("num_attention_heads", heads),
            ("num_key_value_heads", number("attention.head_count_kv")),
            ("head_dim", headLength), ("intermediate_size", number("feed_forward_length")),
            ("max_position_embeddings", number("context_length")),
            ("vocab_size", file.tensor("token_embd.weight")?.rows),
        ]
        for (key, value) in keys { set(key, "\(value ?? heads)") }
        set("architectures", "[\"\(form.className)\"]")
        set("model_type", "\"\(form.modelType)\"")
        set("hidden_act", "\"\(form.activation)\"")
        let epsilon =
            file.metadata["\(family).attention.layer_norm_rms_epsilon"]
            ?? file.metadata["\(family).attention.layer_norm_epsilon"]
        set(form.epsilon, "\(Float(try #require(epsilon?.asFloat)))")
        if let base = file.metadata["\(family).rope.freq_base"]?.asFloat {
            set("rope_theta", "\(base)")
        }
        if let rotated = number("rope.dimension_count") {
            set("partial_rotary_factor", "\(Double(rotated) / Double(headLength))")
        }
        set("tie_word_embeddings", file.tensor("output.weight") == nil ? "true" : "false")
        for tensor in file.tensors where tensor.name != "rope_freqs.weight" {
            try add(tensor, of: file, form, headLength)
        }
    }

    private mutating func add(
        _ tensor: TensorInfo, of file: GGUFFile, _ form: Form, _ headLength: Int
    ) throws {
        let parts = tensor.name.split(separator: ".").map(String.init)
        let module = parts[parts.count - 2]
        let name = try #require(form.names[module] ?? Self.names[module], "\(tensor.name)")
        let prefix = parts[0] == "blk" ? "model.layers.\(parts[1])." : ""
        var bytes = try file.bytes(of: tensor)
        if form.isPaired, module == "attn_q" || module == "attn_k" {
            let size = tensor.dimensions.count > 1 ? tensor.columns * 4 : 4
            bytes = Self.apart(bytes, rowSize: size, headLength)
        }
        tensors.append(
            Tensor(
                prefix + name + "." + parts[parts.count - 1], "F32",
                tensor.dimensions.reversed(), bytes))
    }

    /// Rows of pairs back to two halves: old[i] = new[2i], old[i + n/2] = new[2i + 1].
    private static func apart(_ bytes: [UInt8], rowSize: Int, _ headLength: Int) -> [UInt8] {
        let rows = stride(from: 0, to: bytes.count, by: rowSize).map { bytes[$0..<$0 + rowSize] }
        return stride(from: 0, to: rows.count, by: headLength).flatMap { head in
            let order =
                Array(stride(from: 0, to: headLength, by: 2))
                + Array(stride(from: 1, to: headLength, by: 2))
            return order.flatMap { rows[head + $0] }
        }
    }
}
