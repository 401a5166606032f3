// Architectures as data.
//
// A value of this type describes a family: tensors and shapes, norm, pairs of dimensions in the
// rotary embedding, feed-forward activation, and refused features. `ModelPlan` checks a file
// against the value and `TransformerRunner` reads the value. Neither knows a family by name. Facts
// in the tensor list are stated nowhere else: a family without a norm before the feed-forward layer
// is parallel, and a family with norms of query and key heads applies them. To add a family, add a
// value to `all`, and a fixture.

import Compute
import ModelFiles

/// Description of a model family.
public struct ArchitectureDescription: Sendable {
    /// The norm on the residual stream and inside the blocks.
    public enum Norm: Sendable {
        /// Norm by the root of the mean square, with a weight only.
        case rms
        /// Norm by mean and variance, with weight and bias.
        case layer

        /// Parameter with the epsilon.
        package var epsilon: HyperParameter { self == .rms ? .rmsEpsilon : .layerEpsilon }
    }

    /// A hyper-parameter with an upper bound, because larger values need an unsupported feature.
    public struct Refusal: Sendable {
        let parameter: HyperParameter
        let countMax: Int
        /// Meaning of the key, in words.
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

    /// Value of `general.architecture`, and the first part of the family's keys.
    public let name: String
    /// Norm of the family.
    public let norm: Norm
    /// Rotation of queries and keys.
    public let rope: RopeRule
    /// Activation of the feed-forward layer: of the gate, or of `up` in a layer without a gate.
    public let activation: Activation
    /// Roundings allowed for the inputs of the matrices. The first applies to files without a
    /// rounding.
    public let activationRoundings: [ActivationRounding]
    /// True when files of the family state an attention window. A window shorter than the context
    /// becomes the context length: within the window, every answer is the reference's.
    public let statesWindow: Bool
    /// Bounds on hyper-parameters, for unsupported features.
    public let refusals: [Refusal]
    /// Every tensor, required or optional.
    public let tensors: [TensorRule]

    init(
        name: String, norm: Norm, rope: RopeRule, activation: Activation,
        activationRoundings: [ActivationRounding] = [.none], statesWindow: Bool = false,
        refusals: [Refusal], tensors: [[TensorRule]]
    ) {
        self.name = name
        self.norm = norm
        self.rope = rope
        self.activation = activation
        self.activationRoundings = activationRoundings
        self.statesWindow = statesWindow
        self.refusals = refusals
        self.tensors = tensors.flatMap { $0 }
    }

    /// Returns the family for weights that were trained with the inputs of the blocks' matrices
    /// rounded to eight bits per token. See `ActivationRounding`.
    func roundingPerToken() -> ArchitectureDescription {
        ArchitectureDescription(
            name: name, norm: norm, rope: rope, activation: activation,
            activationRoundings: [.int8PerToken, .none], statesWindow: statesWindow,
            refusals: refusals, tensors: [tensors])
    }

    /// Every metadata key of the family. Overrides may name only these keys.
    package var parameters: [HyperParameter] {
        HyperParameter.shared + [norm.epsilon] + refusals.map(\.parameter)
            + (statesWindow ? [.slidingWindow] : [])
    }

    /// Every supported family by name.
    public static let all: [String: ArchitectureDescription] = Dictionary(
        uniqueKeysWithValues: [
            llama, smolLM3, qwen2, qwen3, phi2, phi3, bitnet, bitnetB158, bitnet25,
        ].map { ($0.name, $0) })

    /// The supported names, sorted, for error texts.
    public static var supportedNames: String { all.keys.sorted().joined(separator: ", ") }

    /// Returns the description for the file's `general.architecture`. Throws when there is none.
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
