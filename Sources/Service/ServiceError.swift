// The one error of this module: a request that is refused or fails, as its peer will read it.
//
// Guarantees: a stable code, a status with its advice, a sentence that says what was tried, found
// and allowed; the field it is about where there is one. Prompts and answers never get in.

import Wire

/// Why a request got no answer. Travels as the error body of its last frame.
public struct ServiceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Stable name of a reason. Open: later revisions add to it.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name in snake_case, as sent in an error body's `code`.
        public let name: String
        /// The name.
        public var description: String { name }

        package init(_ name: String) { self.name = name }
    }

    /// What the status word of the frame says.
    public var status: Status
    /// The stable reason.
    public var code: Code
    /// What was tried, what was found, what was allowed.
    public var message: String
    /// Path of the refused field.
    public var field: String?
    /// Pause before another attempt, where one helps.
    public var retryAfterMilliseconds: UInt64?
    /// The layer that rejected a model.
    public var layer: String?

    package init(
        _ status: Status, _ code: Code, _ message: String, field: String? = nil,
        retryAfterMilliseconds: UInt64? = nil, layer: String? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.layer = layer
    }

    /// Status, code and message.
    public var description: String { "\(status) \(code): \(message)" }

    /// A body that did not decode, as its sender reads it.
    package init(_ error: WireError) {
        self.init(error.status, Code(error.code.name), error.message, field: error.field)
    }
}

extension ServiceError.Code {
    // Connection.
    /// Something else came before Hello.
    public static let helloRequired = Self("hello_required")
    /// No Hello came in time.
    public static let helloTimeout = Self("hello_timeout")
    /// Hello was said before.
    public static let helloRepeated = Self("hello_repeated")
    /// The id belongs to a request in flight.
    public static let requestIDInUse = Self("request_id_in_use")
    /// The kind is unknown or reserved.
    public static let kindUnimplemented = Self("kind_unimplemented")
    /// A client sent what only servers send.
    public static let kindReserved = Self("kind_reserved")
    /// Too many requests in flight on this connection.
    public static let inFlightExceeded = Self("in_flight_exceeded")
    /// Too many connections.
    public static let connectionsExceeded = Self("connections_exceeded")
    /// The server is shutting down.
    public static let draining = Self("draining")
    /// The peer does not read.
    public static let writeStalled = Self("write_stalled")
    // Requests.
    /// Too much is waiting already.
    public static let overloaded = Self("overloaded")
    /// A Cancel came before there was an answer.
    public static let cancelled = Self("cancelled")
    /// The deadline passed before there was an answer.
    public static let deadlineExceeded = Self("deadline_exceeded")
    /// A model that drifted from its seal.
    public static let modelDamaged = Self("model_damaged")
    /// A step gave infinities or NaN, and gave them again.
    public static let logitsNotFinite = Self("logits_not_finite")
    /// A step failed: our fault.
    public static let engineFailed = Self("engine_failed")
    /// More tokens than the context holds.
    public static let promptTooLong = Self("prompt_too_long")
    /// No token to begin with.
    public static let promptEmpty = Self("prompt_empty")
    /// A token the vocabulary does not have.
    public static let tokenOutOfRange = Self("token_out_of_range")
    /// A continuation that adds no token.
    public static let continuationEmpty = Self("continuation_empty")
    /// A continuation that changes the prompt's first token, which nothing comes before.
    public static let continuationNotScorable = Self("continuation_not_scorable")
    /// An answer that would not fit in one frame to this peer.
    public static let answerTooLarge = Self("answer_too_large")
    /// A conversation for a model without a chat template.
    public static let chatTemplateMissing = Self("chat_template_missing")
    // Models.
    /// No model of this name.
    public static let modelUnknown = Self("model_unknown")
    /// Several models, none named.
    public static let modelRequired = Self("model_required")
    /// Still loading; asking again later helps, and clients may wait on this code.
    public static let modelLoading = Self("model_loading")
    /// Failed to load, or not in a state that allows what was asked.
    public static let modelNotReady = Self("model_not_ready")
    /// The name is taken.
    public static let modelExists = Self("model_exists")
    /// The model is on its way out.
    public static let modelUnloading = Self("model_unloading")
    /// Too many models.
    public static let modelsExceeded = Self("models_exceeded")
    /// This server does not let clients load.
    public static let loadingForbidden = Self("loading_forbidden")
    /// Too many loads at once.
    public static let loadsExceeded = Self("loads_exceeded")
    /// The model is being verified already.
    public static let verifyRunning = Self("verify_running")
    // Requirements.
    /// Real was demanded, a mock is there.
    public static let realRequired = Self("real_required")
    /// Another file was demanded.
    public static let fingerprintRequired = Self("fingerprint_required")
    /// Another device was demanded.
    public static let deviceRequired = Self("device_required")
}
