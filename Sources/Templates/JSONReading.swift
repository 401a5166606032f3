// Reads JSON into values of a rendering: conversations, tools, variables.
//
// Integers keep all digits, 1.0 stays a float, keys keep their order, and of equal keys the last
// value wins, as in the reference.
//
// Guarantees: size, depth and count are bounded, and recursion is bounded by the depth. The text
// must be UTF-8 and hold no half characters.

/// The reason for refusing a JSON text. The sentence does not repeat the text.
package struct TemplateJSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Byte position in the text.
    package let offset: Int
    package let message: String

    package var description: String { "byte \(offset): \(message)" }
}

/// Bounds of a JSON text.
package struct TemplateJSONLimits: Sendable, Equatable {
    /// Bytes.
    package var sizeMax = 32 << 20
    /// Lists and objects inside each other.
    package var depthMax = 64
    /// Values, keys not counted.
    package var valueCountMax = 1 << 20
    /// Bytes of a number.
    package var numberSizeMax = 400

    package static let `default` = TemplateJSONLimits()
    package init() {}
}

extension TemplateValue {
    /// Reads a JSON text. Every text inside gets `origin`. If `numbersElements` is set, the texts
    /// in the elements of a list at the top get `origin`, `origin` + 1 and so on instead. Work is
    /// linear.
    package init(
        json bytes: [UInt8], origin: UInt32 = 0, numbersElements: Bool = false,
        limits: TemplateJSONLimits = .default
    ) throws(TemplateJSONError) {
        guard bytes.count <= limits.sizeMax else {
            throw TemplateJSONError(
                offset: 0, message: "\(bytes.count) bytes, at most \(limits.sizeMax)")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw TemplateJSONError(offset: 0, message: "the text is not UTF-8")
        }
        var reader = JSONReader(
            bytes: bytes, origin: origin, numbersElements: numbersElements, limits: limits)
        self = try reader.document()
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    var origin: UInt32
    let numbersElements: Bool
    let limits: TemplateJSONLimits
    var position = 0
    var depth = 0
    var count = 0

    mutating func document() throws(TemplateJSONError) -> TemplateValue {
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw error("more behind the value") }
        return value
    }

    private func error(_ message: String) -> TemplateJSONError {
        TemplateJSONError(offset: position, message: message)
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(TemplateJSONError) -> TemplateValue {
        skipSpace()
        count += 1
        guard count <= limits.valueCountMax else {
            throw error("more than \(limits.valueCountMax) values")
        }
        guard position < bytes.count else { throw error("the text ends where a value is needed") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .none)
        case UInt8(ascii: "-"), 0x30...0x39: return try number()
        default: throw error("a character that starts no value")
        }
    }

    private mutating func word(
        _ word: String, _ value: TemplateValue
    ) throws(TemplateJSONError) -> TemplateValue {
        guard bytes[position...].starts(with: word.utf8) else {
            throw error("a character that starts no value")
        }
        position += word.utf8.count
        return value
    }

    private mutating func enter() throws(TemplateJSONError) {
        depth += 1
        guard depth <= limits.depthMax else { throw error("deeper than \(limits.depthMax)") }
        position += 1
    }

    private mutating func array() throws(TemplateJSONError) -> TemplateValue {
        try enter()
        defer { depth -= 1 }
        var items: [TemplateValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .list(items) }
        while true {
            items.append(try value())
            if depth == 1, numbersElements { origin += 1 }
            skipSpace()
            if take(UInt8(ascii: "]")) { return .list(items) }
            guard take(UInt8(ascii: ",")) else { throw error("no \",\" or \"]\"") }
        }
    }

    private mutating func object() throws(TemplateJSONError) -> TemplateValue {
        try enter()
        defer { depth -= 1 }
        var builder = DictionaryBuilder()
        skipSpace()
        if take(UInt8(ascii: "}")) { return .dictionary(builder.dictionary) }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw error("no key")
            }
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("no \":\"") }
            builder.set(key, try value())
            skipSpace()
            if take(UInt8(ascii: "}")) { return .dictionary(builder.dictionary) }
            guard take(UInt8(ascii: ",")) else { throw error("no \",\" or \"}\"") }
        }
    }

    // MARK: Numbers

    private mutating func number() throws(TemplateJSONError) -> TemplateValue {
        let start = position
        let isNegative = take(UInt8(ascii: "-"))
        let digitsStart = position
        if !take(UInt8(ascii: "0")) { try digits() }
        let digitsEnd = position
        var isFloat = false
        if take(UInt8(ascii: ".")) {
            isFloat = true
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isFloat = true
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        guard position - start <= limits.numberSizeMax else {
            throw error("a number of more than \(limits.numberSizeMax) characters")
        }
        guard isFloat else {
            let digits = Array(bytes[digitsStart..<digitsEnd])
            return NumberReading.number(
                isNegative: isNegative && digits != [UInt8(ascii: "0")], digits)
        }
        guard let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw error("a number that cannot be read")
        }
        return .float(number)
    }

    private mutating func digits() throws(TemplateJSONError) {
        let start = position
        while position < bytes.count, Characters.isDigit(bytes[position]) { position += 1 }
        guard position > start else { throw error("no digit where one is needed") }
    }

    // MARK: Texts

    private mutating func string() throws(TemplateJSONError) -> TemplateText {
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""),
            bytes[position] != UInt8(ascii: "\\"), bytes[position] >= 0x20
        {
            position += 1
        }
        if take(UInt8(ascii: "\"")) {
            return TemplateText(bytes: Array(bytes[start..<position - 1]), origin: origin)
        }
        var text = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return TemplateText(bytes: text, origin: origin)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw error("a control character in a text")
            default: text.append(byte)
            }
        }
        throw error("a text without end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(TemplateJSONError) {
        guard position < bytes.count else { throw error("a text without end") }
        position += 1
        switch bytes[position - 1] {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            text.append(bytes[position - 1])
        case UInt8(ascii: "u"):
            var value = try codeUnit()
            if value & 0xFC00 == 0xD800 {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                    throw error("half a character")
                }
                let low = try codeUnit()
                guard low & 0xFC00 == 0xDC00 else { throw error("half a character") }
                value = 0x10000 + ((value & 0x3FF) << 10) + (low & 0x3FF)
            }
            guard let scalar = Unicode.Scalar(value), let units = UTF8.encode(scalar) else {
                throw error("half a character")
            }
            text.append(contentsOf: units)
        default: throw error("an escape that JSON does not have")
        }
    }

    private mutating func codeUnit() throws(TemplateJSONError) -> UInt32 {
        guard position + 4 <= bytes.count,
            let value = UInt32(
                String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16),
            bytes[position] != UInt8(ascii: "+")
        else { throw error("an escape with too few digits") }
        position += 4
        return value
    }
}
