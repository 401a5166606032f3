// What the assay saw, for accepted and refused files alike.
//
// Guarantees: one verdict with a duration per layer that ran, in order; every attempt with its
// reason; every override and degradation. A report is a value and says nothing that the log
// alone would know.
// Does not: hold the model. Text and JSON forms are in LoadReport+Table.swift and
// LoadReport+JSON.swift.

import Compute
import Inference

/// The outcome of one layer in one attempt.
public struct LayerVerdict: Sendable, Equatable {
    /// The layer that ran.
    public let layer: Layer
    /// True if it accepted the file.
    public let ok: Bool
    /// Time it took.
    public let duration: Duration
}

/// One run through the layers.
public struct LoadAttempt: Sendable {
    /// 1 for the first.
    public let number: Int
    /// Pause before this attempt.
    public let pause: Duration
    /// Time from its start to its end.
    public let duration: Duration
    /// Layers that ran, in order.
    public let layers: [LayerVerdict]
    /// Why it failed; nil for the attempt that was accepted.
    public let rejection: AssayRejection?
}

/// Facts about a model, for people and for `models`.
public struct ModelFacts: Sendable, Equatable {
    /// `general.architecture`, or `mock`.
    public let architecture: String
    /// The name in the file, if it has one.
    public let name: String?
    /// Tokens.
    public let vocabularySize: Int
    /// Width of the residual stream.
    public let embeddingLength: Int
    /// Transformer blocks.
    public let blockCount: Int
    /// Positions.
    public let contextLength: Int
    /// Values in all tensors; 0 for a mock.
    public let parameterCount: Int
    /// Bytes of all tensors as stored; 0 for a mock.
    public let weightBytes: Int
    /// The form of the files: `gguf`, `gguf split N`, `safetensors`, `safetensors N shards`; or
    /// `mock`.
    public let container: String
    /// Files that were read, texts beside the weights included; 0 for a mock.
    public let fileCount: Int
    /// Bytes of these files; 0 for a mock.
    public let fileSize: Int
    /// Weight formats with the number of matrices in each.
    public let formats: [String: Int]
    /// One line about the tokenizer.
    public let tokenizer: String
    /// How the inputs of its matrices are rounded.
    public var activationRounding = ActivationRounding.none
}

/// Everything the assay has to say about one load.
public struct LoadReport: Sendable {
    /// The path as given.
    public let path: String
    /// The strategy that was followed.
    public let strategy: LoadStrategy
    /// `real` or `mock` for what stands in the end; nil if nothing does.
    public let provenance: ModelProvenance?
    /// Every attempt, oldest first. Never empty.
    public let attempts: [LoadAttempt]
    /// Time from start to end, pauses included.
    public let duration: Duration
    /// Facts about the model that was accepted, or the mock that stands in.
    public let model: ModelFacts?
    /// Hyper-parameters the caller replaced.
    public let overrides: [AppliedOverride]
    /// `cpu`, `cuda:0` …; nil if placement was not reached.
    public let device: String?
    /// Why it is this device, when there is something to say.
    public let deviceReason: String?
    /// The kernels that compute; nil if placement was not reached or the device has no choice.
    public let kernels: KernelSelection?
    /// What is less than was asked for: `cpu_fallback`, `kernel_disabled: NAME`,
    /// `instruction_set_lowered: FROM to TO`, `validation_skipped`, `mock_fallback`.
    public let degradations: [String]
    /// The model's fingerprint, if known when the report was made.
    public var fingerprint: Fingerprint?
    /// What the comparison with a seal gave; nil where validation was skipped or not passed.
    public var seal: SealVerdict?

    /// True if the file passed every layer. A mock standing in does not make the file accepted.
    public var accepted: Bool { rejection == nil }
    /// Verdicts of the last attempt.
    public var layers: [LayerVerdict] { attempts.last?.layers ?? [] }
    /// Why the last attempt failed; nil if the file was accepted.
    public var rejection: AssayRejection? { attempts.last?.rejection }
}
