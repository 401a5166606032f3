// The metadata keys of this engine, as a table.
//
// Each row names a key, its older spellings and its range. The ranges are far wider than any
// published model and narrow enough for every product of two or three values to fit a 64-bit
// integer with room to spare (asserted by a test). So later arithmetic on checked values cannot
// overflow. Key names come from the GGUF files that llama.cpp's converters write. The older
// spellings are still found in files in circulation.

/// A metadata key: its spellings and its allowed values.
package struct HyperParameter: Sendable {
    package enum Kind: Sendable {
        /// A whole number inside the range.
        case count(ClosedRange<Int>)
        /// A whole number inside the range, or an array with a number for each block.
        case countPerBlock(ClosedRange<Int>)
        /// A finite number inside the range.
        case real(ClosedRange<Double>)
        /// True or false.
        case flag
        /// A word. The code that asks for the word checks for accepted words.
        case word
    }

    /// The part after `<architecture>.`, e.g. `attention.head_count`.
    package let name: String
    /// Older spellings of the name, tried in order when `name` is absent.
    package let aliases: [String]
    /// Keys without an architecture prefix, tried last.
    package let globalKeys: [String]
    package let kind: Kind

    init(_ name: String, _ kind: Kind, aliases: [String] = [], globalKeys: [String] = []) {
        self.name = name
        self.aliases = aliases
        self.globalKeys = globalKeys
        self.kind = kind
    }

    /// Returns every full key of the parameter, best first.
    package func keys(architecture: String) -> [String] {
        ([name] + aliases).map { "\(architecture).\($0)" } + globalKeys
    }
}

extension HyperParameter {
    package static let blockCountMax = 1 << 10
    package static let vocabularySizeMax = 1 << 24
    package static let embeddingLengthMax = 1 << 17
    package static let feedForwardLengthMax = 1 << 20
    package static let headCountMax = 1 << 11
    package static let headLengthMax = 1 << 11
    package static let contextLengthMax = 1 << 24

    package static let contextLength = HyperParameter(
        "context_length", .count(1...contextLengthMax))
    package static let embeddingLength = HyperParameter(
        "embedding_length", .count(1...embeddingLengthMax), aliases: ["embed_length"])
    package static let blockCount = HyperParameter("block_count", .count(1...blockCountMax))
    package static let vocabularySize = HyperParameter(
        "vocab_size", .count(2...vocabularySizeMax), globalKeys: ["tokenizer.ggml.vocab_size"])
    package static let feedForwardLength = HyperParameter(
        "feed_forward_length", .countPerBlock(1...feedForwardLengthMax))
    package static let headCount = HyperParameter(
        "attention.head_count", .countPerBlock(1...headCountMax))
    package static let headCountKV = HyperParameter(
        "attention.head_count_kv", .countPerBlock(1...headCountMax))
    package static let keyLength = HyperParameter(
        "attention.key_length", .count(1...headLengthMax))
    package static let valueLength = HyperParameter(
        "attention.value_length", .count(1...headLengthMax))
    package static let ropeDimensionCount = HyperParameter(
        "rope.dimension_count", .count(2...headLengthMax))
    package static let ropeBase = HyperParameter("rope.freq_base", .real(1...1e12))
    package static let ropeScalingType = HyperParameter("rope.scaling.type", .word)
    /// Converters write 0 for "not set".
    package static let ropeScalingFactor = HyperParameter(
        "rope.scaling.factor", .real(0...1e6), aliases: ["rope.scale_linear"])
    /// Context length of the model before its rotation was stretched.
    package static let originalContextLength = HyperParameter(
        "rope.scaling.original_context_length", .count(1...contextLengthMax))
    package static let ropeAttentionFactor = HyperParameter(
        "rope.scaling.attn_factor", .real(1e-3...1e3))
    /// False where every position attends to every other. See `ModelConfiguration.isCausal`.
    package static let causal = HyperParameter("attention.causal", .flag)
    /// Positions that an embedding is made of. See `ModelPooling`.
    package static let poolingType = HyperParameter("pooling_type", .count(0...4))
    /// Positions that a query sees, its own included. 0 for all.
    package static let slidingWindow = HyperParameter(
        "attention.sliding_window", .count(0...contextLengthMax))
    /// A key of this project. See `ActivationRounding`.
    package static let activationRounding = HyperParameter("activation_rounding", .word)
    package static let layerEpsilon = HyperParameter(
        "attention.layer_norm_epsilon", .real(1e-12...0.1))
    package static let rmsEpsilon = HyperParameter(
        "attention.layer_norm_rms_epsilon", .real(1e-12...0.1))
    package static let expertCount = HyperParameter("expert_count", .count(0...headCountMax))

    /// Parameters of every architecture. Descriptions add their own norm key and refusals.
    package static let shared: [HyperParameter] = [
        .contextLength, .embeddingLength, .blockCount, .vocabularySize, .feedForwardLength,
        .headCount, .headCountKV, .keyLength, .valueLength, .ropeDimensionCount, .ropeBase,
        .ropeScalingType, .ropeScalingFactor, .originalContextLength, .ropeAttentionFactor,
        .causal, .poolingType, .activationRounding,
    ]
}
