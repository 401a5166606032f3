// The table of what a tokenizer.json may ask for: done exactly, or refused by name.
//
// Guarantees: every type of the tokenizers library 0.23.3 has a row. A test reads a file for each
// row and finds the row's verdict.
// Does not: read parts. The readers refuse single parameters by name, too.

/// The parts that a tokenizer.json may ask for.
package enum TokenizerParts {
    /// The top-level key of a part.
    package enum Place: String, Sendable, CaseIterable {
        case model
        case normalizer
        case preTokenizer = "pre_tokenizer"
        case postProcessor = "post_processor"
        case decoder

        /// The key of the list in a sequence of steps.
        var innerKey: String {
            switch self {
            case .model: "model"
            case .normalizer: "normalizers"
            case .preTokenizer: "pretokenizers"
            case .postProcessor: "processors"
            case .decoder: "decoders"
            }
        }
    }

    /// A type of a part.
    package struct Row: Sendable {
        /// The place of the type.
        package let place: Place
        /// The value of `type`.
        package let type: String
        /// The reason for refusing the type. nil: the type is done.
        package let refusal: String?
        /// The refused part of the type, in a few words, or nothing.
        package let limits: String

        fileprivate init(
            _ place: Place, _ type: String, refusal: String? = nil, limits: String = ""
        ) {
            self.place = place
            self.type = type
            self.refusal = refusal
            self.limits = limits
        }
    }

    /// The names of what is done at a place.
    static func names(_ place: Place) -> String {
        rows.filter { $0.place == place && $0.refusal == nil }.map(\.type).joined(separator: ", ")
    }

    /// The reason for refusing a known type.
    static func reason(_ place: Place, _ type: String) -> String? {
        rows.first { $0.place == place && $0.type == type }?.refusal
    }

    /// A row for every type.
    package static let rows: [Row] = [
        Row(
            .model, "BPE",
            limits: "dropout above 0, a prefix or suffix of words"),
        Row(.model, "Unigram", refusal: "of another family"),
        Row(.model, "WordLevel", refusal: "of another family"),
        Row(.model, "WordPiece", refusal: "of another family"),

        Row(.normalizer, "Sequence"),
        Row(.normalizer, "ByteLevel"),
        Row(.normalizer, "Lowercase"),
        Row(.normalizer, "NFC"),
        Row(.normalizer, "NFD"),
        Row(.normalizer, "NFKC"),
        Row(.normalizer, "NFKD"),
        Row(.normalizer, "Nmt"),
        Row(.normalizer, "Prepend"),
        Row(.normalizer, "Replace", limits: "patterns outside the table"),
        Row(.normalizer, "Strip"),
        Row(.normalizer, "StripAccents"),
        Row(.normalizer, "BertNormalizer", refusal: "made for WordPiece"),
        Row(.normalizer, "Precompiled", refusal: "made for Unigram"),

        Row(.preTokenizer, "Sequence"),
        Row(.preTokenizer, "BertPreTokenizer"),
        Row(.preTokenizer, "ByteLevel"),
        Row(.preTokenizer, "CharDelimiterSplit"),
        Row(.preTokenizer, "Digits"),
        Row(.preTokenizer, "FixedLength"),
        Row(.preTokenizer, "Metaspace", limits: "scheme first behind a step that changes the text"),
        Row(.preTokenizer, "Punctuation"),
        Row(.preTokenizer, "Split", limits: "patterns outside the table"),
        Row(.preTokenizer, "Whitespace"),
        Row(.preTokenizer, "WhitespaceSplit"),
        Row(.preTokenizer, "UnicodeScripts", refusal: "which needs a table of scripts"),

        Row(.postProcessor, "Sequence", limits: "two steps that add tokens"),
        Row(.postProcessor, "BertProcessing"),
        Row(.postProcessor, "ByteLevel"),
        Row(.postProcessor, "RobertaProcessing"),
        Row(.postProcessor, "TemplateProcessing", limits: "a text that is used not once"),

        Row(.decoder, "Sequence"),
        Row(.decoder, "ByteFallback"),
        Row(.decoder, "ByteLevel"),
        Row(.decoder, "Fuse"),
        Row(.decoder, "Metaspace"),
        Row(.decoder, "Replace", limits: "regular expressions, and more characters behind Fuse"),
        Row(.decoder, "Strip", limits: "all but the start of the whole text"),
        Row(.decoder, "BPEDecoder", refusal: "made for suffixes of words"),
        Row(.decoder, "CTC", refusal: "made for speech"),
        Row(.decoder, "WordPiece", refusal: "made for WordPiece"),
    ]
}
