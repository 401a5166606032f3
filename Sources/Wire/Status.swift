// Status numbers of responses and what a caller should do about each.
//
// Guarantees: equal to Protocol/status.json, number, name and advice (a test compares them).
// Numbers 0...16 are gRPC's canonical codes and mean what they mean there; from 32 on they are
// ours. A number is never reused.

/// Outcome of a request: the u32 at offset 16 of a response.
public enum Status: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case internalError = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16
    /// The bytes break the protocol; the connection is closed after it.
    case protocolError = 32
    /// A model failed the assay; the error body names the layer.
    case modelRejected = 33
    /// A requirement stated in the request does not hold; nothing was computed.
    case requirementNotMet = 34
    /// A client refused a mock answer. Never on the wire.
    case mockRefused = 35

    /// What helps after a status.
    public enum Advice: String, Sendable {
        /// Nothing went wrong.
        case none
        /// The same request may succeed at once.
        case retry
        /// The same request may succeed later: after `retry_after_milliseconds` when given.
        case backoff
        /// The same request fails again: change it, or the server.
        case fix
    }

    /// The known status with this number; `unknown` for a number from a later revision.
    public init(number: UInt32) {
        self = Status(rawValue: number) ?? .unknown
    }

    /// What a caller should do.
    public var advice: Advice {
        switch self {
        case .ok: .none
        case .aborted: .retry
        case .deadlineExceeded, .resourceExhausted, .unavailable: .backoff
        default: .fix
        }
    }

    /// False for the one status that only a client makes.
    public var isOnWire: Bool { self != .mockRefused }

    /// Name as in Protocol/status.json, for example `INVALID_ARGUMENT`.
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
