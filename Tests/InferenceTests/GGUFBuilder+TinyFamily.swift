// A complete tiny model of any supported family, its tensors taken from the family's own list.
//
// Guarantees: the same family, seed and options give the same bytes. Because shapes come from the
// description, these models say nothing about whether the description is right: the reference
// fixtures do. They serve for everything that follows from it: formulas against the plain reference
// transformer, same bits everywhere, defects.

import Inference
import TestSupport
import Testing

extension GGUFBuilder {
    /// The vocabulary and keys of `tinyLlama` under the family's name, with random tensors.
    ///
    /// - Parameters:
    ///   - optional: roles of optional tensors that the file has all the same.
    ///   - change: applied to the keys before tensors are made from them.
    static func tiny(
        _ architecture: String, seed: UInt64 = 1, optional: Set<TensorRole> = [],
        change: (inout GGUFBuilder) -> Void = { _ in }
    ) throws -> GGUFBuilder {
        var builder = GGUFBuilder.tinyLlama()
        builder.setFamilyKeys(architecture)
        change(&builder)
        builder.tensors = []
        let description = try #require(ArchitectureDescription.all[architecture])
        let configuration = try ModelConfiguration.extract(from: builder.parsed())
        for rule in description.tensors {
            for block in 0..<(rule.isPerBlock ? configuration.blockCount : 1)
            where builder.has(rule.presence, description, block: block)
                ?? optional.contains(rule.role)
            {
                let dimensions = rule.dimensions(in: configuration, block: block)
                let name = rule.name(block: block)
                builder.addRandom(
                    name, dimensions, seed: seed &+ UInt64(builder.tensors.count), rule)
            }
        }
        return builder
    }

    private mutating func setFamilyKeys(_ architecture: String) {
        for index in metadata.indices {
            let key = String(decoding: metadata[index].key, as: UTF8.self)
            guard key.hasPrefix("llama.") else { continue }
            metadata[index].key = Array((architecture + key.dropFirst("llama".count)).utf8)
        }
        set("general.architecture", .string(architecture))
        remove("\(architecture).rope.dimension_count")
        switch architecture {
        case "phi2":
            remove("phi2.attention.layer_norm_rms_epsilon")
            set("phi2.attention.layer_norm_epsilon", .float32(1e-5))
            set("phi2.rope.dimension_count", .uint32(10))
        case "phi3": set("phi3.rope.dimension_count", .uint32(12))
        case "qwen3":
            set("qwen3.attention.key_length", .uint32(24))
            set("qwen3.attention.value_length", .uint32(24))
        case "smollm3": set("smollm3.block_count", .uint32(5))
        default: break
        }
    }

    /// Whether the file must have or must not have the tensor; nil when that is open.
    private func has(
        _ presence: TensorRule.Presence, _ description: ArchitectureDescription, block: Int
    ) -> Bool? {
        func has(_ role: TensorRole) -> Bool {
            description.tensors.contains { rule in
                rule.role == role
                    && tensors.contains { $0.name == Array(rule.name(block: block).utf8) }
            }
        }
        switch presence {
        case .required: return true
        case .optional: return nil
        case .unless(let other): return !has(other)
        case .with(let other): return has(other)
        case .allowedWith(let other): return has(other) ? nil : false
        }
    }

    /// Matrices that keep the width of what they multiply, vectors that change something.
    private mutating func addRandom(
        _ name: String, _ dimensions: [Int], seed: UInt64, _ rule: TensorRule
    ) {
        var random = SeededGenerator(seed: seed)
        let count = dimensions.reduce(1, *)
        let values: [Float]
        if rule.use != .vector {
            let scale = (3 / Float(dimensions[0])).squareRoot()
            values = (0..<count).map { _ in random.uniform() * scale }
        } else if name.hasSuffix(".bias") {
            values = (0..<count).map { _ in random.uniform() / 4 }
        } else if name.hasPrefix("rope_") {
            values = (0..<count).map { _ in 2 + random.uniform() }
        } else {
            values = (0..<count).map { _ in 0.75 + random.uniform() / 8 }
        }
        tensors.append(
            Tensor(name, dimensions, format: 0, data: WeightEncoding.f32.encode(values)))
    }

    /// Joins F32 tensors, one below the other, into a new one.
    mutating func fuse(_ names: [String], into fused: String) throws {
        var data: [UInt8] = []
        var rows: UInt64 = 0
        var columns: [UInt64] = []
        for name in names {
            let part = try #require(tensors.first { $0.name == Array(name.utf8) })
            data += part.data
            columns = Array(part.dimensions.dropLast())
            rows += try #require(part.dimensions.last)
            removeTensor(name)
        }
        let dimensions = (columns + [rows]).map(Int.init)
        tensors.append(Tensor(fused, dimensions, format: 0, data: data))
    }
}
