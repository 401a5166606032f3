// One row of an architecture: a tensor's name, its shape in terms of the hyper-parameters, whether
// it must be there, and what the transformer uses it for.
//
// Guarantees: shapes are data, so the same row checks a file, names the expected size in an error
// and counts parameters. Nothing here reads a file.

/// What the transformer uses a tensor for.
public enum TensorRole: Int, Sendable, CaseIterable {
    case tokenEmbedding, outputNorm, outputNormBias, output, outputBias
    /// Divisors of the rotary frequencies: one list for every length, or one for contexts up to
    /// the original length and one beyond it.
    case ropeFactors, ropeFactorsShort, ropeFactorsLong
    case attentionNorm, attentionNormBias
    /// Queries, keys and values in one matrix, in this order.
    case queryKeyValue, queryKeyValueBias
    case query, queryBias, queryScale, key, keyBias, keyScale, value, valueBias, valueScale
    /// Norms of single heads, before the rotation.
    case queryNorm, keyNorm
    /// The norm between attention and its output matrix.
    case attentionSubNorm
    case attentionOutput, attentionOutputBias, attentionOutputScale
    case feedForwardNorm
    /// Gate and up in one matrix, in this order.
    case gateUp
    case gate, gateBias, gateScale, up, upBias, upScale
    /// The norm between the gate and the down matrix.
    case feedForwardSubNorm
    case down, downBias, downScale
}

/// A length that follows from the hyper-parameters.
public enum TensorDimension: Sendable {
    /// Width of the residual stream.
    case embedding
    case vocabulary
    case feedForward
    /// Gate and up together.
    case twiceFeedForward
    /// Query heads times key length.
    case queries
    /// Key-value heads times key length.
    case keys
    /// Key-value heads times value length.
    case values
    /// Query heads times value length: what attention hands to its output matrix.
    case attended
    /// Queries, keys and values together.
    case queriesKeysValues
    /// One query or key head.
    case keyHead
    /// Half the rotated dimensions of a head.
    case rotaryPairs
    /// A single value.
    case one

    /// The length for `configuration`; `block` matters where it may differ from block to block.
    public func length(in configuration: ModelConfiguration, block: Int) -> Int {
        switch self {
        case .embedding: configuration.embeddingLength
        case .vocabulary: configuration.vocabularySize
        case .feedForward: configuration.feedForwardLength[block]
        case .twiceFeedForward: 2 * configuration.feedForwardLength[block]
        case .queries: configuration.headCount[block] * configuration.keyLength
        case .keys: configuration.headCountKV[block] * configuration.keyLength
        case .values: configuration.headCountKV[block] * configuration.valueLength
        case .attended: configuration.headCount[block] * configuration.valueLength
        case .queriesKeysValues:
            [Self.queries, .keys, .values].reduce(0) {
                $0 + $1.length(in: configuration, block: block)
            }
        case .keyHead: configuration.keyLength
        case .rotaryPairs: configuration.ropeDimensionCount / 2
        case .one: 1
        }
    }
}

/// One tensor of an architecture.
public struct TensorRule: Sendable {
    /// How the tensor is used, which decides the formats it may have.
    public enum Use: Sendable {
        /// A weight matrix: any format with a kernel.
        case matrix
        /// Looked up row by row: any format with a row reader.
        case rows
        /// A norm, a bias or a factor list: always F32, as every converter writes it.
        case vector
    }

    /// Whether a file must have the tensor.
    public enum Presence: Sendable, Equatable {
        case required
        case optional
        /// Required, unless the block has that other tensor, which then holds this one's values;
        /// a file with both is refused. The other's rule stands earlier in the list.
        case unless(TensorRole)
        /// Required where the block has that other tensor, and refused where it has not.
        case with(TensorRole)
        /// Optional where the block has that other tensor, and refused where it has not.
        case allowedWith(TensorRole)
    }

    /// What the transformer uses it for.
    public let role: TensorRole
    /// The name, with `#` standing for the block's number.
    public let pattern: String
    /// Dimensions in file order: columns first.
    public let shape: [TensorDimension]
    /// Decides the formats it may have.
    public let use: Use
    /// Whether a file must have it.
    public let presence: Presence

    /// True when every block has its own.
    public var isPerBlock: Bool { pattern.contains("#") }

    /// The tensor's name in `block`.
    public func name(block: Int) -> String {
        guard let mark = pattern.firstIndex(of: "#") else { return pattern }
        return pattern[..<mark] + String(block) + pattern[pattern.index(after: mark)...]
    }

    /// The dimensions the tensor must have in `block`.
    public func dimensions(in configuration: ModelConfiguration, block: Int) -> [Int] {
        shape.map { $0.length(in: configuration, block: block) }
    }
}
