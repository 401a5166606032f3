// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// The stable reasons of the client's errors, and what the server says of them. Each has the status
// that fits.

import Wire

extension AssayError {
    /// Stable reason. Open: later versions add to it.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name in snake_case.
        public let name: String
        /// The status that goes with it, where the server has not said another.
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

        /// The server's bytes break the protocol; the connection is closed.
        public static let protocolError = Code(name: "protocol_error", status: .protocolError)

        /// The answer comes from a mock and mocks are not allowed; nothing of it is handed out.
        public static let mockRefused = Code(name: "mock_refused", status: .mockRefused)

        /// The server answered with a status.
        public static let serverRefused = Code(name: "server_refused", status: .unknown)

        /// The caller gave the answer up, or it is larger than answer_size_max.
        public static let givenUp = Code(name: "given_up", status: .cancelled)

        /// The request cannot be sent: it breaks the tables or exceeds a limit; nothing was sent.
        public static let requestInvalid = Code(name: "request_invalid", status: .invalidArgument)

        /// The server speaks an older revision that does not know the request; nothing was sent.
        public static let revisionTooLow = Code(name: "revision_too_low", status: .unimplemented)

        /// The process was forked from the one that made the client; nothing was touched.
        public static let processForked = Code(name: "process_forked", status: .failedPrecondition)
    }
}

extension AssayError {
    /// The server's own word: stable reason in snake_case.
    public var serverCode: String? { serverError?.code }

    /// The server's own word: pause before another attempt.
    public var retryAfterMilliseconds: UInt64? { serverError?.retryAfterMilliseconds }

    /// The server's own word: with MODEL_REJECTED: the layer that refused.
    public var layer: String? { serverError?.layer }

    /// The server's own word: how busy the server was when it refused.
    public var serverLoad: ServerLoad? { serverError?.serverLoad }
}
