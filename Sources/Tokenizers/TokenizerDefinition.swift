// What a file says about its tokenizer, read but not yet judged.
//
// Guarantees: a plain value that GGUF metadata, a tokenizer.json reader or a test can fill; the
// same checks (in `Vocabulary`) apply to all of them.
// Does not: validate. Lists may disagree in length, ids may lie outside the vocabulary.

/// The facts from which a tokenizer is built.
public struct TokenizerDefinition: Sendable {
    /// The kind, `tokenizer.ggml.model`: `llama` (SentencePiece style), `gpt2` (byte-level BPE).
    public var model: String
    /// The pre-tokenizer, `tokenizer.ggml.pre`.
    public var preTokenizer: String?
    /// `general.name`; a few models have rules of their own that only their name reveals.
    public var modelName: String?
    /// Token texts; a token's id is its index.
    public var tokens = TextList()
    /// One score per token; higher merges first.
    public var scores: [Float]?
    /// One `TokenType` raw value per token.
    public var types: [Int32]?
    /// Merge rules, `left right`, most important first.
    public var merges: TextList?
    /// Ids of tokens with a role.
    public var specialTokens: [SpecialToken: Int] = [:]
    /// Whether the vocabulary wants its begin token in front; nil: the kind's default.
    public var addsBeginToken: Bool?
    /// Whether the vocabulary wants its end token behind; nil: the kind's default.
    public var addsEndToken: Bool?
    /// Whether a space is put before text; nil: the kind's default.
    public var addsSpacePrefix: Bool?
    /// Whether a pre-token that is a token as a whole is not merged; nil: the pre-tokenizer's
    /// default.
    public var ignoresMerges: Bool?
    /// Tokens that swallow the white space behind them; nil: as the model's name reveals.
    public var strippingTokens: Set<Int>?

    /// An empty definition of the given kind.
    public init(model: String) { self.model = model }

    /// Adds tokens that nothing produces until there are `count`, for models whose embedding has
    /// more rows than there are tokens; the texts are those of llama.cpp's converter. Adds none to
    /// an empty list, and none if more than `TokenizerLimits.paddingCountMax` were needed.
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

    /// Roles that metadata can give to a token.
    public enum SpecialToken: String, Sendable, CaseIterable {
        case begin = "bos"
        case end = "eos"
        case unknown
        case endOfTurn = "eot"
        case endOfMessage = "eom"

        /// The metadata key that holds the id.
        public var key: String { "tokenizer.ggml.\(rawValue)_token_id" }
    }
}

/// What a token is for; numbers as in `tokenizer.ggml.token_type`.
public enum TokenType: Int32, Sendable {
    case undefined = 0
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
}
