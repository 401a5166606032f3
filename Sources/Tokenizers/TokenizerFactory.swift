// The table of tokenizers: `tokenizer.ggml.model` -> builder.
//
// Guarantees: a kind without a row in the table is refused by name, with the supported kinds
// listed. A vocabulary is checked as a whole before a tokenizer exists.
// Does not: know file formats. GGUF metadata or other readers fill a `TokenizerDefinition`.

import ModelFiles

/// Builds the tokenizer that a model's metadata describes.
public enum TokenizerFactory {
    typealias Builder =
        @Sendable (TokenizerDefinition) throws(TokenizerError) -> any Tokenizer

    /// One row per value of `tokenizer.ggml.model`.
    static let builders: [(model: String, build: Builder)] = [
        ("llama", { definition throws(TokenizerError) in try SentencePieceTokenizer(definition) }),
        ("gpt2", { definition throws(TokenizerError) in try BytePairTokenizer(definition) }),
    ]

    /// The values of `tokenizer.ggml.model` that `make` accepts, in table order.
    public static var supportedModels: [String] { builders.map(\.model) }

    /// Builds a tokenizer from a model file's metadata. Any thread. Copies the vocabulary.
    ///
    /// - Throws: `TokenizerError` naming the key, the finding and the accepted values.
    public static func make(from metadata: Metadata) throws(TokenizerError) -> any Tokenizer {
        try make(from: TokenizerDefinition(metadata))
    }

    /// Builds a tokenizer from a parsed model of any form. Does not look at the weights.
    public static func make(from model: ParsedModel) throws(TokenizerError) -> any Tokenizer {
        switch model {
        case .gguf(let file): try make(from: file.metadata)
        case .checkpoint(let files):
            try make(
                from: TokenizerDefinition(
                    tokenizer: files.tokenizer, configuration: files.tokenizerConfiguration))
        }
    }

    /// Builds a tokenizer from facts that were read elsewhere. Any thread.
    public static func make(from definition: TokenizerDefinition) throws(TokenizerError)
        -> any Tokenizer
    {
        if let pipeline = definition.pipeline {
            return try PipelineTokenizer(definition, pipeline)
        }
        guard let row = builders.first(where: { $0.model == definition.model }) else {
            throw TokenizerError(
                .modelUnsupported, tried: "choosing a tokenizer",
                found: quoted(definition.model.utf8),
                allowed: supportedModels.joined(separator: ", "), location: "tokenizer.ggml.model")
        }
        return try row.build(definition)
    }
}
