// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Stable reasons of the client's errors, and fields of the server's error body. Each reason has
// the fitting status.

import Wire

extension AssayError {
    /// Stable reason. Later versions may add reasons.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name in snake_case.
        public let name: String
        /// The status of the reason, unless the server states another.
        public let status: Status
        /// The name.
        public var description: String { name }

        /// The address is not a URL of a known form.
        public static let addressInvalid = Code(name: "address_invalid", status: .invalidArgument)

        /// Nobody answers at the address.
        public static let unreachable = Code(name: "unreachable", status: .unavailable)

        /// The connection ended, or the client was closed, before the answer was complete.
        public static let connectionClosed = Code(name: "connection_closed", status: .unavailable)

        /// The answer did not come in time.
        public static let timedOut = Code(name: "timed_out", status: .deadlineExceeded)

        /// The server's bytes break the protocol, and the connection is closed.
        public static let protocolError = Code(name: "protocol_error", status: .protocolError)

        /// The answer comes from a mock and mocks are not allowed, so the answer is withheld.
        public static let mockRefused = Code(name: "mock_refused", status: .mockRefused)

        /// The server answered with a status.
        public static let serverRefused = Code(name: "server_refused", status: .unknown)

        /// The caller gave up the answer, or the answer is larger than answer_size_max.
        public static let givenUp = Code(name: "given_up", status: .cancelled)

        /// The request breaks the tables or exceeds a limit, and nothing was sent.
        public static let requestInvalid = Code(name: "request_invalid", status: .invalidArgument)

        /// The server speaks an older revision without the request, and nothing was sent.
        public static let revisionTooLow = Code(name: "revision_too_low", status: .unimplemented)

        /// The process is a fork of the process that made the client, and nothing was touched.
        public static let processForked = Code(name: "process_forked", status: .failedPrecondition)
    }
}

extension AssayError {
    /// From the server: stable reason in snake_case.
    public var serverCode: String? { serverError?.code }

    /// From the server: pause before another attempt, milliseconds.
    public var retryAfterMilliseconds: UInt64? { serverError?.retryAfterMilliseconds }

    /// From the server: layer that refused the model, with MODEL_REJECTED.
    public var layer: String? { serverError?.layer }

    /// From the server: load of the server at the time of the refusal.
    public var serverLoad: ServerLoad? { serverError?.serverLoad }
}
