// The defects of the compatibility layer: one change to a valid tiny model each, with the code and
// the place the refusal must name.

import Inference
import TestSupport
import Testing

/// One way a structurally sound file can be unfit.
struct PlanDefect: Sendable, CustomTestStringConvertible {
    let name: String
    /// The family whose tiny model is broken.
    let architecture: String
    let code: InferenceError.Code
    /// What `location` must be.
    let location: String
    /// A part of the message, so that a refusal for another reason does not pass.
    let says: String
    let change: @Sendable (inout GGUFBuilder) -> Void

    var testDescription: String { "\(architecture): \(name)" }

    init(
        _ name: String, in architecture: String = "llama", _ code: InferenceError.Code,
        at location: String, says: String,
        _ change: @escaping @Sendable (inout GGUFBuilder) -> Void
    ) {
        self.name = name
        self.architecture = architecture
        self.code = code
        self.location = location
        self.says = says
        self.change = change
    }

    /// The key `llama.<suffix>` set to `value`.
    private static func key(
        _ suffix: String, _ value: GGUFBuilder.Value, _ code: InferenceError.Code, says: String,
        at location: String? = nil
    ) -> PlanDefect {
        PlanDefect(
            "\(suffix) = \(value)", code, at: location ?? "llama.\(suffix)", says: says
        ) { $0.set("llama.\(suffix)", value) }
    }

    /// The key `llama.<suffix>` removed.
    private static func absent(_ suffix: String) -> PlanDefect {
        PlanDefect(
            "\(suffix) absent", .missingKey, at: "llama.\(suffix)", says: "no such key"
        ) { $0.remove("llama.\(suffix)") }
    }

    static let architectureKey: [PlanDefect] = [
        PlanDefect(
            "architecture absent", .missingKey, at: "general.architecture", says: "llama"
        ) { $0.remove("general.architecture") },
        PlanDefect(
            "architecture is a number", .keyType, at: "general.architecture", says: "uint32"
        ) { $0.set("general.architecture", .uint32(1)) },
        PlanDefect(
            "architecture unknown", .unsupportedArchitecture, at: "general.architecture",
            says: "\"mamba\"; allowed: bitnet, bitnet-25, bitnet-b1.58, llama, phi2, phi3, "
        ) { $0.set("general.architecture", .string("mamba")) },
        PlanDefect(
            "architecture with control characters", .unsupportedArchitecture,
            at: "general.architecture", says: "\"a?[31mb\""
        ) { $0.set("general.architecture", .string("a\u{1B}[31mb")) },
        key("expert_count", .uint32(8), .unsupportedFeature, says: "8: a mixture of experts"),
    ]

    static let keys: [PlanDefect] = [
        absent("block_count"), absent("embedding_length"), absent("context_length"),
        absent("feed_forward_length"), absent("attention.head_count"),
        absent("attention.layer_norm_rms_epsilon"),
        key("block_count", .uint32(0), .keyRange, says: "found 0; allowed: 1 to 1024"),
        key("block_count", .uint32(.max), .keyRange, says: "4294967295"),
        key("block_count", .string("2"), .keyType, says: "\"2\"; allowed: a whole number"),
        key("block_count", .float32(2), .keyType, says: "2.0"),
        key("block_count", .bool(true), .keyType, says: "bool"),
        key("block_count", .int32(-2), .keyRange, says: "-2"),
        key("block_count", .uint64(.max), .keyType, says: "uint64"),
        key("block_count", .uint32s([2]), .keyType, says: "array"),
        key("embedding_length", .uint32(0), .keyRange, says: "found 0"),
        key("embedding_length", .uint64(1 << 62), .keyRange, says: "4611686018427387904"),
        key("context_length", .uint32(0), .keyRange, says: "found 0"),
        key("context_length", .uint32(.max), .keyRange, says: "16777216"),
        key("feed_forward_length", .uint32(0), .keyRange, says: "found 0"),
        key(
            "feed_forward_length", .uint32s([96, 96, 96]), .keysInconsistent,
            says: "an array of 3; allowed: one number, or one for each of the 2 blocks"),
        key("feed_forward_length", .uint32s([96, 0]), .keyRange, says: "found 0"),
        key("feed_forward_length", .uint32s([]), .keysInconsistent, says: "an array of 0"),
        key("attention.head_count", .uint32(0), .keyRange, says: "found 0"),
        key(
            "attention.head_count", .uint32(5), .keysInconsistent, says: "64 over 5 heads"),
        key("attention.head_count", .strings(["a", "b"]), .keyType, says: "type string"),
        key("attention.head_count_kv", .uint32(0), .keyRange, says: "found 0"),
        key(
            "attention.head_count_kv", .uint32(3), .keysInconsistent,
            says: "\"llama.attention.head_count\" 4"),
        key(
            "attention.head_count_kv", .uint32(8), .keysInconsistent,
            says: "a multiple of the key-value heads"),
        key("attention.key_length", .uint32(0), .keyRange, says: "found 0"),
        key("attention.key_length", .uint32(1 << 20), .keyRange, says: "1048576"),
        key("attention.value_length", .uint32(0), .keyRange, says: "found 0"),
        key(
            "attention.layer_norm_rms_epsilon", .float32(.nan), .keyRange, says: "nan"),
        key("attention.layer_norm_rms_epsilon", .float32(-1), .keyRange, says: "-1.0"),
        key("attention.layer_norm_rms_epsilon", .float32(0), .keyRange, says: "0.0"),
        key("attention.layer_norm_rms_epsilon", .uint32(1), .keyType, says: "floating-point"),
        key("vocab_size", .uint32(0), .keyRange, says: "found 0"),
        key("vocab_size", .uint32(.max), .keyRange, says: "4294967295"),
    ]

    static let rope: [PlanDefect] = [
        key("rope.dimension_count", .uint32(0), .keyRange, says: "found 0"),
        key("rope.dimension_count", .uint32(15), .keysInconsistent, says: "an even number"),
        key("rope.dimension_count", .uint32(18), .keysInconsistent, says: "at most the 16"),
        key("rope.dimension_count", .uint32(8), .keysInconsistent, says: "rotates whole heads"),
        key("rope.freq_base", .float32(0), .keyRange, says: "0.0"),
        key("rope.freq_base", .float32(-10_000), .keyRange, says: "-10000.0"),
        key("rope.freq_base", .float32(.infinity), .keyRange, says: "inf"),
        key("rope.freq_base", .uint32(10_000), .keyType, says: "floating-point"),
        key("rope.scaling.type", .string("su"), .unsupportedFeature, says: "none, linear, yarn"),
        key("rope.scaling.type", .string("longrope"), .unsupportedFeature, says: "longrope"),
        key("rope.scaling.type", .uint32(1), .keyType, says: "a string"),
        key("rope.scaling.factor", .float32(-2), .keyRange, says: "-2.0"),
        key("rope.scaling.factor", .float32(.nan), .keyRange, says: "nan"),
        key("rope.scale_linear", .float32(.infinity), .keyRange, says: "inf"),
    ]

    static let tensors: [PlanDefect] = [
        missing("token_embd.weight"), missing("output_norm.weight"),
        missing("blk.0.attn_norm.weight"), missing("blk.1.attn_q.weight"),
        missing("blk.1.ffn_down.weight"),
        shape("token_embd.weight", [32, 64], says: "found [32, 64]; allowed: [64, "),
        shape("blk.0.attn_q.weight", [64, 32], says: "allowed: [64, 64]"),
        shape("blk.0.attn_k.weight", [32, 64], says: "allowed: [64, 32]"),
        shape("blk.1.ffn_down.weight", [64, 96], says: "allowed: [96, 64]"),
        shape("blk.1.attn_norm.weight", [32, 2], says: "allowed: [64]"),
        shape("blk.1.attn_output.weight", [64, 32, 2], says: "found [64, 32, 2]"),
        PlanDefect(
            "one block more in the file than in the key", .unexpectedTensor,
            at: "blk.1.attn_norm.weight", says: "with 1 blocks"
        ) { $0.set("llama.block_count", .uint32(1)) },
        PlanDefect(
            "one block more in the key than in the file", .missingTensor,
            at: "blk.2.attn_norm.weight", says: "one of shape [64]"
        ) { $0.set("llama.block_count", .uint32(3)) },
        PlanDefect(
            "a norm of another family", .unexpectedTensor, at: "blk.0.attn_q_norm.weight",
            says: "ignoring one would change the answers"
        ) { $0.tensors.append(vector("blk.0.attn_q_norm.weight", 16)) },
        PlanDefect(
            "rope factors of the wrong length", .tensorShape, at: "rope_freqs.weight",
            says: "found [16]; allowed: [8]"
        ) { $0.tensors.append(vector("rope_freqs.weight", 16)) },
        PlanDefect(
            "a bias of the wrong length", .tensorShape, at: "blk.0.attn_k.bias",
            says: "found [64]; allowed: [32]"
        ) { $0.tensors.append(vector("blk.0.attn_k.bias", 64)) },
        format("blk.0.attn_q.weight", 19, bytesPerBlock: 50, says: "IQ1_S; allowed: F32, F16"),
        format("blk.1.ffn_up.weight", 26, bytesPerBlock: 4, says: "I32"),
        format("token_embd.weight", 28, bytesPerBlock: 8, says: "F64"),
        format("blk.0.attn_k.weight", 39, bytesPerBlock: 17, says: "MXFP4; allowed: F32, F16"),
        PlanDefect(
            "I2_S rows that begin between two groups of 32", .tensorShape,
            at: "blk.0.attn_q.weight",
            says: "found 48 columns; allowed: a multiple of 32 in format I2_S"
        ) {
            var shape = TinyLlamaShape()
            (shape.embeddingLength, shape.headCount, shape.headCountKV) = (48, 3, 3)
            $0 = GGUFBuilder.tinyLlama(shape: shape)
            $0.change("blk.0.attn_q.weight") { tensor in
                tensor.format = 36
                tensor.data = Array(repeating: 0, count: 48 * 48 / 4 + 32)
            }
        },
        PlanDefect(
            "a norm in half precision", .tensorFormat, at: "output_norm.weight",
            says: "found F16; allowed: F32"
        ) {
            $0.change("output_norm.weight") { tensor in
                tensor.format = 1
                tensor.data = Array(repeating: 0, count: 128)
            }
        },
    ]

    static let vocabulary: [PlanDefect] = [
        PlanDefect(
            "no vocabulary", .tokenizer, at: "tokenizer.ggml.model", says: "no such key"
        ) { $0.remove("tokenizer.ggml.model") },
        PlanDefect(
            "unknown tokenizer", .tokenizer, at: "tokenizer.ggml.model", says: "wordle"
        ) { $0.set("tokenizer.ggml.model", .string("wordle")) },
        PlanDefect(
            "no token list and no size", .missingKey, at: "llama.vocab_size",
            says: "\"llama.vocab_size\" or \"tokenizer.ggml.vocab_size\""
        ) { $0.remove("tokenizer.ggml.tokens") },
        PlanDefect(
            "a vocabulary size unlike the embedding's rows", .tensorShape,
            at: "token_embd.weight", says: "allowed: [64, 300]"
        ) { $0.set("llama.vocab_size", .uint32(300)) },
        special("bos", .uint32(60_000), says: "found 60000; allowed: a token id, 0 to "),
        special("eos", .int32(-1), says: "found -1"),
        special("eot", .string("</s>"), says: "type string"),
    ]

    static let llama = architectureKey + keys + rope + tensors + vocabulary

    // MARK: Builders

    private static func missing(_ tensor: String) -> PlanDefect {
        PlanDefect(
            "\(tensor) absent", .missingTensor, at: tensor, says: "no such tensor"
        ) { $0.removeTensor(tensor) }
    }

    private static func shape(_ tensor: String, _ dimensions: [UInt64], says: String) -> PlanDefect
    {
        PlanDefect("\(tensor) is \(dimensions)", .tensorShape, at: tensor, says: says) {
            $0.change(tensor) { tensor in
                tensor.dimensions = dimensions
                let count = dimensions.reduce(1, *)
                tensor.data = Array(repeating: 0, count: Int(count) * 4)
            }
        }
    }

    /// Stores the tensor's shape in another format, padded up to whole blocks of zeros.
    private static func format(
        _ tensor: String, _ id: UInt32, bytesPerBlock: Int, says: String
    ) -> PlanDefect {
        PlanDefect("\(tensor) in format \(id)", .tensorFormat, at: tensor, says: says) {
            $0.set("llama.embedding_length", .uint32(256))
            $0.set("llama.attention.head_count", .uint32(16))
            $0.set("llama.attention.head_count_kv", .uint32(8))
            $0.set("llama.feed_forward_length", .uint32(256))
            let wide = TinyLlamaShape(width: 256)
            $0.tensors = GGUFBuilder.tinyLlama(shape: wide).tensors
            $0.change(tensor) { tensor in
                tensor.format = id
                let values = Int(tensor.dimensions.reduce(1, *))
                let valuesPerBlock = [19: 256, 39: 32][id] ?? 1
                tensor.data = Array(
                    repeating: 0, count: values / valuesPerBlock * bytesPerBlock)
            }
        }
    }

    private static func special(
        _ name: String, _ value: GGUFBuilder.Value, says: String
    ) -> PlanDefect {
        let key = "tokenizer.ggml.\(name)_token_id"
        return PlanDefect("\(key) = \(value)", .tokenizerMismatch, at: key, says: says) {
            $0.set(key, value)
        }
    }

    private static func vector(_ name: String, _ length: Int) -> GGUFBuilder.Tensor {
        GGUFBuilder.Tensor(
            name, [length], format: 0,
            data: WeightEncoding.f32.encode(Array(repeating: 1, count: length)))
    }
}

extension TinyLlamaShape {
    /// Every width of the model `width`, so that rows fit formats with blocks of 256.
    fileprivate init(width: Int) {
        self.init()
        embeddingLength = width
        headCount = 16
        headCountKV = 8
        feedForwardLength = width
    }
}
