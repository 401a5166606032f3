// Fields to a body: the inverse of BodyReader, without its checks.
//
// Guarantees: headers and sizes are right; nothing is written for a nil. The order of ids is the
// caller's duty (each message's `encode(into:)`), proven by the vectors. Values are not compared
// with their ranges: a server refuses them by name, which is what a caller wants to see.

/// Appends fields to a growing array of bytes. A value; not shared between threads.
public struct BodyWriter {
    /// Everything written so far.
    public internal(set) var bytes: [UInt8] = []

    /// Revision that the reader speaks: fields of a later one are left out.
    public internal(set) var revision = Limits.revision

    /// A value from its parts; sends nothing.
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

    /// A nested record; its size is filled in afterwards.
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

    /// A header and its value in one append.
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
