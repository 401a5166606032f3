// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Status numbers of responses, with advice for the caller. Numbers 0 to 16 are gRPC's canonical
// codes with gRPC's meanings, and numbers from 32 on are Assay's. A number is never reused.

/// Outcome of a request: the u32 at offset 16 of a response.
public enum Status: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    /// The answer follows.
    case ok = 0
    /// A Cancel, or the connection's end, came before the work began.
    case cancelled = 1
    /// An unclassified failure, or a number unknown to the client.
    case unknown = 2
    /// A field is unknown, malformed, out of range or missing (the error body names the field).
    case invalidArgument = 3
    /// The request's deadline passed before the work began.
    case deadlineExceeded = 4
    /// No model of the requested name is served.
    case notFound = 5
    /// The name, or the request id, is taken.
    case alreadyExists = 6
    /// The client is not allowed to make the request.
    case permissionDenied = 7
    /// A queue or a budget is full (refused at once instead of waiting without bound).
    case resourceExhausted = 8
    /// The state forbids the request: no Hello yet (hello_required), a second Hello, a model not
    /// ready.
    case failedPrecondition = 9
    /// Overtaken by a concurrent change, for example a model being replaced.
    case aborted = 10
    /// Valid, but too much for the model: a prompt longer than the context, a token id outside the
    /// vocabulary.
    case outOfRange = 11
    /// The kind is unknown or reserved (the connection lives on).
    case unimplemented = 12
    /// A fault of the server.
    case internalError = 13
    /// The server is draining, or the model is still loading (model_loading).
    case unavailable = 14
    /// A served model drifted from its seal, or gives non-finite logits.
    case dataLoss = 15
    /// The server demands that the client identifies itself.
    case unauthenticated = 16
    /// The bytes break the framing (sent in a GoAway before the connection closes).
    case protocolError = 32
    /// A model file failed the assay (the error body names the layer).
    case modelRejected = 33
    /// A requirement of the request does not hold, and nothing was computed.
    case requirementNotMet = 34
    /// Made by a client that receives a mock answer and does not allow mocks.
    case mockRefused = 35

    /// Advice on the next step after a status.
    public enum Advice: String, Sendable {
        /// Nothing went wrong.
        case none
        /// The request may succeed when sent again at once.
        case retry
        /// The request may succeed later (wait retry_after_milliseconds when given, else back off
        /// exponentially).
        case backoff
        /// The request fails again until the request or the server is changed.
        case fix
    }

    /// Advice for the caller.
    public var advice: Advice {
        switch self {
        case .ok: .none
        case .deadlineExceeded, .resourceExhausted, .unavailable: .backoff
        case .aborted: .retry
        default: .fix
        }
    }

    /// False for statuses that only a client makes.
    public var isOnWire: Bool {
        switch self {
        case .mockRefused: false
        default: true
        }
    }

    /// Name as SPEC.md writes it: `INVALID_ARGUMENT`.
    public var description: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internalError: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        case .protocolError: "PROTOCOL_ERROR"
        case .modelRejected: "MODEL_REJECTED"
        case .requirementNotMet: "REQUIREMENT_NOT_MET"
        case .mockRefused: "MOCK_REFUSED"
        }
    }
}
