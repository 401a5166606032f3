// Architectures as data.
//
// A family is one value of this type: which tensors it has and how large they are, where its norm
// epsilon is kept, how it pairs dimensions in the rotary embedding, which activation gates its
// feed-forward layer, and what it may not be asked to do. `ModelPlan` checks a file against the
// value and `TransformerRunner` reads it; neither knows a family by name. To add a family: add its
// value to `all`, and a fixture.

import Compute
import ModelFiles

/// One model family, as the rest of the engine sees it.
public struct ArchitectureDescription: Sendable {
    /// A hyper-parameter that must stay at or below a bound, because what lies beyond is not
    /// implemented.
    public struct Refusal: Sendable {
        let parameter: HyperParameter
        let countMax: Int
        /// What the key stands for, in words.
        let meaning: String

        package func check(_ reader: HyperParameterReader) throws(InferenceError) {
            guard let count = try reader.count(parameter), count > countMax else { return }
            let key = reader.key(of: parameter)
            throw InferenceError(
                .unsupportedFeature, tried: "reading \"\(key)\"",
                found: "\(count): \(meaning)", allowed: "at most \(countMax)", location: key)
        }
    }

    /// The value of `general.architecture`.
    public let name: String
    /// Where the epsilon of its norms is kept.
    package let normEpsilon: HyperParameter
    /// Which dimensions of a head are rotated together.
    public let ropeStyle: RopeStyle
    /// Whether the rotation may cover only the head's first dimensions.
    public let allowsPartialRotary: Bool
    /// Accepted values of `rope.scaling.type`.
    public let ropeScalings: [String]
    /// The activation of the gate in the feed-forward layer.
    public let activation: Activation
    /// What it may not be asked to do.
    public let refusals: [Refusal]
    /// Every tensor it can have.
    public let tensors: [TensorRule]

    /// Every metadata key it reads; overrides may name these and no others.
    package var parameters: [HyperParameter] {
        HyperParameter.shared + [normEpsilon] + refusals.map(\.parameter)
    }

    /// Every supported family by name.
    public static let all: [String: ArchitectureDescription] = Dictionary(
        uniqueKeysWithValues: [llama].map { ($0.name, $0) })

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
