// The defects of each family: what every one of them must refuse, from its own list of tensors and
// keys, and what is wrong in one family only.

import Inference
import TestSupport
import Testing

extension PlanDefect {
    static let ofFamilies =
        ArchitectureDescription.all.values.sorted { $0.name < $1.name }.flatMap(general)
        + phi2 + phi3 + qwen + bitnet + smolLM3

    // MARK: In every family

    private static func general(_ family: ArchitectureDescription) -> [PlanDefect] {
        let name = family.name
        var defects: [PlanDefect] = []
        for rule in family.tensors where isThere(rule) {
            let tensor = rule.name(block: 1)
            defects.append(missing(tensor, in: name))
            defects.append(wide(tensor, in: name))
            if rule.use == .vector { defects.append(halved(tensor, in: name)) }
        }
        let epsilon = family.norm == .rms ? "layer_norm_rms_epsilon" : "layer_norm_epsilon"
        return defects + [
            absent("attention.\(epsilon)", in: name), absent("context_length", in: name),
            absent("attention.head_count", in: name),
            key("attention.\(epsilon)", .float32(0), in: name, .keyRange, says: "0.0"),
            key("attention.head_count_kv", .uint32(3), in: name, .keysInconsistent, says: "3"),
            key("rope.dimension_count", .uint32(7), in: name, .keysInconsistent, says: "even"),
            key("rope.dimension_count", .uint32(64), in: name, .keysInconsistent, says: "64"),
            key(
                "rope.scaling.type", .string("su"), in: name, .unsupportedFeature,
                says: "\"su\"; allowed: none, linear, yarn"),
            key("rope.scaling.factor", .float32(-4), in: name, .keyRange, says: "-4.0"),
            key("rope.scaling.attn_factor", .float32(0), in: name, .keyRange, says: "0.0"),
            key("rope.scaling.attn_factor", .float32(.nan), in: name, .keyRange, says: "nan"),
            key(
                "rope.scaling.original_context_length", .uint32(0), in: name, .keyRange,
                says: "found 0"),
            key(
                "activation_rounding", .string("int4"), in: name, .unsupportedFeature,
                says: "\"int4\"; allowed: "),
            key("activation_rounding", .uint32(8), in: name, .keyType, says: "a string"),
            stranger("blk.0.attn_rel_b.weight", [16], in: name),
        ]
    }

    /// True if the tiny model has the tensor, and needs it.
    private static func isThere(_ rule: TensorRule) -> Bool {
        switch rule.presence {
        case .required: true
        case .unless, .with: rule.role != .queryKeyValueBias && rule.role != .ropeFactorsShort
        case .optional, .allowedWith: false
        }
    }

    // MARK: In one family

    private static let phi2: [PlanDefect] = [
        PlanDefect(
            "the epsilon under the other norm's key", in: "phi2", .missingKey,
            at: "phi2.attention.layer_norm_epsilon", says: "no such key"
        ) {
            $0.remove("phi2.attention.layer_norm_epsilon")
            $0.set("phi2.attention.layer_norm_rms_epsilon", .float32(1e-5))
        },
        stranger("blk.1.ffn_gate.weight", [64, 96], in: "phi2"),
        stranger("blk.0.ffn_norm.weight", [64], in: "phi2"),
        PlanDefect(
            "a fused matrix without its bias", in: "phi2", .missingTensor,
            at: "blk.0.attn_qkv.bias", says: "one of shape [128]"
        ) {
            try? $0.fuse(
                ["q", "k", "v"].map { "blk.0.attn_\($0).weight" }, into: "blk.0.attn_qkv.weight")
        },
        PlanDefect(
            "a fused matrix beside a bias of one part", in: "phi2", .unexpectedTensor,
            at: "blk.0.attn_q.bias", says: "ignoring one"
        ) {
            try? $0.fuse(
                ["q", "k", "v"].map { "blk.0.attn_\($0).weight" }, into: "blk.0.attn_qkv.weight")
            try? $0.fuse(
                ["k", "v"].map { "blk.0.attn_\($0).bias" }, into: "blk.0.attn_qkv.bias")
            $0.change("blk.0.attn_qkv.bias") { bias in
                bias.dimensions = [128]
                bias.data = Array(repeating: 0, count: 512)
            }
        },
    ]

    private static let phi3: [PlanDefect] = [
        stranger("blk.0.attn_qkv.weight", [64, 128], in: "phi3", at: "blk.0.attn_q.weight"),
        PlanDefect(
            "fused inputs with the rows of queries only", in: "phi3", .tensorShape,
            at: "blk.1.attn_qkv.weight", says: "found [64, 64]; allowed: [64, 128]"
        ) { $0.change("blk.1.attn_q.weight") { $0.name = Array("blk.1.attn_qkv.weight".utf8) } },
        PlanDefect(
            "no queries in either form", in: "phi3", .missingTensor, at: "blk.1.attn_q.weight",
            says: "or \"blk.1.attn_qkv.weight\" in its place"
        ) { $0.removeTensor("blk.1.attn_q.weight") },
        shape("blk.0.ffn_up.weight", [64, 96], in: "phi3", says: "allowed: [64, 192]"),
        stranger("blk.0.ffn_gate.weight", [64, 96], in: "phi3"),
        PlanDefect(
            "divisors for long contexts without those for short ones", in: "phi3",
            .missingTensor, at: "rope_factors_short.weight", says: "one of shape [6]"
        ) { $0.addOnes("rope_factors_long.weight", [6]) },
        stranger("rope_factors_short.weight", [6], in: "phi3"),
        PlanDefect(
            "one divisor per dimension", in: "phi3", .tensorShape,
            at: "rope_factors_long.weight", says: "found [12]; allowed: [6]"
        ) { $0.addOnes("rope_factors_long.weight", [12]) },
        key(
            "rope.scaling.type", .string("longrope"), in: "phi3", .missingTensor,
            at: "rope_factors_long.weight", says: "one of shape [6]"),
        PlanDefect(
            "longrope with a factor beside the divisors", in: "phi3", .unsupportedFeature,
            at: "phi3.rope.scaling.factor", says: "4.0; allowed: none, or 1"
        ) {
            $0.set("phi3.rope.scaling.type", .string("longrope"))
            $0.set("phi3.rope.scaling.factor", .float32(4))
        },
        key("expert_count", .uint32(16), in: "phi3", .unsupportedFeature, says: "experts"),
        stranger("rope_freqs.weight", [6], in: "phi3"),
    ]

    private static let qwen: [PlanDefect] = [
        key("rope.dimension_count", .uint32(8), in: "qwen2", .keysInconsistent, says: "whole"),
        key(
            "rope.scaling.type", .string("longrope"), in: "qwen2", .unsupportedFeature,
            says: "longrope"),
        stranger("blk.0.attn_q_norm.weight", [16], in: "qwen2"),
        stranger("blk.0.attn_output.bias", [64], in: "qwen2"),
        stranger("output.bias", [GGUFBuilder.tinyVocabulary.count], in: "qwen2"),
        key("expert_count", .uint32(60), in: "qwen2", .unsupportedFeature, says: "experts"),
        shape("blk.0.attn_k_norm.weight", [64], in: "qwen3", says: "allowed: [24]"),
        key(
            "attention.key_length", .uint32(32), in: "qwen3", .tensorShape,
            at: "blk.0.attn_q.weight", says: "found [64, 96]; allowed: [64, 128]"),
        key(
            "attention.value_length", .uint32(16), in: "qwen3", .tensorShape,
            at: "blk.0.attn_v.weight", says: "allowed: [64, 32]"),
        PlanDefect(
            "no key length of its own", in: "qwen3", .tensorShape, at: "blk.0.attn_q.weight",
            says: "found [64, 96]; allowed: [64, 64]"
        ) {
            $0.remove("qwen3.attention.key_length")
            $0.remove("qwen3.attention.value_length")
        },
    ]

    private static let bitnet: [PlanDefect] = ["bitnet", "bitnet-b1.58"].flatMap { name in
        [
            stranger("output.weight", [64, GGUFBuilder.tinyVocabulary.count], in: name),
            stranger("blk.0.attn_q.bias", [64], in: name),
            stranger("blk.0.attn_qkv.weight", [64, 128], in: name),
            PlanDefect(
                "fused inputs", in: name, .missingTensor, at: "blk.1.attn_q.weight",
                says: "one of shape [64, 64]"
            ) {
                try? $0.fuse(
                    ["q", "k", "v"].map { "blk.1.attn_\($0).weight" },
                    into: "blk.1.attn_qkv.weight")
            },
            PlanDefect(
                "a scale of two numbers", in: name, .tensorShape, at: "blk.1.ffn_down.scale",
                says: "found [2]; allowed: [1]"
            ) { $0.addOnes("blk.1.ffn_down.scale", [2]) },
            shape("blk.0.ffn_sub_norm.weight", [64], in: name, says: "allowed: [96]"),
        ]
    }

    private static let smolLM3: [PlanDefect] = [
        stranger("blk.3.attn_k_norm.weight", [16], in: "smollm3"),
        key("expert_count", .uint32(2), in: "smollm3", .unsupportedFeature, says: "experts"),
    ]

    // MARK: Builders

    private static func key(
        _ suffix: String, _ value: GGUFBuilder.Value, in family: String,
        _ code: InferenceError.Code, at location: String? = nil, says: String
    ) -> PlanDefect {
        let key = "\(family).\(suffix)"
        return PlanDefect("\(suffix) = \(value)", in: family, code, at: location ?? key, says: says)
        { $0.set(key, value) }
    }

    private static func absent(_ suffix: String, in family: String) -> PlanDefect {
        let key = "\(family).\(suffix)"
        return PlanDefect("\(suffix) absent", in: family, .missingKey, at: key, says: "no such key")
        { $0.remove(key) }
    }

    private static func missing(_ tensor: String, in family: String) -> PlanDefect {
        PlanDefect(
            "\(tensor) absent", in: family, .missingTensor, at: tensor, says: "no such tensor"
        ) { $0.removeTensor(tensor) }
    }

    /// A row, or a value, too many.
    private static func wide(_ tensor: String, in family: String) -> PlanDefect {
        PlanDefect(
            "\(tensor) one too wide", in: family, .tensorShape, at: tensor, says: "allowed: ["
        ) {
            $0.change(tensor) { tensor in
                let last = tensor.dimensions.count - 1
                let rowSize = tensor.data.count / Int(tensor.dimensions[last])
                tensor.dimensions[last] += 1
                tensor.data += Array(repeating: 0, count: rowSize)
            }
        }
    }

    private static func halved(_ tensor: String, in family: String) -> PlanDefect {
        PlanDefect(
            "\(tensor) in half precision", in: family, .tensorFormat, at: tensor,
            says: "found F16; allowed: F32"
        ) {
            $0.change(tensor) { tensor in
                tensor.format = 1
                tensor.data = Array(repeating: 0, count: tensor.data.count / 2)
            }
        }
    }

    private static func shape(
        _ tensor: String, _ dimensions: [Int], in family: String, says: String
    ) -> PlanDefect {
        PlanDefect("\(tensor) is \(dimensions)", in: family, .tensorShape, at: tensor, says: says) {
            $0.removeTensor(tensor)
            $0.addOnes(tensor, dimensions)
        }
    }

    /// A tensor the family has no use for; `location` when another one is then named.
    private static func stranger(
        _ tensor: String, _ dimensions: [Int], in family: String, at location: String? = nil
    ) -> PlanDefect {
        PlanDefect(
            "\(tensor) as well", in: family, .unexpectedTensor, at: location ?? tensor,
            says: "ignoring one would change the answers"
        ) { $0.addOnes(tensor, dimensions) }
    }
}

extension GGUFBuilder {
    fileprivate mutating func addOnes(_ name: String, _ dimensions: [Int]) {
        let ones = [Float](repeating: 1, count: dimensions.reduce(1, *))
        tensors.append(
            Tensor(name, dimensions, format: 0, data: WeightEncoding.f32.encode(ones)))
    }
}
