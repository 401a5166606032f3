// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// Status numbers of responses and what a caller should do about each. Numbers 0 to 16 are gRPC's
// canonical codes and mean what they mean there; from 32 on they are ours. A number is never
// reused.

/// Outcome of a request: the u32 at offset 16 of a response.
public enum Status: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    /// The answer follows.
    case ok = 0
    /// A Cancel, or the connection's end, came before the work began.
    case cancelled = 1
    /// A failure nobody classified; also how a client reads a number it does not know.
    case unknown = 2
    /// A field is unknown, malformed, out of range or missing; the error body names it.
    case invalidArgument = 3
    /// The request's deadline passed before the work began.
    case deadlineExceeded = 4
    /// No model of that name is served.
    case notFound = 5
    /// The name, or the request id, is taken.
    case alreadyExists = 6
    /// This client may not do that.
    case permissionDenied = 7
    /// A queue or a budget is full; refused at once instead of waiting without bound.
    case resourceExhausted = 8
    /// Not in this state: no Hello yet (hello_required), a second Hello, a model that is not
    /// ready.
    case failedPrecondition = 9
    /// Overtaken by something concurrent, such as a model being replaced.
    case aborted = 10
    /// Right in itself but too much for this model: a prompt longer than the context, a token id
    /// outside the vocabulary.
    case outOfRange = 11
    /// The kind is unknown or reserved; the connection lives on.
    case unimplemented = 12
    /// A fault of the server.
    case internalError = 13
    /// Not now: draining, or a model still loading (model_loading).
    case unavailable = 14
    /// A served model drifted from its seal, or gives logits that are not finite.
    case dataLoss = 15
    /// The server wants to know who is asking.
    case unauthenticated = 16
    /// The bytes break the framing; sent in a GoAway, then the connection closes.
    case protocolError = 32
    /// A model file failed the assay; the error body names the layer.
    case modelRejected = 33
    /// A requirement stated in the request does not hold; nothing was computed.
    case requirementNotMet = 34
    /// Made by a client that got a mock answer without having allowed mocks.
    case mockRefused = 35

    /// What helps after a status.
    public enum Advice: String, Sendable {
        /// Nothing went wrong.
        case none
        /// The same request may succeed at once.
        case retry
        /// The same request may succeed later; wait retry_after_milliseconds when given, else back
        /// off exponentially.
        case backoff
        /// The same request fails again: change the request, or the server.
        case fix
    }

    /// What a caller should do.
    public var advice: Advice {
        switch self {
        case .ok: .none
        case .deadlineExceeded, .resourceExhausted, .unavailable: .backoff
        case .aborted: .retry
        default: .fix
        }
    }

    /// False for what only a client makes.
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
