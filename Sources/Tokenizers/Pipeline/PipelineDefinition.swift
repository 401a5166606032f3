// The steps of a tokenizer.json, read and recognised: what `PipelineTokenizer` is built from.
//
// Guarantees: ids lie inside the vocabulary, and every step is one that is done exactly.
// Does not: hold the texts of the vocabulary. `TokenizerDefinition` does.

struct PipelineDefinition: Sendable {
    var normalizers: [NormalizerStep] = []
    var steps: [PreTokenizerStep] = []
    var addedTokens: [AddedToken] = []
    /// True for tokens of `model.vocab`, one flag per token. Tokens behind the list are not.
    var isInModel: [Bool] = []
    /// Merges, most important first.
    var pairs: [TokenPair] = []
    var model = PairModelSettings()
    /// Ids that the post-processor puts around a text.
    var prefix: [Int32] = []
    var suffix: [Int32] = []
    var decoder = TokenDecoder()
    /// Ids above which `truncation` would cut a text, special tokens included.
    var tokenCountMax: Int?
}
