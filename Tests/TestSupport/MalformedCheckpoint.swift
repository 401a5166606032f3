// The catalogue of well-formed model folders that this engine cannot run: config.json, tensors and
// tokenizer at odds with each other or with what is supported.
//
// Each entry is a tiny model of one class of transformers with one change, and the layer, code and
// culprit it must be refused with. The entries are in MalformedCheckpoint+….swift.

import Testing

/// A folder and the refusal it must get.
package struct MalformedCheckpoint: Sendable, CustomTestStringConvertible {
    /// The defect in words; unique.
    package let name: String
    /// The layer that must refuse it.
    package let layer: String
    /// The code it must be refused with.
    package let code: String
    /// A text the message must contain: the key or the tensor at fault.
    package let mention: String
    /// File name -> content.
    package let files: @Sendable () -> [String: [UInt8]]

    /// The defect, for test reports.
    package var testDescription: String { name }

    /// Every entry.
    package static var all: [MalformedCheckpoint] {
        classes + keys + inconsistent + rotations + packings + tensorSets + vocabularies
    }

    static let llama = "LlamaForCausalLM"
    static let phi = "PhiForCausalLM"
    static let phi3 = "Phi3ForCausalLM"
    static let qwen2 = "Qwen2ForCausalLM"
    static let qwen3 = "Qwen3ForCausalLM"
    static let smollm3 = "SmolLM3ForCausalLM"
    static let bitnet = "BitNetForCausalLM"

    static func model(
        of className: String = llama, _ name: String, layer: String = "compatibility",
        _ code: String, at mention: String,
        _ change: @escaping @Sendable (inout CheckpointBuilder) -> Void
    ) -> MalformedCheckpoint {
        MalformedCheckpoint(
            name: "\(className): \(name)", layer: layer, code: code, mention: mention
        ) {
            var builder = models[className] ?? .tiny(className)
            change(&builder)
            return builder.files()
        }
    }

    /// A model whose key has another value.
    static func key(
        of className: String = llama, _ key: String, _ value: String, _ code: String,
        at mention: String? = nil
    ) -> MalformedCheckpoint {
        model(of: className, "\(key) is \(value)", code, at: mention ?? key) { $0.set(key, value) }
    }

    /// A model that lacks the key.
    static func without(
        of className: String = llama, _ key: String, _ code: String = "missing_key",
        at mention: String? = nil
    ) -> MalformedCheckpoint {
        model(of: className, "without \(key)", code, at: mention ?? key) { $0.remove(key) }
    }

    /// Made once: building a model takes longer than refusing it.
    private static let models: [String: CheckpointBuilder] = Dictionary(
        uniqueKeysWithValues: [llama, phi, phi3, qwen2, qwen3, smollm3, bitnet].map {
            ($0, .tiny($0))
        })
}
