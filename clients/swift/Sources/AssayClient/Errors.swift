// The one error of the client: why a call gave no answer that may be used.
//
// Guarantees: a stable code, a status (the server's, or the one that fits), whether and when to try
// again, and a sentence a person can act on. Prompts and answers never appear in it.

import Wire

/// Why a call failed.
public struct AssayError: Error, Sendable, CustomStringConvertible {
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
    /// True when no byte of the request had been written.
    package private(set) var isUnsent = false
    private let ownField: String?

    /// Path of the offending field of the request, or name of the offending option.
    public var field: String? { ownField ?? serverError?.field }
    /// What helps: see `Status.Advice`.
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

    /// The same, of a request of which no byte had been written.
    package var unsent: AssayError {
        var error = self
        error.isUnsent = true
        return error
    }

    static func unreachable(_ address: ServerAddress, _ reason: String) -> AssayError {
        AssayError(.unreachable, "connecting to \(address): \(reason)")
    }

    /// The system has nothing left to work with.
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

    /// The caller's task was cancelled, or it wants no more of an answer.
    static var cancelled: AssayError { AssayError(.givenUp, "the caller gave the answer up") }

    /// The process is a child of the one whose clients these are.
    static var processForked: AssayError {
        AssayError(
            .processForked,
            "using a client: found a process that was forked from one with clients, allowed: that "
                + "one, or a program begun by exec(2), since Swift's concurrency runtime does not "
                + "survive fork(2)")
    }

    /// A request that its own table, or the server's limit, forbids.
    static func invalid(_ error: WireError) -> AssayError {
        AssayError(.requestInvalid, error.message, field: error.field)
    }

    static func damage(_ doing: String, _ what: String) -> AssayError {
        AssayError(.protocolError, "\(doing): \(what)")
    }

    /// Bytes of the server that Wire refuses. Whatever is wrong with a server's body is the
    /// server's breach of the protocol, not an invalid argument of the caller.
    static func damage(_ error: WireError) -> AssayError {
        damage("reading the server's answer", error.description)
    }
}
