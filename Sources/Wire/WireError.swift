// The one error of this module: bytes that are not what Protocol/SPEC.md allows.
//
// Guarantees: a stable code, a sentence that says what was read, what was found, what was allowed
// and where, and the status a server answers with. Damage to framing is PROTOCOL_ERROR (the
// connection ends); a body that does not fit its message is INVALID_ARGUMENT and names the field.
//
// It never holds payload bytes: prompts and answers stay out of errors and logs.

/// Why bytes were refused, or why a message could not be written.
///
/// One word wide (the details are boxed), so that typed throws cost nothing where nothing fails.
public struct WireError: Error, Sendable, CustomStringConvertible {
    /// Stable name of a reason (see Generated/WireErrorCodes.swift). Open: later revisions add.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name in snake_case, as sent in an error body's `code`.
        public let name: String

        init(_ name: String) { self.name = name }

        /// Text for people.
        public var description: String { name }

        /// A message larger than the peer accepts; nothing was written.
        public static let bodyTooLarge = Self("body_too_large")
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
    /// Status a server answers with: `protocolError` (and closes) or `invalidArgument`.
    public var status: Status { details.status }
    /// What was being read or written.
    public var tried: String { details.tried }
    /// What was there.
    public var found: String { details.found }
    /// What would have been accepted.
    public var allowed: String { details.allowed }
    /// Byte position, in words.
    public var location: String { details.location }
    /// Path of the offending field, for example `requirements.fingerprint`; nil for framing.
    public var field: String? { details.field }

    /// The sentence: tried, found, allowed, where.
    public var message: String {
        let place = location.isEmpty ? "" : " (\(location))"
        return "\(tried): found \(found), allowed: \(allowed)\(place)"
    }

    /// Text for people.
    public var description: String { "\(code.name): \(message)" }

    /// Damage to the framing of a connection.
    static func framing(
        _ code: Code, _ tried: String, found: String, allowed: String, at location: String = ""
    ) -> WireError {
        WireError(
            Details(
                code: code, status: .protocolError, tried: tried, found: found, allowed: allowed,
                location: location, field: nil))
    }

    /// A body that does not fit its message.
    static func body(
        _ code: Code, _ tried: String, found: String, allowed: String, at location: String = "",
        field: String? = nil
    ) -> WireError {
        WireError(
            Details(
                code: code, status: .invalidArgument, tried: tried, found: found,
                allowed: allowed, location: location, field: field))
    }

    /// The same error seen from the record that encloses it: the field path grows to the left.
    func inside(field outer: String) -> WireError {
        WireError(
            Details(
                code: code, status: status, tried: tried, found: found, allowed: allowed,
                location: location, field: field.map { "\(outer).\($0)" } ?? outer))
    }

    private init(_ details: Details) { self.details = details }
}
