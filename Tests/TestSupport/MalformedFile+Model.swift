// Well-formed files that are no model this engine can run: hyper-parameters, tensors, vocabularies.

extension MalformedFile {
    /// Keys that are missing, of the wrong type, out of range or at odds with each other.
    static let hyperParameters: [MalformedFile] = [
        without("general.architecture"), without("llama.block_count"),
        without("llama.embedding_length"), without("llama.context_length"),
        without("llama.feed_forward_length"), without("llama.attention.head_count"),
        without("llama.attention.layer_norm_rms_epsilon"),
        key("general.architecture", "a number", .uint32(1), code: "key_type_mismatch"),
        key("general.architecture", "unknown", .string("mamba"), code: "unsupported_architecture"),
        key("general.architecture", "empty", .string(""), code: "unsupported_architecture"),
        key("llama.block_count", "text", .string("2"), code: "key_type_mismatch"),
        key("llama.block_count", "0", .uint32(0), code: "key_out_of_range"),
        key("llama.block_count", "2^32 - 1", .uint32(.max), code: "key_out_of_range"),
        key("llama.block_count", "negative", .int32(-2), code: "key_out_of_range"),
        key("llama.block_count", "2^64 - 1", .uint64(.max), code: "key_type_mismatch"),
        key("llama.block_count", "one too many", .uint32(3), code: "missing_tensor", at: "blk.2."),
        key(
            "llama.block_count", "one too few", .uint32(1), code: "unexpected_tensor",
            at: "blk.1."),
        key("llama.embedding_length", "0", .uint32(0), code: "key_out_of_range"),
        key("llama.embedding_length", "a float", .float32(64), code: "key_type_mismatch"),
        key(
            "llama.embedding_length", "half", .uint32(32), code: "keys_inconsistent",
            at: "llama.rope.dimension_count"),
        key("llama.context_length", "0", .uint32(0), code: "key_out_of_range"),
        key("llama.context_length", "2^31", .uint32(1 << 31), code: "key_out_of_range"),
        key("llama.attention.head_count", "0", .uint32(0), code: "key_out_of_range"),
        key("llama.attention.head_count", "5", .uint32(5), code: "keys_inconsistent"),
        key(
            "llama.attention.head_count", "an array for three blocks", .uint32s([4, 4, 4]),
            code: "keys_inconsistent"),
        key("llama.attention.head_count_kv", "3", .uint32(3), code: "keys_inconsistent"),
        key("llama.attention.head_count_kv", "0", .uint32(0), code: "key_out_of_range"),
        key(
            "llama.attention.layer_norm_rms_epsilon", "NaN", .float32(.nan),
            code: "key_out_of_range"),
        key(
            "llama.attention.layer_norm_rms_epsilon", "negative", .float32(-1),
            code: "key_out_of_range"),
        key("llama.rope.dimension_count", "odd", .uint32(15), code: "keys_inconsistent"),
        key(
            "llama.rope.dimension_count", "beyond the head", .uint32(64),
            code: "keys_inconsistent"),
        key("llama.rope.freq_base", "infinite", .float32(.infinity), code: "key_out_of_range"),
        key("llama.rope.freq_base", "0", .float32(0), code: "key_out_of_range"),
        key("llama.rope.scaling.type", "unknown", .string("magic"), code: "unsupported_feature"),
        key("llama.expert_count", "8", .uint32(8), code: "unsupported_feature"),
        key(
            "llama.vocab_size", "another", .uint32(100), code: "tensor_shape_mismatch",
            at: "token_embd.weight"),
    ]

    /// Tensors that are missing, superfluous, or of the wrong shape or format.
    static let tensorSets: [MalformedFile] = [
        llama("no embedding", code: "missing_tensor", mention: "token_embd.weight") {
            $0.removeTensor("token_embd.weight")
        },
        llama("no query matrix", code: "missing_tensor", mention: "blk.1.attn_q.weight") {
            $0.removeTensor("blk.1.attn_q.weight")
        },
        llama("no output norm", code: "missing_tensor", mention: "output_norm.weight") {
            $0.removeTensor("output_norm.weight")
        },
        llama("no tensor at all", code: "missing_tensor", mention: "token_embd.weight") {
            $0.tensors = []
        },
        llama("transposed matrix", code: "tensor_shape_mismatch", mention: "blk.0.ffn_up.weight") {
            $0.change("blk.0.ffn_up.weight") { $0.dimensions.reverse() }
        },
        llama("flattened matrix", code: "tensor_shape_mismatch", mention: "blk.0.attn_k.weight") {
            $0.change("blk.0.attn_k.weight") { $0.dimensions = [64 * 32] }
        },
        llama("norm of half the width", code: "tensor_shape_mismatch", mention: "attn_norm") {
            $0.change("blk.0.attn_norm.weight") { tensor in
                tensor.dimensions = [32]
                tensor.data.removeLast(128)
            }
        },
        llama("matrix of integers", code: "unsupported_tensor_format", mention: "I32") {
            $0.change("blk.0.attn_v.weight") { $0.format = 26 }
        },
        llama("matrix of doubles", code: "unsupported_tensor_format", mention: "F64") {
            $0.change("blk.0.attn_v.weight") { tensor in
                tensor.format = 28
                tensor.data += tensor.data
            }
        },
        llama("norm stored as F16", code: "unsupported_tensor_format", mention: "F16") {
            $0.change("output_norm.weight") { tensor in
                tensor.format = 1
                tensor.data.removeLast(128)
            }
        },
        llama("tensor of another family", code: "unexpected_tensor", mention: "ffn_sub_norm") {
            $0.tensors.append(
                .init("blk.0.ffn_sub_norm.weight", [8], format: 0, data: zeros(32)))
        },
    ]

    /// Vocabularies that contradict themselves or the model.
    static let vocabularies: [MalformedFile] = [
        without("tokenizer.ggml.model", code: "tokenizer_rejected"),
        without("tokenizer.ggml.tokens", code: "missing_key", mention: "vocab_size"),
        without("tokenizer.ggml.scores", code: "tokenizer_rejected"),
        key(
            "tokenizer.ggml.model", "unknown", .string("magic"), code: "tokenizer_rejected",
            at: "magic"),
        key("tokenizer.ggml.model", "a number", .uint32(1), code: "tokenizer_rejected"),
        key(
            "tokenizer.ggml.tokens", "numbers", .uint32s([UInt32](repeating: 1, count: tokenCount)),
            code: "tokenizer_rejected"),
        key(
            "tokenizer.ggml.tokens", "too few", .strings(["<unk>", "<s>", "</s>"]),
            code: "tensor_shape_mismatch", at: "token_embd.weight"),
        key("tokenizer.ggml.scores", "too few", .float32s([1, 2, 3]), code: "tokenizer_rejected"),
        key(
            "tokenizer.ggml.scores", "NaN",
            .float32s([Float](repeating: .nan, count: tokenCount)), code: "tokenizer_rejected"),
        key("tokenizer.ggml.token_type", "too few", .int32s([1]), code: "tokenizer_rejected"),
        key(
            "tokenizer.ggml.token_type", "unknown",
            .int32s([Int32](repeating: 77, count: tokenCount)), code: "tokenizer_rejected"),
        key(
            "tokenizer.ggml.bos_token_id", "beyond the vocabulary", .uint32(100_000),
            code: "tokenizer_mismatch"),
        key("tokenizer.ggml.eos_token_id", "text", .string("</s>"), code: "tokenizer_mismatch"),
    ]

    private static let tokenCount = GGUFBuilder.tinyVocabulary.count

    private static func without(
        _ key: String, code: String = "missing_key", mention: String? = nil
    ) -> MalformedFile {
        llama("without \(key)", code: code, mention: mention ?? key) { $0.remove(key) }
    }

    private static func key(
        _ key: String, _ what: String, _ value: GGUFBuilder.Value, code: String,
        at mention: String? = nil
    ) -> MalformedFile {
        llama("\(key) is \(what)", code: code, mention: mention ?? key) { $0.set(key, value) }
    }
}
