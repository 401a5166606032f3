// A complete llama model small enough to build in a test: random weights, a real
// SentencePiece-style vocabulary with byte fallback, every key and tensor that the architecture
// needs.
//
// Guarantees: the same shape and seed give the same bytes. The text it generates is noise.
// Change the returned builder to break one thing at a time.

/// Sizes of a tiny llama. The defaults fit every block format of 32 values.
package struct TinyLlamaShape: Sendable {
    /// Transformer blocks.
    package var blockCount = 2
    /// Width of the residual stream.
    package var embeddingLength = 64
    /// Attention heads; the embedding length is divided among them.
    package var headCount = 4
    /// Heads of keys and values.
    package var headCountKV = 2
    /// Width of the feed-forward layer.
    package var feedForwardLength = 96
    /// Positions.
    package var contextLength = 128
    /// False: no `output.weight`, the embedding serves for both.
    package var hasOutput = true

    /// The default sizes.
    package init() {}
}

extension GGUFBuilder {
    /// Tokens of the tiny model: 3 special, 256 bytes, then pieces.
    package static let tinyVocabulary: [String] = {
        let bytes = (0..<256).map { byte in
            "<0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) + ">"
        }
        let letters = "\u{2581}etaoinshrdlcumwfgypbvkjxqz.,!?'\"-ETAOINSHRD0123456789".map(
            String.init)
        let merges = [
            "\u{2581}t", "he", "\u{2581}the", "in", "er", "\u{2581}a", "an", "\u{2581}an", "and",
            "\u{2581}and", "on", "re", "ed", "ing", "\u{2581}w", "\u{2581}s", "is", "\u{2581}is",
            "it", "\u{2581}it", "ou", "at", "en", "es", "or", "\u{2581}o", "th", "\u{2581}h", "ll",
            "nd", "é", "ü", "日", "本",
        ]
        return ["<unk>", "<s>", "</s>"] + bytes + letters + merges
    }()

    /// A valid random llama model. Matrices are stored as `encoding`, norms as F32.
    package static func tinyLlama(
        seed: UInt64 = 1, shape: TinyLlamaShape = TinyLlamaShape(), encoding: WeightEncoding = .f32
    ) -> GGUFBuilder {
        var builder = GGUFBuilder()
        builder.addTinyKeys(shape)
        builder.addTinyVocabulary()
        builder.addTinyTensors(shape, encoding, seed: seed)
        return builder
    }

    private mutating func addTinyKeys(_ shape: TinyLlamaShape) {
        let headLength = shape.embeddingLength / shape.headCount
        add("general.architecture", .string("llama"))
        add("general.name", .string("tiny random llama"))
        add("llama.context_length", .uint32(UInt32(shape.contextLength)))
        add("llama.embedding_length", .uint32(UInt32(shape.embeddingLength)))
        add("llama.block_count", .uint32(UInt32(shape.blockCount)))
        add("llama.feed_forward_length", .uint32(UInt32(shape.feedForwardLength)))
        add("llama.attention.head_count", .uint32(UInt32(shape.headCount)))
        add("llama.attention.head_count_kv", .uint32(UInt32(shape.headCountKV)))
        add("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
        add("llama.rope.dimension_count", .uint32(UInt32(headLength)))
        add("llama.rope.freq_base", .float32(10_000))
    }

    private mutating func addTinyVocabulary() {
        let tokens = Self.tinyVocabulary
        // Longer merges win: scores fall with the index, as a trained vocabulary's do.
        let scores = tokens.indices.map { $0 < 259 ? 0 : -Float($0 - 258) }
        let types: [Int32] = tokens.indices.map { index in
            switch index {
            case 0: 2  // unknown
            case 1, 2: 3  // control
            case 3..<259: 6  // byte
            default: 1  // normal
            }
        }
        add("tokenizer.ggml.model", .string("llama"))
        add("tokenizer.ggml.tokens", .strings(tokens))
        add("tokenizer.ggml.scores", .float32s(scores))
        add("tokenizer.ggml.token_type", .int32s(types))
        add("tokenizer.ggml.bos_token_id", .uint32(1))
        add("tokenizer.ggml.eos_token_id", .uint32(2))
        add("tokenizer.ggml.unknown_token_id", .uint32(0))
        add("tokenizer.ggml.add_bos_token", .bool(true))
    }

    private mutating func addTinyTensors(
        _ shape: TinyLlamaShape, _ encoding: WeightEncoding, seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        let width = shape.embeddingLength
        let keyWidth = width / shape.headCount * shape.headCountKV
        let wide = shape.feedForwardLength
        let vocabulary = Self.tinyVocabulary.count

        func matrix(_ name: String, _ columns: Int, _ rows: Int) -> Tensor {
            let scale = (3 / Float(columns)).squareRoot()
            let values = (0..<columns * rows).map { _ in random.uniform() * scale }
            return Tensor(
                name, [columns, rows], format: encoding.rawValue, data: encoding.encode(values))
        }
        func norm(_ name: String) -> Tensor {
            let values = (0..<width).map { _ in 1 + random.uniform() / 8 }
            return Tensor(name, [width], format: 0, data: WeightEncoding.f32.encode(values))
        }

        tensors.append(matrix("token_embd.weight", width, vocabulary))
        for block in 0..<shape.blockCount {
            let prefix = "blk.\(block)."
            tensors.append(norm(prefix + "attn_norm.weight"))
            tensors.append(matrix(prefix + "attn_q.weight", width, width))
            tensors.append(matrix(prefix + "attn_k.weight", width, keyWidth))
            tensors.append(matrix(prefix + "attn_v.weight", width, keyWidth))
            tensors.append(matrix(prefix + "attn_output.weight", width, width))
            tensors.append(norm(prefix + "ffn_norm.weight"))
            tensors.append(matrix(prefix + "ffn_gate.weight", width, wide))
            tensors.append(matrix(prefix + "ffn_up.weight", width, wide))
            tensors.append(matrix(prefix + "ffn_down.weight", wide, width))
        }
        tensors.append(norm("output_norm.weight"))
        if shape.hasOutput { tensors.append(matrix("output.weight", width, vocabulary)) }
    }
}
