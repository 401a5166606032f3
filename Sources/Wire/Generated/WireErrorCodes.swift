// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// What WireError says is wrong: the checks of SPEC.md, sections 1 and 2. Framing is answered
// PROTOCOL_ERROR, bodies INVALID_ARGUMENT.

extension WireError.Code {
    /// Broken: length at least 28.
    public static let lengthTooSmall = Self("length_too_small")
    /// Broken: length at most 28 + body limit.
    public static let lengthTooLarge = Self("length_too_large")
    /// Broken: version is 1.
    public static let versionUnsupported = Self("version_unsupported")
    /// Broken: reserved is 0.
    public static let reservedNotZero = Self("reserved_not_zero")
    /// Broken: request: kind 0x01..0x7F; response: kind 0x81..0xFF.
    public static let kindOutOfRange = Self("kind_out_of_range")
    /// Broken: no flag bits but the allowed ones.
    public static let flagsUnknown = Self("flags_unknown")
    /// Broken: request: provenance 0; response: 1 or 2.
    public static let provenanceInvalid = Self("provenance_invalid")
    /// Broken: request: id not 0; response: id 0 exactly in GoAway.
    public static let requestIDInvalid = Self("request_id_invalid")
    /// Broken: request: generation 0.
    public static let generationNotZero = Self("generation_not_zero")
    /// Broken: response with status: neither more nor degraded.
    public static let flagsConflict = Self("flags_conflict")
    /// Broken: rawSize at most the body limit.
    public static let rawSizeTooLarge = Self("raw_size_too_large")
    /// Broken: not compressed: rawSize is the body size on the wire.
    public static let rawSizeMismatch = Self("raw_size_mismatch")
    /// Broken: compressed: rawSize at least 1024, body on the wire not empty and smaller.
    public static let compressionNotUseful = Self("compression_not_useful")
    /// Broken: compressed: the block decodes to exactly rawSize bytes.
    public static let compressedBodyDamaged = Self("compressed_body_damaged")
    /// A field header or a value that leaves the body, or the record around it.
    public static let bodyTruncated = Self("body_truncated")
    /// An id the table does not list.
    public static let fieldUnknown = Self("field_unknown")
    /// Not the type of the table.
    public static let fieldTypeMismatch = Self("field_type_mismatch")
    /// The fourth byte is not zero.
    public static let fieldReservedNotZero = Self("field_reserved_not_zero")
    /// A size its type cannot have.
    public static let fieldSizeMismatch = Self("field_size_mismatch")
    /// An id below the one before it.
    public static let fieldOrder = Self("field_order")
    /// More often than allowed.
    public static let fieldRepeated = Self("field_repeated")
    /// Outside its range, too short, too long, no known word.
    public static let fieldOutOfRange = Self("field_out_of_range")
    /// Text that is not UTF-8.
    public static let fieldTextInvalid = Self("field_text_invalid")
    /// A required field is not there.
    public static let fieldMissing = Self("field_missing")
    /// Fields that exclude or contradict each other.
    public static let fieldConflict = Self("field_conflict")
}
