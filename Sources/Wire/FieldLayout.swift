// The types of the tables that describe message bodies, with one row per field. The rows are
// generated.
//
// Guarantees: a decoder refuses every field and value outside the table, and the error names the
// field. A row is a plain value without references, so reading a row costs nothing.

/// Type byte of a field.
public enum FieldType: UInt8, Sendable, CaseIterable {
    case unsigned = 1
    case number = 2
    case bytes = 3
    case text = 4
    case unsigneds = 5
    case numbers = 6
    case record = 7
    case bool = 8

    /// Name as the SPEC writes it.
    public var name: String {
        switch self {
        case .unsigned: "u64"
        case .number: "f64"
        case .bytes: "bytes"
        case .text: "text"
        case .unsigneds: "u32[]"
        case .numbers: "f32[]"
        case .record: "record"
        case .bool: "bool"
        }
    }

    /// True when a value of this type can have `size` bytes.
    func accepts(size: Int) -> Bool {
        switch self {
        case .unsigned, .number: size == 8
        case .bool: size == 1
        case .unsigneds, .numbers: size & 3 == 0
        case .bytes, .text, .record: true
        }
    }

    var sizeRule: String {
        switch self {
        case .unsigned, .number: "8 bytes"
        case .bool: "1 byte"
        case .unsigneds, .numbers: "a multiple of 4 bytes"
        case .bytes, .text, .record: "any size"
        }
    }
}

/// Number of times a field may occur.
public enum FieldPresence: Sendable, Equatable {
    case required
    case optional
    /// `min` (0 or 1) to `max` consecutive fields with an equal id.
    case repeated(min: Int = 0, max: Int)

    /// True when a body without the field is refused.
    var isRequired: Bool {
        switch self {
        case .required: true
        case .optional: false
        case .repeated(let min, _): min > 0
        }
    }
}

/// Values a field may have. All bounds are inclusive, except in `numberAbove`.
public enum FieldRange: Sendable {
    case any
    case unsigned(UInt64, UInt64)
    case number(Double, Double)
    /// The lower bound is excluded.
    case numberAbove(Double, Double)
    /// Number of bytes.
    case size(Int, Int)
    /// Number of elements.
    case count(Int, Int)
    /// Any of the words between the bars.
    case choice(StaticString)

    /// The range as the SPEC and the errors write it.
    public var text: String {
        switch self {
        case .any: "any"
        case .unsigned(let low, let high): "\(low)..\(high)"
        case .number(let low, let high): "\(low)..\(high)"
        case .numberAbove(let low, let high): "above \(low), to \(high)"
        case .size(let low, let high):
            low == high ? "\(low) bytes" : "\(low)..\(high) bytes"
        case .count(let low, let high): "\(low)..\(high) elements"
        case .choice(let words): "\(words)".split(separator: "|").joined(separator: ", ")
        }
    }
}

/// One row: a field of a message.
public struct FieldLayout: Sendable {
    /// Id in a field header.
    public let id: UInt16
    /// Name without an allocation.
    public let staticName: StaticString
    /// Type in a field header.
    public let type: FieldType
    /// Number of times the field may occur.
    public let presence: FieldPresence
    /// Values the field may have.
    public let range: FieldRange

    /// Name as the SPEC and the errors write it.
    public var name: String { "\(staticName)" }

    init(
        _ id: some RawRepresentable<UInt16>, _ name: StaticString, _ type: FieldType,
        _ presence: FieldPresence = .optional, _ range: FieldRange = .any
    ) {
        self.id = id.rawValue
        self.staticName = name
        self.type = type
        self.presence = presence
        self.range = range
    }
}

/// Ids of a table without rules.
private enum NoID: UInt16 { case none = 0 }

/// The table of one message or record.
public struct MessageLayout: Sendable {
    /// Name as the SPEC writes it, for example `Generate request`.
    public let name: StaticString
    /// Rows in ascending id order.
    public let fields: [FieldLayout]
    /// Bit n is set if row n is required.
    let requiredRows: UInt64
    /// Pairs of rows that exclude each other.
    let excludedRows: [(Int, Int)]

    init(_ name: StaticString, _ fields: [FieldLayout]) {
        self.init(name, fields, excludes: [(NoID, NoID)]())
    }

    init<ID: RawRepresentable<UInt16>>(
        _ name: StaticString, _ fields: [FieldLayout], excludes: [(ID, ID)]
    ) {
        precondition(fields.count <= 64, "a message has at most 64 fields")
        precondition(
            zip(fields, fields.dropFirst()).allSatisfy { $0.id < $1.id },
            "\(name): field ids ascend")
        self.name = name
        self.fields = fields
        var required: UInt64 = 0
        for (index, field) in fields.enumerated() where field.presence.isRequired {
            required |= 1 << UInt64(index)
        }
        requiredRows = required
        excludedRows = excludes.map { pair in
            let row = { (id: ID) in fields.firstIndex { $0.id == id.rawValue } }
            guard let first = row(pair.0), let second = row(pair.1) else {
                preconditionFailure("\(name): no field \(pair)")
            }
            return (first, second)
        }
    }
}

/// A type with a body: a message, or a record inside a message.
public protocol WireRecord: Sendable {
    /// The table for decoding.
    static var layout: MessageLayout { get }

    /// Decodes a whole body. Copies each value once. Throws `INVALID_ARGUMENT` naming the field.
    init(decoding body: UnsafeRawBufferPointer) throws(WireError)

    /// Appends the fields in ascending id order.
    func encode(into writer: inout BodyWriter)
}

/// A body that a client sends.
public protocol RequestMessage: WireRecord {
    static var kind: MessageKind { get }
    /// Lowest protocol revision with all fields of this value. A client compares the number with
    /// the revision of Hello before sending.
    var revisionNeeded: UInt64 { get }
}

extension RequestMessage {
    /// Revision 1, for messages without later fields.
    public var revisionNeeded: UInt64 { 1 }
}

/// A body that a server sends with status OK.
public protocol ResponseMessage: WireRecord {
    static var kind: MessageKind { get }
    /// True when further frames of the response follow a frame of this type. The encoder sets flag
    /// bit 1 from `isFollowed`, so no caller can forget the flag.
    static var isFollowed: Bool { get }
    /// True when the answer lists degradations. The encoder sets flag bit 2 from `isDegraded`.
    var isDegraded: Bool { get }
}

/// A response of a streamed kind, with numbered frames from revision 3 on.
public protocol NumberedResponse: ResponseMessage {
    /// Number of this frame in the answer, from 0, or nil from a server of an older revision.
    var frame: UInt64? { get set }
}

extension ResponseMessage {
    /// False: the frame is the last of the response.
    public static var isFollowed: Bool { false }
    /// False: the answer lists no degradations.
    public var isDegraded: Bool { false }
}

extension WireRecord {
    /// Decodes an owned body. See `init(decoding:)`.
    public init(decoding body: [UInt8]) throws(WireError) {
        var result: Self?
        var thrown: WireError?
        body.withUnsafeBytes { view in
            do throws(WireError) {
                result = try Self(decoding: view)
            } catch {
                thrown = error
            }
        }
        if let thrown { throw thrown }
        guard let result else { preconditionFailure("neither a value nor an error") }
        self = result
    }
}
