// Refusals of vocabularies and texts.
//
// Guarantees: every refusal of Tokenizers is one `TokenizerError` with a stable snake_case code and
// the facts that a person needs: the operation, the finding, the accepted values and the key.
// Does not: quote prompts. Texts of single tokens are clipped and made printable.

import ModelFiles

/// A refused vocabulary or text. A value: making an error has no side effect.
public struct TokenizerError: Error, Sendable, CustomStringConvertible {
    /// A stable reason. The set is open: codes are added, so compare with `==` and do not switch
    /// over all.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String, CaseIterable {
            case keyMissing = "tokenizer_key_missing"
            case keyType = "tokenizer_key_type"
            case modelUnsupported = "tokenizer_model_unsupported"
            case preTokenizerUnsupported = "pre_tokenizer_unsupported"
            case vocabularyEmpty = "vocabulary_empty"
            case vocabularyTooLarge = "vocabulary_too_large"
            case tokenTooLong = "token_too_long"
            case tokenDuplicate = "token_duplicate"
            case lengthMismatch = "vocabulary_length_mismatch"
            case tokenTypeInvalid = "token_type_invalid"
            case scoreInvalid = "token_score_invalid"
            case specialTokenInvalid = "special_token_out_of_range"
            case byteTokenMissing = "byte_token_missing"
            case byteTokenInvalid = "byte_token_invalid"
            case mergeInvalid = "merge_invalid"
            case textTooLong = "text_too_long"
            case tooManyTokens = "too_many_tokens"
            case encodingCancelled = "encoding_cancelled"
            case jsonInvalid = "tokenizer_json_invalid"
            case jsonStructureInvalid = "tokenizer_json_structure_invalid"
            case featureUnsupported = "tokenizer_feature_unsupported"
            case tokenIDInvalid = "token_id_invalid"
        }

        private let value: Value

        private init(_ value: Value) { self.value = value }

        /// Subject and fault, the beginning of the error's sentence.
        var complaint: String {
            switch value {
            case .keyMissing: "key of the vocabulary is missing"
            case .keyType: "key of the vocabulary has another type"
            case .modelUnsupported: "kind of tokenizer is not supported"
            case .preTokenizerUnsupported: "pre-tokenizer is not supported"
            case .vocabularyEmpty: "vocabulary is empty"
            case .vocabularyTooLarge: "vocabulary is too large"
            case .tokenTooLong: "token is too long"
            case .tokenDuplicate: "two tokens have the same text"
            case .lengthMismatch: "lists of the vocabulary differ in length"
            case .tokenTypeInvalid: "type of a token does not exist"
            case .scoreInvalid: "score of a token is not a number"
            case .specialTokenInvalid: "special token is not in the vocabulary"
            case .byteTokenMissing: "vocabulary has no token for a byte"
            case .byteTokenInvalid: "byte token has another text"
            case .mergeInvalid: "merge rule is malformed"
            case .textTooLong: "text is too long"
            case .tooManyTokens: "text has too many tokens"
            case .encodingCancelled: "encoding was cancelled"
            case .jsonInvalid: "text of the tokenizer is not JSON"
            case .jsonStructureInvalid: "text of the tokenizer has another structure"
            case .featureUnsupported: "tokenizer needs a feature that is not supported"
            case .tokenIDInvalid: "id of a token is not usable"
            }
        }

        /// The stable name, for example `token_duplicate`.
        public var name: String { value.rawValue }
        /// Equal to `name`.
        public var description: String { value.rawValue }

        /// A key that this kind of vocabulary needs is absent.
        public static let keyMissing = Code(.keyMissing)
        /// A key holds a value of another type.
        public static let keyType = Code(.keyType)
        /// `tokenizer.ggml.model` names a kind that is not implemented.
        public static let modelUnsupported = Code(.modelUnsupported)
        /// `tokenizer.ggml.pre` names a pre-tokenizer that is not implemented.
        public static let preTokenizerUnsupported = Code(.preTokenizerUnsupported)
        /// There is no token at all.
        public static let vocabularyEmpty = Code(.vocabularyEmpty)
        /// More tokens, merges or bytes than `TokenizerLimits` allows.
        public static let vocabularyTooLarge = Code(.vocabularyTooLarge)
        /// One token text is longer than `TokenizerLimits.tokenSizeMax`.
        public static let tokenTooLong = Code(.tokenTooLong)
        /// Two ids have one text, so encoding would be ambiguous.
        public static let tokenDuplicate = Code(.tokenDuplicate)
        /// The token list and its scores or types differ in length.
        public static let lengthMismatch = Code(.lengthMismatch)
        /// A token type outside 0 to 6.
        public static let tokenTypeInvalid = Code(.tokenTypeInvalid)
        /// A score that is NaN or infinite.
        public static let scoreInvalid = Code(.scoreInvalid)
        /// A special token id outside the vocabulary.
        public static let specialTokenInvalid = Code(.specialTokenInvalid)
        /// No token can stand for a byte, and no unknown token can stand in.
        public static let byteTokenMissing = Code(.byteTokenMissing)
        /// A token of type byte whose text is not of the form `<0xNN>`.
        public static let byteTokenInvalid = Code(.byteTokenInvalid)
        /// A merge rule has another form than two non-empty parts.
        public static let mergeInvalid = Code(.mergeInvalid)
        /// A text of more than `TokenizerLimits.textSizeMax` bytes.
        public static let textTooLong = Code(.textTooLong)
        /// More ids than the encoding's watch allows.
        public static let tooManyTokens = Code(.tooManyTokens)
        /// The encoding's watch was cancelled.
        public static let encodingCancelled = Code(.encodingCancelled)
        /// A tokenizer.json or tokenizer_config.json is not acceptable JSON.
        public static let jsonInvalid = Code(.jsonInvalid)
        /// A part of a tokenizer.json is missing or of another type.
        public static let jsonStructureInvalid = Code(.jsonStructureInvalid)
        /// A tokenizer.json asks for an unsupported feature that would change ids.
        public static let featureUnsupported = Code(.featureUnsupported)
        /// An id of a tokenizer.json is taken, out of range or no integer.
        public static let tokenIDInvalid = Code(.tokenIDInvalid)
    }

    /// The stable reason.
    public let code: Code
    /// The attempted operation, for example `reading the token types`.
    public let tried: String
    /// The offending value or state.
    public let found: String
    /// The accepted values.
    public let allowed: String
    /// The metadata key concerned, if any.
    public let location: String?

    package init(
        _ code: Code, tried: String, found: String, allowed: String, location: String? = nil
    ) {
        self.code = code
        self.tried = tried
        self.found = found
        self.allowed = allowed
        self.location = location
    }

    /// One sentence for a person.
    public var message: String {
        refusalSentence(
            code.complaint, found: found, allowed: allowed, tried,
            location.map { "key \"\($0)\"" } ?? "")
    }

    /// Code and message.
    public var description: String { "\(code.name): \(message)" }
}

/// Text from a file made fit for an error message: clipped, escaped and in quotation marks.
func quoted(_ bytes: some Sequence<UInt8>) -> String {
    "\"" + printable(bytes, countMax: 40) + "\""
}
