// The facts in a file about the tokenizer, read but not yet judged.
//
// Guarantees: a definition is a plain value that GGUF metadata, a tokenizer.json reader or a test
// can fill. The checks in `Vocabulary` apply to every definition.
// Does not: validate. Lists may disagree in length, ids may lie outside the vocabulary.

/// The facts for building a tokenizer.
public struct TokenizerDefinition: Sendable {
    /// The kind, `tokenizer.ggml.model`: `llama` (SentencePiece style), `gpt2` (byte-level BPE).
    public var model: String
    /// The pre-tokenizer, `tokenizer.ggml.pre`.
    public var preTokenizer: String?
    /// `general.name`. For a few models only the name reveals special rules.
    public var modelName: String?
    /// Token texts. A token's id is its index.
    public var tokens = TextList()
    /// A score per token. Pairs with a higher score merge first.
    public var scores: [Float]?
    /// A `TokenType` raw value per token.
    public var types: [Int32]?
    /// Merge rules, `left right`, most important first.
    public var merges: TextList?
    /// Ids of tokens with a role.
    public var specialTokens: [SpecialToken: Int] = [:]
    /// True when the begin token goes in front. nil: the default of the kind or pre-tokenizer.
    public var addsBeginToken: Bool?
    /// True when the end token goes behind. nil: the kind's default.
    public var addsEndToken: Bool?
    /// True when a space is put before text. nil: the kind's default.
    public var addsSpacePrefix: Bool?
    /// True when a pre-token that is a token as a whole is not merged. nil: the pre-tokenizer's
    /// default.
    public var ignoresMerges: Bool?
    /// Tokens that swallow the white space behind them. nil: the model's name decides.
    public var strippingTokens: Set<Int>?

    /// Rows of the model's embedding. Tokens behind them have no meaning. nil: one for each token.
    package var rowCount: Int?
    /// The steps of a tokenizer.json. nil: the kind and the pre-tokenizer's name say everything.
    var pipeline: PipelineDefinition?

    /// An empty definition of the given kind.
    public init(model: String) { self.model = model }

    /// Appends unused tokens up to `count` tokens, for models with more embedding rows than tokens.
    /// The texts follow llama.cpp's converter. Adds no token to an empty list, and none when more
    /// than `TokenizerLimits.paddingCountMax` would be needed.
    package mutating func pad(to count: Int) {
        guard tokens.count > 0,
            (tokens.count..<tokens.count + TokenizerLimits.paddingCountMax).contains(count)
        else { return }
        for id in tokens.count..<count {
            tokens.append(Array("[PAD\(id)]".utf8))
            scores?.append(0)
            types?.append(TokenType.unused.rawValue)
        }
    }

    /// Roles of tokens in metadata.
    public enum SpecialToken: String, Sendable, CaseIterable {
        case begin = "bos"
        case end = "eos"
        case unknown
        case endOfTurn = "eot"
        case endOfMessage = "eom"

        /// The metadata key of the id.
        public var key: String { "tokenizer.ggml.\(rawValue)_token_id" }
    }
}

/// The purpose of a token, with the numbers of `tokenizer.ggml.token_type`.
public enum TokenType: Int32, Sendable {
    case undefined = 0
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
}
