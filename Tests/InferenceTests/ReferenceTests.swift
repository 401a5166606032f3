// Variants of the family that no fixture has, against the plain reference transformer.

import Goldens
import Inference
import TestSupport
import Testing

@Suite struct ReferenceTests {
    private static let prompt: [Int32] = (0..<21).map { Int32(($0 * 61 + 5) % 340) }

    private func expectAgreement(_ builder: GGUFBuilder) throws -> [[Float]] {
        let file = try builder.parsed()
        let expected = try ReferenceTransformer(file).logits(of: Self.prompt)
        let found = try FixtureModel.place(file).logits(of: Self.prompt, wants: .all)
        let deviation = Deviation(found.flatMap(\.self), expected.flatMap(\.self))
        #expect(deviation.largest < 1e-4, "\(deviation)")
        return found
    }

    @Test func thePlainModel() throws {
        _ = try expectAgreement(.tinyLlama(seed: 11))
    }

    @Test func aTiedOutput() throws {
        var shape = TinyLlamaShape()
        shape.hasOutput = false
        _ = try expectAgreement(.tinyLlama(seed: 12, shape: shape))
    }

    @Test(arguments: [1, 4])
    func oneKeyValueHeadOrAsManyAsQueryHeads(_ count: Int) throws {
        var shape = TinyLlamaShape()
        shape.headCountKV = count
        _ = try expectAgreement(.tinyLlama(seed: 13, shape: shape))
    }

    @Test func everyBias() throws {
        let plain = try expectAgreement(.tinyLlama(seed: 14))
        for (name, length) in [
            ("attn_q", 64), ("attn_k", 32), ("attn_v", 32), ("attn_output", 64),
            ("ffn_gate", 96), ("ffn_up", 96), ("ffn_down", 64),
        ] {
            var builder = GGUFBuilder.tinyLlama(seed: 14)
            builder.addRandom("blk.1.\(name).bias", [length], seed: 5)
            #expect(try expectAgreement(builder) != plain, "\(name).bias has no effect")
        }
    }

    @Test func linearRopeScaling() throws {
        let plain = try expectAgreement(.tinyLlama(seed: 15))
        var builder = GGUFBuilder.tinyLlama(seed: 15)
        builder.set("llama.rope.scaling.factor", .float32(4))
        #expect(try expectAgreement(builder) != plain)
    }

    @Test func ropeFactorsTogetherWithLinearScaling() throws {
        var builder = GGUFBuilder.tinyLlama(seed: 16)
        builder.set("llama.rope.scaling.factor", .float32(2))
        let factors: [Float] = [1, 1, 1.5, 2, 3, 4, 8, 8]
        builder.tensors.append(
            .init("rope_freqs.weight", [8], format: 0, data: WeightEncoding.f32.encode(factors)))
        _ = try expectAgreement(builder)
    }

    /// Value heads shorter than key heads, and not a whole number of vector lanes.
    @Test func valueHeadsOfAnotherLength() throws {
        var builder = GGUFBuilder.tinyLlama(seed: 17)
        builder.set("llama.attention.value_length", .uint32(10))
        for block in 0..<2 {
            builder.removeTensor("blk.\(block).attn_v.weight")
            builder.removeTensor("blk.\(block).attn_output.weight")
            builder.addRandom("blk.\(block).attn_v.weight", [64, 20], seed: 1)
            builder.addRandom("blk.\(block).attn_output.weight", [40, 64], seed: 2)
        }
        _ = try expectAgreement(builder)
    }

    @Test func blocksOfDifferentWidth() throws {
        var builder = GGUFBuilder.tinyLlama(seed: 18)
        builder.set("llama.attention.head_count", .uint32s([4, 6]))
        builder.set("llama.attention.head_count_kv", .uint32s([2, 3]))
        builder.set("llama.feed_forward_length", .uint32s([96, 40]))
        builder.set("llama.attention.key_length", .uint32(16))
        builder.set("llama.attention.value_length", .uint32(16))
        for (name, columns, rows) in [
            ("attn_q", 64, 96), ("attn_k", 64, 48), ("attn_v", 64, 48), ("attn_output", 96, 64),
            ("ffn_gate", 64, 40), ("ffn_up", 64, 40), ("ffn_down", 40, 64),
        ] {
            builder.removeTensor("blk.1.\(name).weight")
            builder.addRandom("blk.1.\(name).weight", [columns, rows], seed: 3)
        }
        _ = try expectAgreement(builder)
    }
}

extension GGUFBuilder {
    /// Adds an F32 tensor of small random values.
    fileprivate mutating func addRandom(_ name: String, _ dimensions: [Int], seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let values = (0..<dimensions.reduce(1, *)).map { _ in random.uniform() / 4 }
        tensors.append(
            Tensor(name, dimensions, format: 0, data: WeightEncoding.f32.encode(values)))
    }
}
