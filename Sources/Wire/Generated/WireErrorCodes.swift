// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Codes of WireError, for the checks of SPEC.md, sections 1 and 2. Broken framing is answered
// PROTOCOL_ERROR, a broken body INVALID_ARGUMENT.

extension WireError.Code {
    /// Broken rule: length at least 28.
    public static let lengthTooSmall = Self("length_too_small")
    /// Broken rule: length at most 28 + body limit.
    public static let lengthTooLarge = Self("length_too_large")
    /// Broken rule: version is 1.
    public static let versionUnsupported = Self("version_unsupported")
    /// Broken rule: reserved is 0.
    public static let reservedNotZero = Self("reserved_not_zero")
    /// Broken rule: request: kind 0x01..0x7F, response: kind 0x81..0xFF.
    public static let kindOutOfRange = Self("kind_out_of_range")
    /// Broken rule: no flag bits but the allowed ones.
    public static let flagsUnknown = Self("flags_unknown")
    /// Broken rule: request: provenance 0, response: 1 or 2.
    public static let provenanceInvalid = Self("provenance_invalid")
    /// Broken rule: request: id not 0, response: id 0 exactly in GoAway.
    public static let requestIDInvalid = Self("request_id_invalid")
    /// Broken rule: request: generation 0.
    public static let generationNotZero = Self("generation_not_zero")
    /// Broken rule: response with status: neither more nor degraded.
    public static let flagsConflict = Self("flags_conflict")
    /// Broken rule: compressed: Hello agreed on compression.
    public static let compressionNotAgreed = Self("compression_not_agreed")
    /// Broken rule: rawSize at most the body limit.
    public static let rawSizeTooLarge = Self("raw_size_too_large")
    /// Broken rule: not compressed: rawSize is the body size on the wire.
    public static let rawSizeMismatch = Self("raw_size_mismatch")
    /// Broken rule: compressed: rawSize at least 1024, body on the wire not empty and smaller.
    public static let compressionNotUseful = Self("compression_not_useful")
    /// Broken rule: compressed: the block decodes to exactly rawSize bytes.
    public static let compressedBodyDamaged = Self("compressed_body_damaged")
    /// A field header or a value that leaves the body, or the enclosing record.
    public static let bodyTruncated = Self("body_truncated")
    /// An id the table does not list.
    public static let fieldUnknown = Self("field_unknown")
    /// A type different from the table's.
    public static let fieldTypeMismatch = Self("field_type_mismatch")
    /// The fourth byte of a field is not zero.
    public static let fieldReservedNotZero = Self("field_reserved_not_zero")
    /// A size that the type cannot have.
    public static let fieldSizeMismatch = Self("field_size_mismatch")
    /// An id below the previous id.
    public static let fieldOrder = Self("field_order")
    /// A field more often than allowed.
    public static let fieldRepeated = Self("field_repeated")
    /// A value out of range, too short, too long, or no known word.
    public static let fieldOutOfRange = Self("field_out_of_range")
    /// Text that is not UTF-8.
    public static let fieldTextInvalid = Self("field_text_invalid")
    /// A required field is missing.
    public static let fieldMissing = Self("field_missing")
    /// Fields that exclude or contradict each other.
    public static let fieldConflict = Self("field_conflict")
}
