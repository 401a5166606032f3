// The error type of the client: the reason for a call without a usable answer.
//
// Guarantees: a stable code, a status (the server's, or the nearest match), advice on trying again,
// and a sentence to act on. Prompts and answers never appear in an error.

import Glibc
import Wire

/// Reason for the failure of a call.
public struct AssayError: Error, Sendable, CustomStringConvertible {
    /// Stable reason.
    public let code: Code
    /// The server's status, or the nearest match.
    public let status: Status
    /// One sentence.
    public let message: String
    /// The error body that the server sent, if any.
    public let serverError: ErrorBody?
    /// Provenance of the failed frame. Nil without a frame.
    public let provenance: Provenance?
    /// True when no byte of the request had been written.
    package private(set) var isUnsent = false
    /// True when the server ended an idle connection and had not read the request. Then `isUnsent`,
    /// too.
    package private(set) var isUnread = false
    /// Number of the system's error behind `unreachable`: errno, or negative of getaddrinfo(3).
    package private(set) var systemNumber: Int32 = 0
    private let ownField: String?

    /// Path of the offending field of the request, or name of the offending option.
    public var field: String? { ownField ?? serverError?.field }
    /// Advice on trying again: see `Status.Advice`.
    public var advice: Status.Advice { status.advice }
    /// Code and sentence.
    public var description: String { "\(code.name): \(message)" }

    package init(
        _ code: Code, _ message: String, status: Status? = nil, field: String? = nil,
        serverError: ErrorBody? = nil, provenance: Provenance? = nil
    ) {
        self.code = code
        self.status = status ?? code.status
        self.message = message
        self.serverError = serverError
        self.provenance = provenance
        ownField = field
    }

    /// This error, marked as that of a request with no byte written.
    package var unsent: AssayError {
        var error = self
        error.isUnsent = true
        return error
    }

    /// This error, marked as that of a request that the server has not read.
    package var unread: AssayError {
        var error = unsent
        error.isUnread = true
        return error
    }

    static func unreachable(
        _ address: ServerAddress, _ reason: String, number: Int32 = ETIMEDOUT
    ) -> AssayError {
        var error = AssayError(.unreachable, "connecting to \(address): \(reason)")
        error.systemNumber = number
        return error
    }

    /// The system has run out of a resource.
    static func exhausted(_ doing: String, _ code: Int32) -> AssayError {
        AssayError(.unreachable, "\(doing) for a client: the system says \(code)")
    }

    static func closed(_ doing: String, _ reason: String? = nil) -> AssayError {
        let words = reason.map { " (\($0))" } ?? ""
        return AssayError(.connectionClosed, "\(doing): the connection was closed\(words)")
    }

    static var clientClosed: AssayError { .closed("using a client that was closed") }

    static func timedOut(_ doing: String, milliseconds: some BinaryInteger) -> AssayError {
        AssayError(.timedOut, "\(doing): nothing came within \(milliseconds) ms")
    }

    /// The task of the caller was cancelled, or the caller gave up the answer.
    static var cancelled: AssayError { AssayError(.givenUp, "the caller gave the answer up") }

    /// The process is a fork of the process that owns the clients.
    static var processForked: AssayError {
        AssayError(
            .processForked,
            "using a client: found a process that was forked from one with clients, allowed: that "
                + "one, or a program begun by exec(2), since Swift's concurrency runtime does not "
                + "survive fork(2)")
    }

    /// A request outside its own table or the server's limits.
    static func invalid(_ error: WireError) -> AssayError {
        AssayError(.requestInvalid, error.message, field: error.field)
    }

    static func damage(_ doing: String, _ what: String) -> AssayError {
        AssayError(.protocolError, "\(doing): \(what)")
    }

    /// The first bytes of a peer are no frame.
    static func stranger(_ address: ServerAddress, _ bytes: [UInt8]) -> AssayError {
        damage("reading the first bytes", "the peer at \(address) \(Stranger.words(bytes))")
    }

    /// Bytes of the server that Wire refuses. An error in the server's body is a breach of the
    /// protocol by the server, not an invalid argument of the caller.
    static func damage(_ error: WireError) -> AssayError {
        damage("reading the server's answer", error.description)
    }
}
