// The report of a load, for accepted and refused files alike.
//
// Guarantees: the report has a verdict with a duration per layer that ran, in order, and every
// attempt with its reason, every override and every degradation. A report is a value. No fact is in
// the log alone.
// Does not: hold the model. LoadReport+Table.swift and LoadReport+JSON.swift hold the text and JSON
// forms.

import Compute
import Inference

/// The outcome of a layer in an attempt.
public struct LayerVerdict: Sendable, Equatable {
    /// The layer that ran.
    public let layer: Layer
    /// True if the layer accepted the file.
    public let ok: Bool
    /// Time the layer took.
    public let duration: Duration
}

/// A run through the layers.
public struct LoadAttempt: Sendable {
    /// Number of the attempt, from 1.
    public let number: Int
    /// Pause before the attempt.
    public let pause: Duration
    /// Time from start to end of the attempt.
    public let duration: Duration
    /// Layers that ran, in order.
    public let layers: [LayerVerdict]
    /// Reason of the failure. Nil for the accepted attempt.
    public let rejection: AssayRejection?
}

/// Facts about a model, for people and for `models`.
public struct ModelFacts: Sendable, Equatable {
    /// `general.architecture`, or `mock`.
    public let architecture: String
    /// The name in the file, if any.
    public let name: String?
    /// Tokens in the vocabulary.
    public let vocabularySize: Int
    /// Width of the residual stream.
    public let embeddingLength: Int
    /// Transformer blocks.
    public let blockCount: Int
    /// Positions in the context.
    public let contextLength: Int
    /// Values in all tensors. 0 for a mock.
    public let parameterCount: Int
    /// Bytes of all tensors as stored. 0 for a mock.
    public let weightBytes: Int
    /// Form of the files: `gguf`, `gguf split N`, `safetensors`, `safetensors N shards`, or `mock`.
    public let container: String
    /// Number of files read, including texts beside the weights. 0 for a mock.
    public let fileCount: Int
    /// Bytes of all files. 0 for a mock.
    public let fileSize: Int
    /// Weight formats with the number of matrices in each.
    public let formats: [String: Int]
    /// A line about the tokenizer.
    public let tokenizer: String
    /// Rounding of the inputs of the model's matrices.
    public var activationRounding = ActivationRounding.none
    /// The chat template, or nil for a model without one.
    public internal(set) var chatTemplate: ChatTemplateFacts?
    /// The template of conversations with tools, where the model has one of its own.
    public internal(set) var toolTemplate: ChatTemplateFacts?
    /// Tokens that end an answer.
    public var endTokens: [NamedToken] = []
    /// The model's own pooling of embeddings. Nil for a mock.
    public var pooling: ModelConfiguration.Pooling?
    /// False when a position attends to all positions of its text, behind it too.
    public var isCausal = true
    /// Reason for which the model makes embeddings and no text. Nil for a model of text.
    public var textRefusal: String?
    /// Keys of the files, by use. Empty for a mock.
    public var keys = ModelKeys()
}

/// A token with its text, for people.
public struct NamedToken: Sendable, Equatable {
    /// Id in the vocabulary.
    public let id: Int32
    /// The text with control characters replaced, clipped.
    public let text: String
}

/// The report of a load.
public struct LoadReport: Sendable {
    /// The path as given.
    public let path: String
    /// The strategy in force.
    public let strategy: ModelLoadingConfiguration.Strategy
    /// Provenance of the resulting model, `real` or `mock`. Nil without a resulting model.
    public let provenance: ModelProvenance?
    /// Every attempt, oldest first. Never empty.
    public let attempts: [LoadAttempt]
    /// Time from start to end, pauses included.
    public let duration: Duration
    /// Facts about the accepted model. Nil for a refused file, even when a mock stands in.
    public let model: ModelFacts?
    /// Hyper-parameters replaced by the caller, and keys that the caller vouches for.
    public let overrides: [AppliedOverride]
    /// Device of the accepted model: `cpu`, `cuda:0` … Nil for a refused file.
    public let device: String?
    /// Reason for the device, if there is anything to report.
    public let deviceReason: String?
    /// Kernels in use. Nil for a refused file or a device without a choice of kernels.
    public let kernels: KernelSelection?
    /// Shortfalls against the request: `cpu_fallback`, `kernel_disabled: NAME`,
    /// `instruction_set_lowered: FROM to TO`, `validation_skipped`, `mock_fallback`,
    /// `key_vouched: KEY`, `key_overridden: KEY=VALUE`, and those of the tokenizer.
    public let degradations: [String]
    /// Fingerprint of the accepted model. Nil for a refused file.
    public var fingerprint: Fingerprint?
    /// Result of the comparison with seals. Nil where validation was skipped or not passed.
    public var seal: SealVerdict?
    /// Estimated memory of the accepted model. Nil for a refused file.
    public var memory: MemoryUse?
    /// Path of the load whose packing and assay the model took over, since the bytes are the same.
    /// Nil for a model that was packed for itself.
    public var sharedWith: String?

    /// True if the file passed every layer. A mock as stand-in does not make the file accepted.
    public var accepted: Bool { rejection == nil }
    /// Verdicts of the last attempt.
    public var layers: [LayerVerdict] { attempts.last?.layers ?? [] }
    /// Reason of the last attempt's failure. Nil if the file was accepted.
    public var rejection: AssayRejection? { attempts.last?.rejection }
}
