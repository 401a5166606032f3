// Checkpoints saved from the base class, and packed ternary weights outside BitNet's class.

import Inference
import ModelFiles
import TestSupport
import Testing

struct BaseModelTests {
    private func bare(_ className: String) -> CheckpointBuilder {
        var builder = CheckpointBuilder.tiny(className)
        builder.removeTensor("lm_head.weight")
        for index in builder.tensors.indices {
            builder.tensors[index].name = String(
                builder.tensors[index].name.trimmingPrefix("model."))
        }
        return builder
    }

    @Test(arguments: [
        "LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM", "Phi3ForCausalLM",
        "SmolLM3ForCausalLM",
    ])
    func namesWithoutTheirFirstPartLoad(_ className: String) throws {
        var builder = bare(className)
        builder.set("tie_word_embeddings", "false")
        #expect(try builder.plan().textRefusal?.contains("output matrix") == true)
        builder.set("tie_word_embeddings", "true")
        #expect(try builder.plan().textRefusal == nil)
        builder.set("architectures", "[\"\(className.replacing("ForCausalLM", with: "Model"))\"]")
        #expect(try builder.plan().textRefusal != nil)
    }

    @Test func theWeightsAreThoseUnderTheWholeNames() throws {
        let whole = try CheckpointBuilder.tiny("LlamaForCausalLM").plan()
        var builder = bare("LlamaForCausalLM")
        builder.set("tie_word_embeddings", "true")
        let plan = try builder.plan()
        let roles: [TensorRole] = [.tokenEmbedding, .outputNorm, .query, .down]
        for role in roles {
            let (tensor, other) = (plan.tensor(role), whole.tensor(role))
            #expect(tensor?.dimensions == other?.dimensions)
            #expect(tensor.map { "model." + $0.name } == other?.name)
        }
    }

    /// Packed rows of heads change places as those of wide weights do.
    @Test func packedRowsOfHeadsAreReordered() throws {
        var wide = CheckpointBuilder.tiny("LlamaForCausalLM")
        var packed = wide
        packed.set("quantization_config", #"{"quant_method":"bitnet"}"#)
        var random = SeededGenerator(seed: 9)
        for index in wide.tensors.indices {
            let tensor = wide.tensors[index]
            guard tensor.name.hasSuffix("_proj.weight") else { continue }
            let (rows, columns) = (tensor.shape[0], tensor.shape[1])
            let codes = (0..<rows * columns).map { _ in UInt8(random.below(3)) }
            wide.tensors[index] = .init(
                tensor.name, "F32", tensor.shape,
                WeightEncoding.f32.encode(codes.map { Float($0) - 1 }))
            let quarter = rows / 4 * columns
            packed.tensors[index] = .init(
                tensor.name, "U8", [rows / 4, columns],
                (0..<quarter).map { place in
                    (0..<4).reduce(0) { $0 | codes[place + $1 * quarter] << UInt8(2 * $1) }
                })
            packed.tensors.append(
                .init(tensor.name + "_scale", "F32", [1], WeightEncoding.f32.encode([1])))
        }
        let (left, right) = (try packed.plan(), try wide.plan())
        for role in [TensorRole.query, .key, .value, .down] {
            let tensor = try #require(left.tensor(role, block: 1))
            let bytes = try left.readBytes(of: tensor)
            let values = (0..<tensor.valueCount).map { place in
                let byte = bytes[place / 128 * 32 + place % 32]
                return Float(byte >> UInt8(6 - 2 * (place / 32 % 4)) & 3) - 1
            }
            let expected = try right.readBytes(of: try #require(right.tensor(role, block: 1)))
            #expect(WeightEncoding.f32.encode(values) == expected, "\(role)")
        }
    }

    /// Llama3-8B-1.58 and Falcon3-1.58bit: the plain class with packed matrices.
    @Test func packedTernaryLlamaRoundsItsInputs() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        for index in builder.tensors.indices {
            let tensor = builder.tensors[index]
            guard tensor.name.hasSuffix("_proj.weight") else { continue }
            let (rows, columns) = (tensor.shape[0], tensor.shape[1])
            builder.tensors[index] = .init(
                tensor.name, "U8", [rows / 4, columns],
                [UInt8](repeating: 0b1001_0010, count: rows / 4 * columns))
            builder.tensors.append(
                .init(tensor.name + "_scale", "F32", [1], WeightEncoding.f32.encode([8])))
        }
        builder.set(
            "quantization_config",
            #"{"quant_method":"bitnet","modules_to_not_convert":["lm_head"]}"#)
        let plan = try builder.plan()
        #expect(plan.configuration.activationRounding == .int8PerToken)
        #expect(plan.formatCounts["I2_S"] == 14)
        builder.set("quantization_config", #"{"quant_method":"bitnet","a_new_key":1}"#)
        let error = #expect(throws: InferenceError.self) { try builder.plan() }
        #expect(error?.location == "quantization_config.a_new_key")
    }
}
