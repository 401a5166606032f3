// Writes fields to a body: the inverse of `BodyReader`, without checks.
//
// Guarantees: headers and sizes are right. Nothing is written for nil. The order of ids is the
// duty of each message's `encode(into:)`, proven by the vectors. Values are not compared with their
// ranges, because the server refuses a bad value with the name of the field.

/// Appends fields to a growing array of bytes. A value, not shared between threads.
public struct BodyWriter {
    /// Bytes written so far.
    public internal(set) var bytes: [UInt8] = []

    /// Revision of the peer. Fields of later revisions are left out.
    public internal(set) var revision = Limits.revision

    /// Creates an empty writer.
    public init() {}

    mutating func unsigned(_ id: some RawRepresentable<UInt16>, _ value: UInt64?) {
        guard let value else { return }
        scalar(id.rawValue, .unsigned, value)
    }

    mutating func number(_ id: some RawRepresentable<UInt16>, _ value: Double?) {
        guard let value else { return }
        scalar(id.rawValue, .number, value.bitPattern)
    }

    mutating func bool(_ id: some RawRepresentable<UInt16>, _ value: Bool?) {
        guard let value else { return }
        header(id.rawValue, .bool, size: 1)
        bytes.append(value ? 1 : 0)
    }

    mutating func text(_ id: some RawRepresentable<UInt16>, _ value: String?) {
        guard let value else { return }
        let utf8 = value.utf8
        header(id.rawValue, .text, size: utf8.count)
        bytes.append(contentsOf: utf8)
    }

    mutating func data(_ id: some RawRepresentable<UInt16>, _ value: [UInt8]?) {
        guard let value else { return }
        header(id.rawValue, .bytes, size: value.count)
        bytes.append(contentsOf: value)
    }

    mutating func unsigneds(_ id: some RawRepresentable<UInt16>, _ value: [UInt32]?) {
        guard let value else { return }
        header(id.rawValue, .unsigneds, size: value.count * 4)
        words(value)
    }

    mutating func numbers(_ id: some RawRepresentable<UInt16>, _ value: [Float]?) {
        guard let value else { return }
        header(id.rawValue, .numbers, size: value.count * 4)
        if UInt32(1).littleEndian == 1 {
            value.withUnsafeBytes { bytes.append(contentsOf: $0) }
        } else {
            words(value.map(\.bitPattern))
        }
    }

    /// Appends a nested record. The size in the header is filled in after the record is encoded.
    mutating func record(_ id: some RawRepresentable<UInt16>, _ value: (some WireRecord)?) {
        guard let value else { return }
        header(id.rawValue, .record, size: 0)
        let begin = bytes.count
        value.encode(into: &self)
        let size = UInt32(bytes.count - begin).littleEndian
        bytes.withUnsafeMutableBytes { all in
            all.storeBytes(of: size, toByteOffset: begin - 4, as: UInt32.self)
        }
    }

    /// Appends a header and an 8-byte value in a single step.
    private mutating func scalar(_ id: UInt16, _ type: FieldType, _ value: UInt64) {
        let pair = (Self.word(id, type, size: 8), value.littleEndian)
        withUnsafeBytes(of: pair) { bytes.append(contentsOf: $0) }
    }

    mutating func header(_ id: UInt16, _ type: FieldType, size: Int) {
        withUnsafeBytes(of: Self.word(id, type, size: size)) { bytes.append(contentsOf: $0) }
    }

    private mutating func words(_ value: [UInt32]) {
        if UInt32(1).littleEndian == 1 {
            value.withUnsafeBytes { bytes.append(contentsOf: $0) }
        } else {
            for word in value {
                withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
            }
        }
    }

    private static func word(_ id: UInt16, _ type: FieldType, size: Int) -> UInt64 {
        (UInt64(id) | UInt64(type.rawValue) << 16 | UInt64(UInt32(size)) << 32).littleEndian
    }
}
