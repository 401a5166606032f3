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
        public var description: String { name }

        package init(_ name: String) { self.name = name }
    }

    public var status: Status
    public var code: Code
    /// What was tried, what was found, what was allowed.
    public var message: String
    public var field: String?
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

    public var description: String { "\(status) \(code): \(message)" }

    /// A body that did not decode, as its sender reads it.
    package init(_ error: WireError) {
        self.init(error.status, Code(error.code.name), error.message, field: error.field)
    }
}

extension ServiceError.Code {
    // Connection.
    public static let helloRequired = Self("hello_required")
    public static let helloTimeout = Self("hello_timeout")
    public static let helloRepeated = Self("hello_repeated")
    public static let requestIDInUse = Self("request_id_in_use")
    public static let kindUnimplemented = Self("kind_unimplemented")
    public static let kindReserved = Self("kind_reserved")
    public static let inFlightExceeded = Self("in_flight_exceeded")
    public static let connectionsExceeded = Self("connections_exceeded")
    public static let draining = Self("draining")
    public static let writeStalled = Self("write_stalled")
    // Requests.
    public static let overloaded = Self("overloaded")
    public static let cancelled = Self("cancelled")
    public static let deadlineExceeded = Self("deadline_exceeded")
    public static let modelDamaged = Self("model_damaged")
    public static let engineFailed = Self("engine_failed")
    public static let promptTooLong = Self("prompt_too_long")
    public static let promptEmpty = Self("prompt_empty")
    public static let tokenOutOfRange = Self("token_out_of_range")
    public static let memoryExceeded = Self("memory_exceeded")
    // Models.
    public static let modelUnknown = Self("model_unknown")
    public static let modelRequired = Self("model_required")
    public static let modelNotReady = Self("model_not_ready")
    public static let modelExists = Self("model_exists")
    public static let modelNameInvalid = Self("model_name_invalid")
    public static let modelUnloading = Self("model_unloading")
    public static let modelsExceeded = Self("models_exceeded")
    public static let loadingForbidden = Self("loading_forbidden")
    public static let loadsExceeded = Self("loads_exceeded")
    // Requirements.
    public static let realRequired = Self("real_required")
    public static let fingerprintRequired = Self("fingerprint_required")
    public static let fingerprintPending = Self("fingerprint_pending")
    public static let deviceRequired = Self("device_required")
}
