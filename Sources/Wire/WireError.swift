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
    /// Stable name of a reason. Open: later revisions add to it.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            // Framing: PROTOCOL_ERROR.
            case length_too_small, length_too_large, version_unsupported, kind_out_of_range
            case flags_unknown, flags_conflict, provenance_invalid, request_id_invalid
            case generation_not_zero, reserved_not_zero, raw_size_mismatch, raw_size_too_large
            case compression_not_useful, compressed_body_damaged
            // Bodies: INVALID_ARGUMENT.
            case body_truncated, field_unknown, field_type_mismatch, field_size_mismatch
            case field_reserved_not_zero, field_order, field_repeated, field_out_of_range
            case field_text_invalid, field_missing, field_conflict
            // Writing.
            case body_too_large
        }

        private let value: Value

        private init(_ value: Value) { self.value = value }

        /// The name in snake_case, as sent in an error body's `code`.
        public var name: String { value.rawValue }
        /// Text for people.
        public var description: String { name }

        /// The length word is smaller than a header.
        public static let lengthTooSmall = Code(.length_too_small)
        /// The length word exceeds the body limit.
        public static let lengthTooLarge = Code(.length_too_large)
        /// Byte 4 is not this version.
        public static let versionUnsupported = Code(.version_unsupported)
        /// Byte 5 belongs to the other direction.
        public static let kindOutOfRange = Code(.kind_out_of_range)
        /// Byte 6 has bits that nobody defined here.
        public static let flagsUnknown = Code(.flags_unknown)
        /// A failed response claims more frames, or degradations.
        public static let flagsConflict = Code(.flags_conflict)
        /// Byte 7 is not what its direction allows.
        public static let provenanceInvalid = Code(.provenance_invalid)
        /// Id 0 outside GoAway, or another in GoAway.
        public static let requestIDInvalid = Code(.request_id_invalid)
        /// A request has a generation.
        public static let generationNotZero = Code(.generation_not_zero)
        /// The last word of the header is not zero.
        public static let reservedNotZero = Code(.reserved_not_zero)
        /// A plain body with two different sizes.
        public static let rawSizeMismatch = Code(.raw_size_mismatch)
        /// The size before compression exceeds the body limit.
        public static let rawSizeTooLarge = Code(.raw_size_too_large)
        /// A compressed body too small, or not smaller than the plain one.
        public static let compressionNotUseful = Code(.compression_not_useful)
        /// An LZ4 block that is malformed or of another size.
        public static let compressedBodyDamaged = Code(.compressed_body_damaged)
        /// A field leaves its body or its record.
        public static let bodyTruncated = Code(.body_truncated)
        /// An id that the table does not list.
        public static let fieldUnknown = Code(.field_unknown)
        /// Not the type of the table.
        public static let fieldTypeMismatch = Code(.field_type_mismatch)
        /// A size that the type cannot have.
        public static let fieldSizeMismatch = Code(.field_size_mismatch)
        /// The fourth byte of a field header is not zero.
        public static let fieldReservedNotZero = Code(.field_reserved_not_zero)
        /// An id below the one before it.
        public static let fieldOrder = Code(.field_order)
        /// More often than the table allows.
        public static let fieldRepeated = Code(.field_repeated)
        /// A value, size or count outside the range of the table.
        public static let fieldOutOfRange = Code(.field_out_of_range)
        /// Text that is not UTF-8.
        public static let fieldTextInvalid = Code(.field_text_invalid)
        /// A required field is not there.
        public static let fieldMissing = Code(.field_missing)
        /// Fields that exclude or contradict each other.
        public static let fieldConflict = Code(.field_conflict)
        /// A message larger than the peer accepts; nothing was written.
        public static let bodyTooLarge = Code(.body_too_large)
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
