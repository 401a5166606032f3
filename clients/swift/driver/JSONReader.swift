// JSON text to values. Swift itself reads the numbers, to the last bit, because Foundation's reader
// rounds some.
//
// Not here: speed, and explanations of errors. An unreadable line is nil.

extension JSON {
    /// Reads a single value that fills the whole text.
    init?(reading text: String) {
        var reader = JSONReader(bytes: Array(text.utf8))
        guard let value = reader.value(), reader.isAtEnd else { return nil }
        self = value
    }

    /// A field of an object.
    subscript(_ name: String) -> JSON? {
        guard case .object(let fields) = self else { return nil }
        return fields.last { $0.0 == name }?.1
    }

    var string: String? { if case .string(let value) = self { value } else { nil } }
    var number: Double? { if case .number(let value) = self { value } else { nil } }
    var integer: Int? { number.flatMap { Int(exactly: $0) } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
}

private struct JSONReader {
    let bytes: [UInt8]
    var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return at == bytes.count
        }
    }

    mutating func value() -> JSON? {
        skipSpace()
        switch at < bytes.count ? bytes[at] : 0 {
        case UInt8(ascii: "{"): return object()
        case UInt8(ascii: "["): return list()
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "t"): return word("true", .bool(true))
        case UInt8(ascii: "f"): return word("false", .bool(false))
        case UInt8(ascii: "n"): return word("null", .null)
        default: return number()
        }
    }

    private mutating func skipSpace() {
        while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
        skipSpace()
        guard at < bytes.count, bytes[at] == character.asciiValue else { return false }
        at += 1
        return true
    }

    private mutating func word(_ text: String, _ value: JSON) -> JSON? {
        guard bytes[at...].starts(with: text.utf8) else { return nil }
        at += text.utf8.count
        return value
    }

    private mutating func number() -> JSON? {
        let start = at
        let allowed = Array("+-.0123456789eE".utf8)
        while at < bytes.count, allowed.contains(bytes[at]) { at += 1 }
        return Double(String(decoding: bytes[start..<at], as: UTF8.self)).map { .number($0) }
    }

    private mutating func list() -> JSON? {
        var values: [JSON] = []
        guard take("[") else { return nil }
        if take("]") { return .array([]) }
        repeat {
            guard let value = value() else { return nil }
            values.append(value)
        } while take(",")
        return take("]") ? .array(values) : nil
    }

    private mutating func object() -> JSON? {
        var fields: [(String, JSON)] = []
        guard take("{") else { return nil }
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard let name = string(), take(":"), let value = value() else { return nil }
            fields.append((name, value))
        } while take(",")
        return take("}") ? .object(fields) : nil
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        var result: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: result, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let text = escaped() else { return nil }
                result += text
            default: result.append(byte)
            }
        }
        return nil
    }

    private mutating func escaped() -> [UInt8]? {
        guard at < bytes.count else { return nil }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "u"):
            guard let first = unit() else { return nil }
            var units = [first]
            if UTF16.isLeadSurrogate(first), bytes[at...].starts(with: "\\u".utf8) {
                at += 2
                guard let second = unit() else { return nil }
                units.append(second)
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        default: return [byte]
        }
    }

    private mutating func unit() -> UInt16? {
        guard at + 4 <= bytes.count else { return nil }
        defer { at += 4 }
        return UInt16(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16)
    }
}
