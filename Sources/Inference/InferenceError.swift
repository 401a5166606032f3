// The one error type of this module.
//
// Guarantees: every refusal carries a stable code (snake_case, safe to match on from outside) and
// says what was tried, what was found, what was allowed and where. The text never holds prompts,
// generated tokens' text or host addresses. It does not decide which layer of the assay rejected
// a file: the caller knows which step it was running.

import ModelFiles

/// A refusal by this module: a model file that cannot be used, or a request that cannot be met.
public struct InferenceError: Error, Sendable, CustomStringConvertible {
    /// What kind of refusal this is. Codes are only ever added; compare against the constants.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case missingKey = "missing_key"
            case keyType = "key_type_mismatch"
            case keyRange = "key_out_of_range"
            case keysInconsistent = "keys_inconsistent"
            case unknownOverride = "unknown_override"
            case badOverride = "bad_override"
            case unsupportedArchitecture = "unsupported_architecture"
            case unsupportedFeature = "unsupported_feature"
            case missingTensor = "missing_tensor"
            case unexpectedTensor = "unexpected_tensor"
            case tensorShape = "tensor_shape_mismatch"
            case tensorFormat = "unsupported_tensor_format"
            case tokenizer = "tokenizer_rejected"
            case tokenizerMismatch = "tokenizer_mismatch"
            case placement = "placement_failed"
            case cacheExhausted = "cache_exhausted"
            case tooManySequences = "too_many_sequences"
            case sequenceTooLong = "sequence_too_long"
            case unknownSequence = "unknown_sequence"
            case tokenOutOfRange = "token_out_of_range"
            case badStep = "bad_step"
            case nonFiniteLogits = "non_finite_logits"
            case constantLogits = "constant_logits"
            case outputWidth = "output_width_mismatch"
            case notReproducible = "not_reproducible"
            case parameterRange = "parameter_out_of_range"
        }

        private let value: Value

        private init(_ value: Value) { self.value = value }

        /// The stable name, e.g. `missing_tensor`.
        public var name: String { value.rawValue }
        /// As `name`.
        public var description: String { value.rawValue }

        /// A metadata key the architecture needs is absent.
        public static let missingKey = Code(.missingKey)
        /// A metadata key holds another type than the one it must hold.
        public static let keyType = Code(.keyType)
        /// A metadata key holds a number outside the range this engine accepts.
        public static let keyRange = Code(.keyRange)
        /// Two keys, each fine alone, contradict each other.
        public static let keysInconsistent = Code(.keysInconsistent)
        /// An override names no key of this architecture.
        public static let unknownOverride = Code(.unknownOverride)
        /// An override's text cannot be read as the key's type.
        public static let badOverride = Code(.badOverride)
        /// No description exists for the file's architecture.
        public static let unsupportedArchitecture = Code(.unsupportedArchitecture)
        /// The architecture is known, but the file uses a part of it that is not implemented.
        public static let unsupportedFeature = Code(.unsupportedFeature)
        /// A tensor the architecture needs is absent.
        public static let missingTensor = Code(.missingTensor)
        /// The file holds a tensor the architecture would silently ignore.
        public static let unexpectedTensor = Code(.unexpectedTensor)
        /// A tensor's dimensions differ from what the hyper-parameters imply.
        public static let tensorShape = Code(.tensorShape)
        /// A tensor is stored in a format this engine has no kernel for.
        public static let tensorFormat = Code(.tensorFormat)
        /// The vocabulary itself was refused; the cause says why.
        public static let tokenizer = Code(.tokenizer)
        /// Vocabulary, keys and tensors disagree about the number of tokens.
        public static let tokenizerMismatch = Code(.tokenizerMismatch)
        /// The back end could not take the weights or buffers; the cause says why.
        public static let placement = Code(.placement)
        /// The key-value cache has too few free pages right now; closing sequences frees some.
        public static let cacheExhausted = Code(.cacheExhausted)
        /// Every sequence slot is in use right now.
        public static let tooManySequences = Code(.tooManySequences)
        /// The request can never fit: context, capacity or cache is smaller than it asks for.
        public static let sequenceTooLong = Code(.sequenceTooLong)
        /// The sequence was never opened here, or has been closed.
        public static let unknownSequence = Code(.unknownSequence)
        /// A token id is outside the vocabulary.
        public static let tokenOutOfRange = Code(.tokenOutOfRange)
        /// A step item is malformed: no tokens, or the same sequence twice.
        public static let badStep = Code(.badStep)
        /// The validation pass produced a logit that is NaN or infinite.
        public static let nonFiniteLogits = Code(.nonFiniteLogits)
        /// The validation pass produced the same logit for every token.
        public static let constantLogits = Code(.constantLogits)
        /// The validation pass produced another number of logits than the vocabulary has tokens.
        public static let outputWidth = Code(.outputWidth)
        /// Two validation passes over the same tokens gave different bits.
        public static let notReproducible = Code(.notReproducible)
        /// A parameter of a generation request lies outside its range.
        public static let parameterRange = Code(.parameterRange)
    }

    /// The stable kind of the refusal.
    public let code: Code
    /// What was being done, e.g. `reading "llama.block_count"`.
    public let tried: String
    /// What was there instead.
    public let found: String
    /// What would have been accepted; empty when nothing would.
    public let allowed: String
    /// The key or tensor concerned, when there is one.
    public let location: String?
    /// The error of a lower module that led to this one.
    public let cause: (any Error)?

    /// Creates an error from its parts; see the properties for their meaning.
    public init(
        _ code: Code, tried: String, found: String, allowed: String = "",
        location: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.tried = tried
        self.found = found
        self.allowed = allowed
        self.location = location
        self.cause = cause
    }

    /// A file that could not be read, or changed meanwhile; the cause says which and how.
    init(reading what: String, _ error: ModelFileError) {
        self.init(
            .placement, tried: "reading \(what): \(error.tried)", found: error.found,
            allowed: error.allowed, cause: error)
    }

    /// One sentence for a person: tried, found, allowed.
    public var message: String {
        var text = "\(tried): found \(found)"
        if !allowed.isEmpty { text += "; allowed: \(allowed)" }
        return text
    }

    /// Code and message.
    public var description: String { "\(code.name): \(message)" }
}
