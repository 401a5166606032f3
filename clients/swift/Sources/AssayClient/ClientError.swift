// The one error of the client: why a call gave no answer that may be used.
//
// Guarantees: a stable code, a status (the server's, or the one that fits), whether and when to try
// again, and a sentence a person can act on. Prompts and answers never appear in it.

import Wire

/// Why a call failed.
public struct ClientError: Error, Sendable, CustomStringConvertible {
    /// Stable reason. Open: later versions add to it.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case address_invalid, unreachable, connection_closed, timed_out, protocol_error
            case mock_refused, server_refused, request_invalid, given_up, revision_too_low
            case process_forked
        }

        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// The name in snake_case.
        public var name: String { value.rawValue }
        /// The name.
        public var description: String { name }

        /// The address is not a URL of a known form.
        public static let addressInvalid = Code(.address_invalid)
        /// Nobody answers at the address.
        public static let unreachable = Code(.unreachable)
        /// The server closed the connection before its answer was complete.
        public static let connectionClosed = Code(.connection_closed)
        /// The answer did not come in time.
        public static let timedOut = Code(.timed_out)
        /// The server's bytes break the protocol; the connection is closed.
        public static let protocolError = Code(.protocol_error)
        /// The answer comes from a mock and mocks are not allowed.
        public static let mockRefused = Code(.mock_refused)
        /// The server answered with a status; `serverError` is its body.
        public static let serverRefused = Code(.server_refused)
        /// The caller gave the answer up: its task was cancelled, or it took no more parts.
        public static let givenUp = Code(.given_up)
        /// The request cannot be sent to this server: it exceeds its limits.
        public static let requestInvalid = Code(.request_invalid)
        /// The server speaks an older revision, which does not know the request; nothing was sent.
        public static let revisionTooLow = Code(.revision_too_low)
        /// The process was forked from the one that made the client; nothing was touched.
        public static let processForked = Code(.process_forked)
    }

    /// Stable reason.
    public let code: Code
    /// The server's status, or the one that fits.
    public let status: Status
    /// One sentence.
    public let message: String
    /// The server's own words, when it had any.
    public let serverError: ErrorBody?
    /// Provenance of the frame that failed; nil when there was none.
    public let provenance: Provenance?

    /// What helps: see `Status.Advice`.
    public var advice: Status.Advice { status.advice }
    /// Pause the server asks for before another attempt, milliseconds.
    public var retryAfterMilliseconds: UInt64? { serverError?.retryAfterMilliseconds }

    /// Code and sentence.
    public var description: String { "\(code.name): \(message)" }

    package init(
        _ code: Code, _ status: Status, _ message: String, serverError: ErrorBody? = nil,
        provenance: Provenance? = nil
    ) {
        self.code = code
        self.status = status
        self.message = message
        self.serverError = serverError
        self.provenance = provenance
    }

    static func addressInvalid(_ text: String, _ allowed: String) -> ClientError {
        ClientError(
            .addressInvalid, .invalidArgument,
            "reading the server address: found \"\(text)\", allowed: \(allowed)")
    }

    static func unreachable(_ address: ServerAddress, _ reason: String) -> ClientError {
        ClientError(.unreachable, .unavailable, "connecting to \(address): \(reason)")
    }

    static func closed(_ doing: String, _ reason: String? = nil) -> ClientError {
        let words = reason.map { " (\($0))" } ?? ""
        return ClientError(
            .connectionClosed, .unavailable, "\(doing): the connection was closed\(words)")
    }

    static func timedOut(_ doing: String, milliseconds: UInt32) -> ClientError {
        ClientError(
            .timedOut, .deadlineExceeded, "\(doing): nothing came within \(milliseconds) ms")
    }

    /// The caller's task was cancelled, or it took no more of an answer.
    static var cancelled: ClientError {
        ClientError(.givenUp, .cancelled, "the caller gave the answer up")
    }

    /// The system has nothing left to work with.
    static func noThread(_ doing: String, _ code: Int32) -> ClientError {
        ClientError(
            .unreachable, .unavailable, "\(doing) for a client: the system says \(code)")
    }

    /// The process is a child of the one whose clients these are.
    static var processForked: ClientError {
        ClientError(
            .processForked, .failedPrecondition,
            "using a client: found a process that was forked from one with clients, allowed: that "
                + "one, or a program begun by exec(2), since Swift's concurrency runtime does not "
                + "survive fork(2)")
    }

    /// The server said why it closes.
    static func goneAway(_ status: Status, _ body: ErrorBody) -> ClientError {
        ClientError(
            .protocolError, status, "the server closes the connection: \(status): \(body.message)",
            serverError: body, provenance: .real)
    }

    static func damage(_ message: String) -> ClientError {
        ClientError(.protocolError, .protocolError, message)
    }

    /// Bytes of the server that Wire refuses. Whatever is wrong with a server's body is the
    /// server's breach of the protocol, not an invalid argument of the caller.
    static func damage(_ error: WireError) -> ClientError {
        damage("reading the server's answer: \(error.description)")
    }

    static func refused(_ status: Status, _ body: ErrorBody, _ provenance: Provenance)
        -> ClientError
    {
        ClientError(
            .serverRefused, status, "\(status): \(body.message)", serverError: body,
            provenance: provenance)
    }

    /// Nothing of what a mock says is handed out, its errors included.
    static var mockRefused: ClientError {
        ClientError(
            .mockRefused, .mockRefused,
            "the answer comes from a mock model, not from a real one, and was refused",
            provenance: .mock)
    }
}
