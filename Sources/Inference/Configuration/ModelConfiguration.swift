// The shape of one model: its hyper-parameters after every check.
//
// Guarantees: a value of this type is consistent (heads divide, rotary dimensions fit the head,
// per-block arrays have an entry for each block). Every number is in the range of its row in
// `HyperParameter`, so products of a few numbers cannot overflow.
// Does not: describe the tensors of a file. `ModelPlan` does.

import Compute

/// The hyper-parameters of a model, checked.
public struct ModelConfiguration: Sendable {
    /// Stretching of positions before the rotary embedding.
    public enum RopeScaling: Sendable, Equatable {
        case none
        /// Positions are divided by `factor`.
        case linear(factor: Double)
        /// Low frequencies are divided by `factor`. High frequencies are kept.
        case yarn(factor: Double)
        /// Frequencies are divided by lists in the file.
        case longrope
    }

    /// Positions whose hidden states become the embedding of a text.
    public enum Pooling: String, Sendable, Equatable, CaseIterable {
        /// The mean over all positions.
        case mean
        /// The last position.
        case last
        /// The first position.
        case cls
    }

    /// `general.architecture`, e.g. `llama`.
    public let architecture: String
    /// `general.name` clipped for printing, when the file has one.
    public let name: String?
    /// Number of tokens and width of the logits.
    public let vocabularySize: Int
    /// Width of the residual stream.
    public let embeddingLength: Int
    /// Number of transformer blocks.
    public let blockCount: Int
    /// Width of the feed-forward layer, one entry per block.
    public let feedForwardLength: [Int]
    /// Query heads, one entry per block.
    public let headCount: [Int]
    /// Key and value heads, one entry per block. Each entry divides the query heads of its block.
    public let headCountKV: [Int]
    /// Width of a query or key head.
    public let keyLength: Int
    /// Width of a value head.
    public let valueLength: Int
    /// Leading dimensions of each head that are rotated. Even, at most `keyLength`.
    public let ropeDimensionCount: Int
    /// Base of the rotary frequencies.
    public let ropeBase: Double
    /// Stretching of positions.
    public let ropeScaling: RopeScaling
    /// Factor on cosines and sines.
    public let ropeAttentionFactor: Double
    /// Largest number of positions in a sequence.
    public let contextLength: Int
    /// Context length of the model before the rotation was stretched. Equal to `contextLength`
    /// where the file does not say.
    public let originalContextLength: Int
    /// Rounding of the inputs of the blocks' matrices.
    public let activationRounding: ActivationRounding
    /// The norms' epsilon, inside the root.
    public let normEpsilon: Double
    /// Pooling of the model's embeddings. The mean where the files do not say.
    public let pooling: Pooling
    /// False when a position attends to all positions of its sequence, behind it too. Such a model
    /// makes embeddings and predicts no next token, and reads a sequence whole, in a single step.
    public let isCausal: Bool
    /// Values that the caller replaced, in key order.
    public package(set) var overrides: [AppliedOverride]

    /// Most positions of a sequence whose attention is not causal. All of them are in memory
    /// between two blocks, and nothing else runs until the last one is done.
    public static let wholeLengthMax = 8_192

    /// True when the long list of rotary divisors is used, in a file with lists for short and for
    /// long contexts. The choice holds for the whole model, so a sequence's logits do not depend on
    /// its possible length. An override with a smaller `context_length` chooses the short list.
    public var usesLongRopeFactors: Bool { contextLength > originalContextLength }

    /// Returns the shape of a key-value cache for this model with `pageCount` pages of 16
    /// positions.
    package func cacheShape(pageCount: Int) -> CacheShape {
        CacheShape(
            kvHeads: headCountKV, keyLength: keyLength, valueLength: valueLength,
            pageCount: pageCount)
    }
}
