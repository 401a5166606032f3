// The shape of one model: its hyper-parameters after every check.
//
// Guarantees: a value of this type is consistent in itself (heads divide, rotary dimensions fit
// the head, one entry per block in the per-block arrays) and every number is in the range of its
// row in `HyperParameter`, so products of a few of them cannot overflow. It says nothing about the
// tensors of a file: that is `ModelPlan`.

import Compute

/// The hyper-parameters of a model, checked.
public struct ModelConfiguration: Sendable {
    /// How positions are stretched before the rotary embedding.
    public enum RopeScaling: Sendable, Equatable {
        case none
        /// Positions are divided by `factor`.
        case linear(factor: Double)
        /// Low frequencies are divided by `factor`, high ones are kept.
        case yarn(factor: Double)
        /// Frequencies are divided by lists in the file.
        case longrope
    }

    /// `general.architecture`, e.g. `llama`.
    public let architecture: String
    /// `general.name` clipped for printing, when the file has one.
    public let name: String?
    /// Number of tokens; the width of the logits.
    public let vocabularySize: Int
    /// Width of the residual stream.
    public let embeddingLength: Int
    /// Number of transformer blocks.
    public let blockCount: Int
    /// Width of the feed-forward layer, one entry per block.
    public let feedForwardLength: [Int]
    /// Query heads, one entry per block.
    public let headCount: [Int]
    /// Key and value heads, one entry per block; each divides the query heads of its block.
    public let headCountKV: [Int]
    /// Width of one query or key head.
    public let keyLength: Int
    /// Width of one value head.
    public let valueLength: Int
    /// Leading dimensions of each head that are rotated; even, at most `keyLength`.
    public let ropeDimensionCount: Int
    /// Base of the rotary frequencies.
    public let ropeBase: Double
    /// How positions are stretched.
    public let ropeScaling: RopeScaling
    /// Cosines and sines are multiplied with this.
    public let ropeAttentionFactor: Double
    /// Positions the model can take; a sequence never gets longer.
    public let contextLength: Int
    /// Positions it was made for before the rotation was stretched; `contextLength` where the file
    /// does not say.
    public let originalContextLength: Int
    /// How inputs of the blocks' matrices are rounded.
    public let activationRounding: ActivationRounding
    /// The norms' epsilon, inside the root.
    public let normEpsilon: Double
    /// What the caller replaced, in key order.
    public let overrides: [AppliedOverride]

    /// Where a file has rotary divisors for short and for long contexts: whether the long ones are
    /// used. One choice for the model, so that a sequence's logits do not depend on how long it may
    /// get; a smaller `context_length` as an override chooses the short ones.
    public var usesLongRopeFactors: Bool { contextLength > originalContextLength }

    /// A key-value cache for this model with `pageCount` pages of 16 positions.
    package func cacheShape(pageCount: Int) -> CacheShape {
        CacheShape(
            kvHeads: headCountKV, keyLength: keyLength, valueLength: valueLength,
            pageCount: pageCount)
    }
}
