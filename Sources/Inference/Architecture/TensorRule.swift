// A tensor of an architecture: name, shape in terms of the hyper-parameters, presence, and role in
// the transformer.
//
// Guarantees: shapes are data, so the same rule checks a file and names the expected size in an
// error.
// Does not: read files.

/// Role of a tensor in the transformer.
public enum TensorRole: Int, Sendable, CaseIterable {
    case tokenEmbedding, outputNorm, outputNormBias, output, outputBias
    /// Divisors of the rotary frequencies: a single list for every length, or a short list for
    /// contexts up to the original length and a long list for longer contexts.
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
    /// Query heads times value length: the input width of attention's output matrix.
    case attended
    /// Queries, keys and values together.
    case queriesKeysValues
    /// One query or key head.
    case keyHead
    /// Half the rotated dimensions of a head.
    case rotaryPairs
    /// A single value.
    case one

    /// Returns the length for `configuration`. `block` matters for lengths that differ between
    /// blocks.
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
    /// Use of the tensor. Decides the allowed formats.
    public enum Use: Sendable {
        /// A weight matrix: any format with a kernel.
        case matrix
        /// A table for look-up row by row: any format with a row reader.
        case rows
        /// A norm, a bias or a factor list: always F32, as every converter writes it.
        case vector
    }

    /// Rule for the presence of the tensor in a file.
    public enum Presence: Sendable, Equatable {
        case required
        case optional
        /// Required, unless the block has the named tensor, which then holds the values of this
        /// tensor. A file with both is refused. The rule of the named tensor stands earlier in the
        /// list.
        case unless(TensorRole)
        /// Required where the block has the named tensor, and refused elsewhere.
        case with(TensorRole)
        /// Optional where the block has the named tensor, and refused elsewhere.
        case allowedWith(TensorRole)
    }

    /// Role of the tensor in the transformer.
    public let role: TensorRole
    /// Name of the tensor, with `#` in place of the block's number.
    public let pattern: String
    /// Dimensions in file order: columns first.
    public let shape: [TensorDimension]
    /// Use of the tensor. Decides the allowed formats.
    public let use: Use
    /// Rule for the presence of the tensor in a file.
    public let presence: Presence

    /// True when every block has its own tensor.
    public var isPerBlock: Bool { pattern.contains("#") }

    /// Returns the tensor's name in `block`.
    public func name(block: Int) -> String {
        guard let mark = pattern.firstIndex(of: "#") else { return pattern }
        return pattern[..<mark] + String(block) + pattern[pattern.index(after: mark)...]
    }

    /// Returns the required dimensions in `block`.
    public func dimensions(in configuration: ModelConfiguration, block: Int) -> [Int] {
        shape.map { $0.length(in: configuration, block: block) }
    }
}
