// Builds models in the form that transformers writes: config.json, SafeTensors weights (one file or
// shards with an index) and tokenizer.json.
//
// The tiny models are written from the modelling code's names and shapes, not from the engine's
// descriptions, so that a description that is wrong does not agree with itself. Each key of
// config.json is JSON text, so that a test can write any nonsense there.

/// A model folder in the making. A value: copy it, break the copy.
package struct CheckpointBuilder: Sendable {
    /// One tensor.
    package struct Tensor: Sendable {
        /// As the modelling code calls it.
        package var name: String
        /// As SafeTensors calls it.
        package var dtype: String
        /// Rows first.
        package var shape: [Int]
        /// Stored bytes.
        package var data: [UInt8]

        /// A tensor of these parts.
        package init(_ name: String, _ dtype: String, _ shape: [Int], _ data: [UInt8]) {
            self.name = name
            self.dtype = dtype
            self.shape = shape
            self.data = data
        }
    }

    /// Keys of config.json with JSON text.
    package var configuration: [(key: String, value: String)] = []
    /// In the order of the files.
    package var tensors: [Tensor] = []
    /// tokenizer.json.
    package var tokenizer = SmallTokenizerJSON().bytes
    /// Further files by name, or replacements of those that are built; nil removes one.
    package var others: [String: [UInt8]?] = [:]

    /// Starts with nothing but a tokenizer.
    package init() {}

    /// Replaces a key of config.json, or adds it.
    package mutating func set(_ key: String, _ value: String) {
        remove(key)
        configuration.append((key, value))
    }

    /// Removes a key of config.json.
    package mutating func remove(_ key: String) { configuration.removeAll { $0.key == key } }

    /// Changes the tensor with this name; does nothing if there is none.
    package mutating func change(_ name: String, _ body: (inout Tensor) -> Void) {
        guard let index = tensors.firstIndex(where: { $0.name == name }) else { return }
        body(&tensors[index])
    }

    /// Removes the tensor with this name.
    package mutating func removeTensor(_ name: String) { tensors.removeAll { $0.name == name } }

    /// File name -> content.
    package func files(shardCount: Int = 1) -> [String: [UInt8]] {
        let members = configuration.map { "\"\($0.key)\":\($0.value)" }
        var files = [
            "config.json": Array(("{" + members.joined(separator: ",") + "}").utf8),
            "tokenizer.json": tokenizer,
        ]
        if shardCount == 1 {
            files["model.safetensors"] = Self.weights(tensors)
        } else {
            var map: [String] = []
            for shard in 0..<shardCount {
                let part = tensors.indices.filter { $0 % shardCount == shard }.map { tensors[$0] }
                let name = Self.shardName(shard, of: shardCount)
                files[name] = Self.weights(part)
                map += part.map { "\"\($0.name)\":\"\(name)\"" }
            }
            files["model.safetensors.index.json"] = Array(
                ("{\"metadata\":{},\"weight_map\":{" + map.joined(separator: ",") + "}}").utf8)
        }
        return files.merging(others.compactMapValues { $0 }) { $1 }
            .filter { name, _ in others[name].map { $0 != nil } ?? true }
    }

    /// The name of a shard, counted from 0.
    package static func shardName(_ index: Int, of count: Int) -> String {
        MalformedModelFolder.partName(index, of: count).replacing("m-", with: "model-")
            .replacing(".gguf", with: ".safetensors")
    }

    private static func weights(_ tensors: [Tensor]) -> [UInt8] {
        var builder = SafeTensorsBuilder()
        for tensor in tensors {
            builder.add(tensor.name, tensor.dtype, tensor.shape, data: tensor.data)
        }
        return builder.build()
    }
}

// MARK: Tiny models

extension CheckpointBuilder {
    /// Tokens, embedding width, query heads, length of a head, feed-forward width, blocks.
    package static let tinySizes = (
        vocabulary: 320, width: 64, heads: 4, head: 16, wide: 96, blocks: 2
    )

    /// A valid random model of a class of transformers.
    package static func tiny(_ className: String, seed: UInt64 = 1) -> CheckpointBuilder {
        var builder = CheckpointBuilder()
        var random = SeededGenerator(seed: seed)
        builder.addTinyKeys(className)
        let sizes = tinySizes
        builder.addMatrix("model.embed_tokens", sizes.vocabulary, sizes.width, &random)
        for block in 0..<builder.tinyBlockCount {
            builder.addTinyBlock(className, "model.layers.\(block).", &random)
        }
        switch className {
        case "PhiForCausalLM":
            builder.addNorm("model.final_layernorm", sizes.width, &random, hasBias: true)
            builder.addMatrix(
                "lm_head", sizes.vocabulary, sizes.width, &random, hasBias: true)
        case "BitNetForCausalLM": builder.addNorm("model.norm", sizes.width, &random)
        default:
            builder.addNorm("model.norm", sizes.width, &random)
            builder.addMatrix("lm_head", sizes.vocabulary, sizes.width, &random)
        }
        return builder
    }

    private var tinyBlockCount: Int {
        configuration.first { $0.key == "num_hidden_layers" }.flatMap { Int($0.value) } ?? 0
    }

    private mutating func addTinyKeys(_ className: String) {
        let types = [
            "LlamaForCausalLM": "llama", "MistralForCausalLM": "mistral",
            "SmolLM3ForCausalLM": "smollm3", "Qwen2ForCausalLM": "qwen2",
            "Qwen3ForCausalLM": "qwen3", "PhiForCausalLM": "phi", "Phi3ForCausalLM": "phi3",
            "BitNetForCausalLM": "bitnet",
        ]
        set("architectures", "[\"\(className)\"]")
        set("model_type", "\"\(types[className] ?? "")\"")
        let isPhi = className == "PhiForCausalLM"
        let isBitNet = className == "BitNetForCausalLM"
        let numbers = [
            ("hidden_size", Self.tinySizes.width), ("vocab_size", Self.tinySizes.vocabulary),
            ("num_hidden_layers", className == "SmolLM3ForCausalLM" ? 4 : Self.tinySizes.blocks),
            ("num_attention_heads", Self.tinySizes.heads),
            ("num_key_value_heads", isPhi ? Self.tinySizes.heads : Self.tinySizes.heads / 2),
            ("intermediate_size", Self.tinySizes.wide), ("max_position_embeddings", 128),
        ]
        for (key, value) in numbers { set(key, "\(value)") }
        set("hidden_act", isPhi ? "\"gelu_new\"" : isBitNet ? "\"relu2\"" : "\"silu\"")
        set(isPhi ? "layer_norm_eps" : "rms_norm_eps", "1e-05")
        set("rope_theta", "10000.0")
        set("tie_word_embeddings", isBitNet ? "true" : "false")
        set("bos_token_id", "0")
        set("eos_token_id", "[1, 2]")
        set("pad_token_id", "null")
        if isPhi { set("partial_rotary_factor", "0.5") }
        // Without the key, the class has heads of 128.
        if className == "Qwen3ForCausalLM" { set("head_dim", "\(Self.tinySizes.head)") }
        if isBitNet {
            set(
                "quantization_config",
                #"{"quant_method":"bitnet","linear_class":"autobitlinear"}"#)
        }
    }

    private mutating func addTinyBlock(
        _ className: String, _ prefix: String, _ random: inout SeededGenerator
    ) {
        let sizes = Self.tinySizes
        let isPhi = className == "PhiForCausalLM"
        let isPhi3 = className == "Phi3ForCausalLM"
        let isPacked = className == "BitNetForCausalLM"
        let keyWidth = isPhi ? sizes.width : sizes.width / 2
        let attention = prefix + "self_attn."
        let mlp = prefix + "mlp."
        addNorm(prefix + "input_layernorm", sizes.width, &random, hasBias: isPhi)
        if isPhi3 {
            addMatrix(attention + "qkv_proj", sizes.width + 2 * keyWidth, sizes.width, &random)
        } else {
            let hasBias = isPhi || className == "Qwen2ForCausalLM"
            for (name, rows) in [("q", sizes.width), ("k", keyWidth), ("v", keyWidth)] {
                addMatrix(
                    attention + name + "_proj", rows, sizes.width, &random, hasBias: hasBias,
                    isPacked: isPacked)
            }
        }
        if className == "Qwen3ForCausalLM" {
            addNorm(attention + "q_norm", sizes.head, &random)
            addNorm(attention + "k_norm", sizes.head, &random)
        }
        if isPacked { addNorm(attention + "attn_sub_norm", sizes.width, &random) }
        addMatrix(
            attention + (isPhi ? "dense" : "o_proj"), sizes.width, sizes.width, &random,
            hasBias: isPhi, isPacked: isPacked)
        if isPhi {
            addMatrix(mlp + "fc1", sizes.wide, sizes.width, &random, hasBias: true)
            addMatrix(mlp + "fc2", sizes.width, sizes.wide, &random, hasBias: true)
            return
        }
        addNorm(prefix + "post_attention_layernorm", sizes.width, &random)
        for name in isPhi3 ? ["gate_up"] : ["gate", "up"] {
            addMatrix(
                mlp + name + "_proj", isPhi3 ? 2 * sizes.wide : sizes.wide, sizes.width, &random,
                isPacked: isPacked)
        }
        if isPacked { addNorm(mlp + "ffn_sub_norm", sizes.wide, &random) }
        addMatrix(mlp + "down_proj", sizes.width, sizes.wide, &random, isPacked: isPacked)
    }

    private mutating func addMatrix(
        _ name: String, _ rows: Int, _ columns: Int, _ random: inout SeededGenerator,
        hasBias: Bool = false, isPacked: Bool = false
    ) {
        if isPacked {
            let bytes = (0..<rows / 4 * columns).map { _ in
                // Codes 0, 1 and 2 in each of four places.
                (0..<4).reduce(UInt8(0)) { byte, _ in byte << 2 | UInt8(random.below(3)) }
            }
            tensors.append(Tensor(name + ".weight", "U8", [rows / 4, columns], bytes))
            tensors.append(
                Tensor(name + ".weight_scale", "BF16", [1], WeightEncoding.bf16.encode([0.125])))
            return
        }
        let scale = (3 / Float(columns)).squareRoot()
        let values = (0..<rows * columns).map { _ in random.uniform() * scale }
        tensors.append(
            Tensor(name + ".weight", "BF16", [rows, columns], WeightEncoding.bf16.encode(values)))
        if hasBias {
            let values = (0..<rows).map { _ in random.uniform() / 4 }
            tensors.append(
                Tensor(name + ".bias", "F16", [rows], WeightEncoding.f16.encode(values)))
        }
    }

    private mutating func addNorm(
        _ name: String, _ width: Int, _ random: inout SeededGenerator, hasBias: Bool = false
    ) {
        let values = (0..<width).map { _ in 1 + random.uniform() / 8 }
        tensors.append(
            Tensor(name + ".weight", "BF16", [width], WeightEncoding.bf16.encode(values)))
        if hasBias {
            let values = (0..<width).map { _ in random.uniform() / 4 }
            tensors.append(
                Tensor(name + ".bias", "F32", [width], WeightEncoding.f32.encode(values)))
        }
    }
}
