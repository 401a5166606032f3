// One row of an architecture: a tensor's name, its shape in terms of the hyper-parameters, whether
// it must be there, and what the transformer uses it for.
//
// Guarantees: shapes are data, so the same row checks a file, names the expected size in an error
// and counts parameters. Nothing here reads a file.

/// What the transformer uses a tensor for.
public enum TensorRole: Int, Sendable, CaseIterable {
    case tokenEmbedding, outputNorm, output, ropeFactors
    case attentionNorm
    case query, queryBias, key, keyBias, value, valueBias
    case attentionOutput, attentionOutputBias
    case feedForwardNorm
    case gate, gateBias, up, upBias, down, downBias
}

/// A length that follows from the hyper-parameters.
public enum TensorDimension: Sendable {
    /// Width of the residual stream.
    case embedding
    case vocabulary
    case feedForward
    /// Query heads times key length.
    case queries
    /// Key-value heads times key length.
    case keys
    /// Key-value heads times value length.
    case values
    /// Query heads times value length: what attention hands to its output matrix.
    case attended
    /// Half the rotated dimensions of a head.
    case rotaryPairs

    /// The length for `configuration`; `block` matters where it may differ from block to block.
    public func length(in configuration: ModelConfiguration, block: Int) -> Int {
        switch self {
        case .embedding: configuration.embeddingLength
        case .vocabulary: configuration.vocabularySize
        case .feedForward: configuration.feedForwardLength[block]
        case .queries: configuration.headCount[block] * configuration.keyLength
        case .keys: configuration.headCountKV[block] * configuration.keyLength
        case .values: configuration.headCountKV[block] * configuration.valueLength
        case .attended: configuration.headCount[block] * configuration.valueLength
        case .rotaryPairs: configuration.ropeDimensionCount / 2
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

    /// What the transformer uses it for.
    public let role: TensorRole
    /// The name, with `#` standing for the block's number.
    public let pattern: String
    /// Dimensions in file order: columns first.
    public let shape: [TensorDimension]
    /// Decides the formats it may have.
    public let use: Use
    /// False when a file may come without it.
    public let isRequired: Bool

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

extension TensorRule {
    /// A matrix that turns `input` columns into `output` values, with a bias vector if asked for.
    static func linear(
        _ role: TensorRole, _ name: String, _ input: TensorDimension, _ output: TensorDimension,
        optionalBias bias: TensorRole? = nil, isRequired: Bool = true
    ) -> [TensorRule] {
        var rules = [
            TensorRule(
                role: role, pattern: name + ".weight", shape: [input, output], use: .matrix,
                isRequired: isRequired)
        ]
        if let bias {
            rules.append(
                TensorRule(
                    role: bias, pattern: name + ".bias", shape: [output], use: .vector,
                    isRequired: false))
        }
        return rules
    }

    /// A vector of `length` values.
    static func vector(
        _ role: TensorRole, _ pattern: String, _ length: TensorDimension, isRequired: Bool = true
    ) -> [TensorRule] {
        [
            TensorRule(
                role: role, pattern: pattern, shape: [length], use: .vector, isRequired: isRequired)
        ]
    }

    /// A table with one row of `width` values per token.
    static func table(
        _ role: TensorRole, _ pattern: String, _ width: TensorDimension
    ) -> [TensorRule] {
        [
            TensorRule(
                role: role, pattern: pattern, shape: [width, .vocabulary], use: .rows,
                isRequired: true)
        ]
    }
}
