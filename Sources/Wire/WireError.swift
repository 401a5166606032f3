// The error of this module, for bytes that Protocol/SPEC.md does not allow.
//
// Guarantees: an error has a stable code, the status of the server's answer, and a sentence with
// the action, the finding, the allowed values and the place. Damage to framing is PROTOCOL_ERROR
// and ends the connection, as does memory that the system refuses (RESOURCE_EXHAUSTED). A body that
// does not fit its message is INVALID_ARGUMENT.
//
// Errors never hold payload bytes, so prompts and answers stay out of errors and logs.

/// The reason why bytes were refused or a message was not written.
///
/// One word wide, because the details are boxed. So typed throws cost nothing without a failure.
public struct WireError: Error, Sendable, CustomStringConvertible {
    /// Stable name of a reason (see Generated/WireErrorCodes.swift). Later revisions add codes.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name in snake_case, as sent in an error body's `code`.
        public let name: String

        init(_ name: String) { self.name = name }

        /// Text for people.
        public var description: String { name }

        /// A message is larger than the peer accepts. Nothing was written.
        public static let bodyTooLarge = Self("body_too_large")
        /// The system refused the memory for a frame.
        public static let overloaded = Self("overloaded")
    }

    private final class Details: Sendable {
        let code: Code
        let status: Status
        let tried: String
        let found: String
        let allowed: String
        let location: String
        let field: String?

        init(
            code: Code, status: Status, tried: String, found: String, allowed: String,
            location: String, field: String?
        ) {
            self.code = code
            self.status = status
            self.tried = tried
            self.found = found
            self.allowed = allowed
            self.location = location
            self.field = field
        }
    }

    private let details: Details

    /// Stable reason.
    public var code: Code { details.code }
    /// Status of the server's answer: `invalidArgument`, or before closing `protocolError` or
    /// `resourceExhausted`.
    public var status: Status { details.status }
    /// The read or write that failed.
    public var tried: String { details.tried }
    /// The refused value, in words.
    public var found: String { details.found }
    /// Acceptable values, in words.
    public var allowed: String { details.allowed }
    /// Byte position, in words.
    public var location: String { details.location }
    /// Path of the offending field, for example `requirements.fingerprint`, or nil without a field.
    public var field: String? { details.field }

    /// The sentence: tried, found, allowed, where.
    public var message: String {
        let place = location.isEmpty ? "" : " (\(location))"
        return "\(tried): found \(found), allowed: \(allowed)\(place)"
    }

    /// Text for people.
    public var description: String { "\(code.name): \(message)" }

    /// The error for damage to the framing of a connection.
    static func framing(
        _ code: Code, _ tried: String, found: String, allowed: String, at location: String = ""
    ) -> WireError {
        WireError(
            Details(
                code: code, status: .protocolError, tried: tried, found: found, allowed: allowed,
                location: location, field: nil))
    }

    /// The error for a body that does not fit its message.
    static func body(
        _ code: Code, _ tried: String, found: String, allowed: String, at location: String = "",
        field: String? = nil
    ) -> WireError {
        WireError(
            Details(
                code: code, status: .invalidArgument, tried: tried, found: found,
                allowed: allowed, location: location, field: field))
    }

    /// The error for `size` bytes of memory that the system refused.
    static func memory(_ size: Int) -> WireError {
        WireError(
            Details(
                code: .overloaded, status: .resourceExhausted, tried: "keeping bytes of a frame",
                found: "no memory for \(size) bytes", allowed: "sizes that the system has",
                location: "", field: nil))
    }

    /// Returns the error for the enclosing record, with `outer` in front of the field path.
    func inside(field outer: String) -> WireError {
        WireError(
            Details(
                code: code, status: status, tried: tried, found: found, allowed: allowed,
                location: location, field: field.map { "\(outer).\($0)" } ?? outer))
    }

    private init(_ details: Details) { self.details = details }
}
