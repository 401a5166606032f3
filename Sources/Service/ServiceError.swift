// The error type of this module: a refused or failed request, as the peer reads the refusal.
//
// Guarantees: every error has a stable code, a status, and a message with the attempt, the finding
// and the bound. The refused field is named where there is one. Prompts and answers never get in.

import Wire

/// Reason a request got no answer. Travels as the error body of the request's last frame.
package struct ServiceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Stable name of a reason. The set is open, because later revisions add names.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name in snake_case, as sent in an error body's `code`.
        package let name: String
        /// The name.
        package var description: String { name }

        package init(_ name: String) { self.name = name }
    }

    /// Status word of the frame.
    package var status: Status
    /// The stable reason.
    package var code: Code
    /// The attempt, the finding and the bound, as a sentence.
    package var message: String
    /// Path of the refused field.
    package var field: String?
    /// Pause before the next attempt, where a retry helps.
    package var retryAfterMilliseconds: UInt64?
    /// The layer that rejected a model.
    package var layer: String?

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
    package var description: String { "\(status) \(code): \(message)" }

    /// Reports a body that did not decode to the sender of the body.
    package init(_ error: WireError) {
        self.init(error.status, Code(error.code.name), error.message, field: error.field)
    }

    /// A peer whose first bytes are those of the protocol `name`. Never on the wire.
    package static func stranger(_ name: String) -> ServiceError {
        ServiceError(
            .protocolError, .strangerProtocol,
            "reading the first bytes of a connection: found \(name), allowed: Assay's protocol")
    }
}

extension ServiceError.Code {
    // Connection.
    /// The peer speaks another protocol.
    package static let strangerProtocol = Self("stranger_protocol")
    /// The first request was not Hello.
    package static let helloRequired = Self("hello_required")
    /// No Hello came in time.
    package static let helloTimeout = Self("hello_timeout")
    /// The connection has sent Hello before.
    package static let helloRepeated = Self("hello_repeated")
    /// The id belongs to a request in flight.
    package static let requestIDInUse = Self("request_id_in_use")
    /// The kind is unknown or reserved.
    package static let kindUnimplemented = Self("kind_unimplemented")
    /// A client sent a kind that only servers send.
    package static let kindReserved = Self("kind_reserved")
    /// Too many requests in flight on this connection.
    package static let inFlightExceeded = Self("in_flight_exceeded")
    /// Too many connections.
    package static let connectionsExceeded = Self("connections_exceeded")
    /// A frame that has begun is not whole in time, or comes too slowly.
    package static let frameTimeout = Self("frame_timeout")
    /// Nothing happened on the connection for long, or another connection needed its place.
    package static let idle = Self("idle")
    /// The server is shutting down.
    package static let draining = Self("draining")
    /// The peer does not read.
    package static let writeStalled = Self("write_stalled")
    // Requests.
    /// Too many requests or bytes are waiting already.
    package static let overloaded = Self("overloaded")
    /// The request would miss its deadline in the queue, and was not started.
    package static let deadlineUnreachable = Self("deadline_unreachable")
    /// A Cancel came before there was an answer.
    package static let cancelled = Self("cancelled")
    /// The deadline passed before there was an answer.
    package static let deadlineExceeded = Self("deadline_exceeded")
    /// The model drifted from its seal.
    package static let modelDamaged = Self("model_damaged")
    /// Two computations of the request gave infinities or NaN.
    package static let logitsNotFinite = Self("logits_not_finite")
    /// A step failed. The fault is the server's.
    package static let engineFailed = Self("engine_failed")
    /// More tokens than the context holds.
    package static let promptTooLong = Self("prompt_too_long")
    /// A prompt without tokens.
    package static let promptEmpty = Self("prompt_empty")
    /// A token outside the vocabulary.
    package static let tokenOutOfRange = Self("token_out_of_range")
    /// A continuation that adds no token.
    package static let continuationEmpty = Self("continuation_empty")
    /// A continuation that changes the prompt's first token, which has no token before it.
    package static let continuationNotScorable = Self("continuation_not_scorable")
    /// An answer that would not fit in one frame to this peer.
    package static let answerTooLarge = Self("answer_too_large")
    /// A conversation for a model without a chat template.
    package static let chatTemplateMissing = Self("chat_template_missing")
    /// A request for text or logits of a model that makes embeddings only.
    package static let modelMakesNoText = Self("model_makes_no_text")
    /// A request for text or logits of a model that attends in both directions.
    package static let modelNotCausal = Self("model_not_causal")
    // Models.
    /// No model of this name.
    package static let modelUnknown = Self("model_unknown")
    /// The server has several models and the request names none.
    package static let modelRequired = Self("model_required")
    /// The model is still loading. A retry helps, and clients may wait on this code.
    package static let modelLoading = Self("model_loading")
    /// The model failed to load, or its state does not allow the request.
    package static let modelNotReady = Self("model_not_ready")
    /// The name is taken.
    package static let modelExists = Self("model_exists")
    /// The model is being unloaded.
    package static let modelUnloading = Self("model_unloading")
    /// Too many models.
    package static let modelsExceeded = Self("models_exceeded")
    /// This server does not let clients load.
    package static let loadingNotAllowed = Self("loading_not_allowed")
    /// The peer may not name the path of a Load.
    package static let pathNotAllowed = Self("path_not_allowed")
    /// Too many loads at once.
    package static let loadsExceeded = Self("loads_exceeded")
    /// The model is being verified already.
    package static let verifyRunning = Self("verify_running")
    /// A swap of the model runs already.
    package static let swapRunning = Self("swap_running")
    /// The model has no such generation, or no such label, in memory.
    package static let generationUnknown = Self("generation_unknown")
    /// There is no generation to return to.
    package static let noHeldGeneration = Self("no_held_generation")
    /// The new generation answered differently, and the swap demanded equal answers.
    package static let shadowDiffers = Self("shadow_differs")
    /// The name has a `:`, which is kept for labels.
    package static let nameReserved = Self("name_reserved")
    /// The model was put out of memory, and the server does not load it for a request.
    package static let modelEvicted = Self("model_evicted")
    /// The model is pinned.
    package static let modelPinned = Self("model_pinned")
    /// The model failed repeatedly and is given a pause.
    package static let breakerOpen = Self("breaker_open")
    // Tokens.
    /// The server answers only clients that present a token in Hello.
    package static let tokenRequired = Self("token_required")
    /// The token is none of the server's, or has been withdrawn.
    package static let tokenInvalid = Self("token_invalid")
    /// The token does not have the scope of the request.
    package static let scopeMissing = Self("scope_missing")
    // Requirements.
    /// The request demands a real model and found a mock.
    package static let realRequired = Self("real_required")
    /// The request demands a different file.
    package static let fingerprintRequired = Self("fingerprint_required")
    /// The request demands a different device.
    package static let deviceRequired = Self("device_required")
}
