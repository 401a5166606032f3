// Errors of the inference module.
//
// Guarantees: every refusal carries a stable code (snake_case, safe to match on from outside), the
// action that was tried, the value found, the values allowed, and the place if there is one. Error
// texts never hold prompts, text of generated tokens or host addresses.
// Does not: name the layer that rejected a file. The caller knows the running step.

import ModelFiles

/// A refusal of a model file or of a request.
public struct InferenceError: Error, Sendable, CustomStringConvertible {
    /// Kind of a refusal. Codes are only ever added. Compare against the constants.
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
            case unknownKey = "unknown_key"
            case missingTensor = "missing_tensor"
            case unexpectedTensor = "unexpected_tensor"
            case tensorShape = "tensor_shape_mismatch"
            case tensorFormat = "unsupported_tensor_format"
            case tokenizer = "tokenizer_rejected"
            case tokenizerMismatch = "tokenizer_mismatch"
            case templateInvalid = "template_invalid"
            case templateUnsupported = "template_unsupported"
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

        /// Subject and fault, the beginning of the error's sentence.
        package var complaint: String {
            switch value {
            case .missingKey: "metadata key is missing"
            case .keyType: "metadata key has a value of another type"
            case .keyRange: "metadata key is out of range"
            case .keysInconsistent: "metadata keys contradict each other"
            case .unknownOverride: "override names no key of the architecture"
            case .badOverride: "override does not fit its key"
            case .unsupportedArchitecture: "architecture is not supported"
            case .unsupportedFeature: "model needs a feature that is not supported"
            case .unknownKey: "metadata key is not known and may change the numbers"
            case .missingTensor: "tensor is missing"
            case .unexpectedTensor: "tensor would be ignored"
            case .tensorShape: "tensor has another shape"
            case .tensorFormat: "tensor has a format without a kernel"
            case .tokenizer: "vocabulary is not usable"
            case .tokenizerMismatch: "vocabulary, keys and tensors disagree"
            case .templateInvalid: "chat template is not in the template language"
            case .templateUnsupported: "chat template uses an unsupported construct"
            case .placement: "model does not get onto the device"
            case .cacheExhausted: "cache is full"
            case .tooManySequences: "every place for a sequence is taken"
            case .sequenceTooLong: "sequence is too long"
            case .unknownSequence: "sequence is not open"
            case .tokenOutOfRange: "token is not in the vocabulary"
            case .badStep: "step is malformed"
            case .nonFiniteLogits: "model computes NaN or infinity"
            case .constantLogits: "model gives every token the same logit"
            case .outputWidth: "model gives another number of logits"
            case .notReproducible: "model gives other bits for the same tokens"
            case .parameterRange: "parameter is out of range"
            }
        }

        /// The stable name, e.g. `missing_tensor`.
        public var name: String { value.rawValue }
        /// As `name`.
        public var description: String { value.rawValue }

        /// A metadata key the architecture needs is absent.
        public static let missingKey = Code(.missingKey)
        /// A metadata key holds a value of the wrong type.
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
        /// The architecture is known, but the file uses an unsupported part of it.
        public static let unsupportedFeature = Code(.unsupportedFeature)
        /// A key of the model's own namespace, or of another that carries meaning, is in no list.
        public static let unknownKey = Code(.unknownKey)
        /// A tensor the architecture needs is absent.
        public static let missingTensor = Code(.missingTensor)
        /// The file holds a tensor the architecture would silently ignore.
        public static let unexpectedTensor = Code(.unexpectedTensor)
        /// A tensor's dimensions do not match the hyper-parameters.
        public static let tensorShape = Code(.tensorShape)
        /// A tensor is stored in a format this engine has no kernel for.
        public static let tensorFormat = Code(.tensorFormat)
        /// The vocabulary itself was refused. The cause says why.
        public static let tokenizer = Code(.tokenizer)
        /// Vocabulary, keys and tensors disagree about the number of tokens.
        public static let tokenizerMismatch = Code(.tokenizerMismatch)
        /// A chat template cannot be read.
        public static let templateInvalid = Code(.templateInvalid)
        /// A chat template uses a construct that the interpreter does not have.
        public static let templateUnsupported = Code(.templateUnsupported)
        /// The back end could not take the weights or buffers. The cause says why.
        public static let placement = Code(.placement)
        /// The key-value cache has too few free pages right now. Closing sequences frees pages.
        public static let cacheExhausted = Code(.cacheExhausted)
        /// Every place for a sequence is in use right now.
        public static let tooManySequences = Code(.tooManySequences)
        /// The request can never fit: the context, capacity or cache is too small.
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
        /// The validation pass produced more or fewer logits than the vocabulary has tokens.
        public static let outputWidth = Code(.outputWidth)
        /// Two validation passes over the same tokens gave different bits.
        public static let notReproducible = Code(.notReproducible)
        /// A parameter of a generation request is out of range.
        public static let parameterRange = Code(.parameterRange)
    }

    /// Stable kind of the refusal.
    public let code: Code
    /// Action that was tried, e.g. `reading "llama.block_count"`.
    public let tried: String
    /// Value or state found.
    public let found: String
    /// Accepted values. Empty when there are none.
    public let allowed: String
    /// Key or tensor concerned, or nil.
    public let location: String?
    /// Error of a lower module, as the cause of this refusal.
    public let cause: (any Error)?

    /// Creates an error. The properties explain the parts.
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

    /// Wraps the error of a file that could not be read or was changed during the read.
    init(reading what: String, _ error: ModelFileError) {
        self.init(
            .placement, tried: "reading \(what): \(error.tried)", found: error.found,
            allowed: error.allowed, cause: error)
    }

    /// One sentence for a person.
    public var message: String {
        refusalSentence(code.complaint, found: found, allowed: allowed, tried)
    }

    /// Code and message.
    public var description: String { "\(code.name): \(message)" }
}
