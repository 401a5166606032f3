// Architectures as data.
//
// A family is one value of this type: which tensors it has and how large they are, which norm it
// uses, how it pairs dimensions in the rotary embedding, which activation its feed-forward layer
// has, and what it may not be asked to do. `ModelPlan` checks a file against the value and
// `TransformerRunner` reads it; neither knows a family by name. What the tensor list says is said
// nowhere else: a family without a norm before the feed-forward layer is parallel, one with norms
// of query and key heads applies them. To add a family: add its value to `all`, and a fixture.

import Compute
import ModelFiles

/// One model family, as the rest of the engine sees it.
public struct ArchitectureDescription: Sendable {
    /// The norm on the residual stream and inside the blocks.
    public enum Norm: Sendable {
        /// By the root of the mean square, weight only.
        case rms
        /// By mean and variance, weight and bias.
        case layer

        /// Where the epsilon is kept.
        package var epsilon: HyperParameter { self == .rms ? .rmsEpsilon : .layerEpsilon }
    }

    /// A hyper-parameter that must stay at or below a bound, because what lies beyond is not
    /// implemented.
    public struct Refusal: Sendable {
        let parameter: HyperParameter
        let countMax: Int
        /// What the key stands for, in words.
        let meaning: String

        static let expertsRefused = Refusal(
            parameter: .expertCount, countMax: 0,
            meaning: "a mixture of experts, which is not supported")

        package func check(_ reader: HyperParameterReader) throws(InferenceError) {
            guard let count = try reader.count(parameter), count > countMax else { return }
            let key = reader.key(of: parameter)
            throw InferenceError(
                .unsupportedFeature, tried: "reading \"\(key)\"",
                found: "\(count): \(meaning)", allowed: "at most \(countMax)", location: key)
        }
    }

    /// The value of `general.architecture`, and the first part of its keys.
    public let name: String
    /// The norm it uses.
    public let norm: Norm
    /// How it rotates queries and keys.
    public let rope: RopeRule
    /// The activation of the feed-forward layer: of its gate, or of `up` where it has no gate.
    public let activation: Activation
    /// How the inputs of its matrices may be rounded; the first is what a file means that does not
    /// say.
    public let activationRoundings: [ActivationRounding]
    /// What it may not be asked to do.
    public let refusals: [Refusal]
    /// Every tensor it can have.
    public let tensors: [TensorRule]

    init(
        name: String, norm: Norm, rope: RopeRule, activation: Activation,
        activationRoundings: [ActivationRounding] = [.none], refusals: [Refusal],
        tensors: [[TensorRule]]
    ) {
        self.name = name
        self.norm = norm
        self.rope = rope
        self.activation = activation
        self.activationRoundings = activationRoundings
        self.refusals = refusals
        self.tensors = tensors.flatMap { $0 }
    }

    /// Every metadata key it reads; overrides may name these and no others.
    package var parameters: [HyperParameter] {
        HyperParameter.shared + [norm.epsilon] + refusals.map(\.parameter)
    }

    /// Every supported family by name.
    public static let all: [String: ArchitectureDescription] = Dictionary(
        uniqueKeysWithValues: [
            llama, smolLM3, qwen2, qwen3, phi2, phi3, bitnet, bitnetB158, bitnet25,
        ].map { ($0.name, $0) })

    /// The supported names, sorted, for texts.
    public static var supportedNames: String { all.keys.sorted().joined(separator: ", ") }

    /// The description for the file's `general.architecture`; throws when there is none.
    package static func named(
        in metadata: Metadata
    ) throws(InferenceError) -> ArchitectureDescription {
        let key = "general.architecture"
        guard let value = metadata[key] else {
            throw InferenceError(
                .missingKey, tried: "reading \"\(key)\"", found: "no such key",
                allowed: supportedNames, location: key)
        }
        guard let name = value.asString else {
            throw InferenceError(
                .keyType, tried: "reading \"\(key)\"", found: "a value of type \(value.type)",
                allowed: "a string", location: key)
        }
        guard let description = all[name] else {
            throw InferenceError(
                .unsupportedArchitecture, tried: "reading \"\(key)\"",
                found: "\"\(name.clipped)\"", allowed: supportedNames, location: key)
        }
        return description
    }
}
