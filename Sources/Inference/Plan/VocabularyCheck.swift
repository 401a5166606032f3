// Checks that vocabulary, metadata and embedding agree about the tokens.
//
// The shape check has compared the embedding's rows with the configuration's vocabulary size. Here
// the token list and the special ids are compared with the same number. A disagreement would let a
// token id point past a table, or leave a sampled id without text.

import ModelFiles
import Tokenizers

package enum VocabularyCheck {
    package static func checkSize(
        _ tokenizer: any Tokenizer, _ configuration: ModelConfiguration, list: String
    ) throws(InferenceError) {
        let size = configuration.vocabularySize
        guard tokenizer.vocabularySize == size else {
            throw InferenceError(
                .tokenizerMismatch, tried: "comparing the token list with the embedding",
                found: "\(tokenizer.vocabularySize) tokens in \"\(list)\"",
                allowed: "\(size), the model's vocabulary size",
                location: list)
        }
    }

    package static func checkSpecialIDs(
        _ metadata: Metadata, _ configuration: ModelConfiguration
    ) throws(InferenceError) {
        let size = configuration.vocabularySize
        for key in metadata.keys where isSpecialID(key) {
            guard let value = metadata[key] else { continue }
            guard let id = value.asInteger, id >= 0, id < Int64(size) else {
                throw InferenceError(
                    .tokenizerMismatch, tried: "reading \"\(key)\"",
                    found: value.asInteger.map(String.init) ?? "a value of type \(value.type)",
                    allowed: "a token id, 0 to \(size - 1)", location: key)
            }
        }
    }

    /// Returns true for `tokenizer.ggml.bos_token_id`, `…eos_token_id` and similar keys. The
    /// padding token fills the rows of a batch, which is never done here, so its id has no effect.
    private static func isSpecialID(_ key: String) -> Bool {
        key.hasPrefix("tokenizer.ggml.") && key.hasSuffix("_token_id")
            && key != "tokenizer.ggml.padding_token_id"
    }
}
