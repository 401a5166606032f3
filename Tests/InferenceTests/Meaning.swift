// Files that each carry a key, a value or a tensor with a meaning that this engine lacks.
//
// The lists are written from the fact sheets of the field (what llama.cpp's graphs and
// transformers' classes do with a key), not from the engine's tables, and share nothing with them.
// Every file is a tiny model that loads without the addition.

import ModelFiles
import TestSupport

/// An addition to a model, and what the refusal must name.
struct Meaning: Sendable, CustomStringConvertible {
    let description: String
    /// Key or tensor in the refusal.
    let culprit: String
    let model: Model

    enum Model: Sendable {
        case gguf(family: String, change: @Sendable (inout GGUFBuilder) -> Void)
        case checkpoint(className: String, change: @Sendable (inout CheckpointBuilder) -> Void)
    }

    static var all: [Meaning] {
        ggufKeys + ggufTensors + configurationKeys + companionKeys + checkpointTensors
    }

    // MARK: Additions

    /// A key of the family's own namespace, in several families.
    static func own(
        _ name: String, _ value: GGUFBuilder.Value, in families: [String] = ["llama", "qwen3"],
        besideBothDirections: Bool = false
    ) -> [Meaning] {
        families.map { family in
            let meaning = key("\(family).\(name)", value, in: family)
            guard besideBothDirections else { return meaning }
            return Meaning(
                description: meaning.description + ", not causal", culprit: meaning.culprit,
                model: .gguf(family: family) {
                    $0.set(meaning.culprit, value)
                    // Applied by itself: see `BothDirectionsTests`.
                    $0.set("\(family).attention.causal", .bool(false))
                })
        }
    }

    static func key(
        _ key: String, _ value: GGUFBuilder.Value, in family: String = "llama"
    ) -> Meaning {
        Meaning(
            description: "\(family): \(key) = \(value)", culprit: key,
            model: .gguf(family: family) { $0.set(key, value) })
    }

    /// A vector of `width` values in a GGUF file.
    static func tensor(_ name: String, _ width: Int = 64, in family: String) -> Meaning {
        Meaning(
            description: "\(family): \(name)", culprit: name,
            model: .gguf(family: family) {
                let data = WeightEncoding.f32.encode([Float](repeating: 1, count: width))
                $0.tensors.append(.init(name, [width], format: 0, data: data))
            })
    }

    /// A key of config.json with JSON text.
    static func config(
        _ key: String, _ value: String, of className: String = "LlamaForCausalLM",
        at culprit: String? = nil
    ) -> Meaning {
        Meaning(
            description: "\(className): \(key) = \(value)", culprit: culprit ?? key,
            model: .checkpoint(className: className) { $0.set(key, value) })
    }

    /// A text beside config.json.
    static func companion(
        _ name: String, _ text: String, at culprit: String,
        of className: String = "LlamaForCausalLM"
    ) -> Meaning {
        Meaning(
            description: "\(className): \(name) = \(text)", culprit: culprit,
            model: .checkpoint(className: className) { $0.others[name] = Array(text.utf8) })
    }

    /// A vector of `width` values in a checkpoint.
    static func stored(
        _ name: String, _ width: Int = 64, of className: String = "LlamaForCausalLM"
    ) -> Meaning {
        Meaning(
            description: "\(className): \(name)", culprit: name,
            model: .checkpoint(className: className) {
                let data = WeightEncoding.f32.encode([Float](repeating: 1, count: width))
                $0.tensors.append(.init(name, "F32", [width], data))
            })
    }
}
