// Parses JSON (RFC 8259) in a loop over the text, with a stack of open containers.
//
// Guarantees: work is linear. Depth, count and number size are checked before a node is added.
// Every error has an offset and describes the text found there.
// Does not: compare keys (`JSONStorage` does at the end) or check UTF-8 (`JSONDocument` did).

struct JSONParser {
    private(set) var nodes: [JSONNode] = []
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var offset = 0
    /// Node indexes of the containers around the current position.
    private var open: [Int] = []

    init(_ bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func parse() throws(JSONError) {
        try value()
        while let container = open.last {
            if nodes[container].kind == .array {
                try nextElement(container)
            } else {
                try nextMember(container)
            }
        }
        skipSpace()
        guard offset == bytes.count else { throw unexpected("the end of the text") }
    }

    private mutating func nextElement(_ array: Int) throws(JSONError) {
        skipSpace()
        if take(UInt8(ascii: "]")) { return close() }
        if nodes[array].end > 0 {
            guard take(UInt8(ascii: ",")) else { throw unexpected("\",\" or \"]\"") }
        }
        nodes[array].end += 1
        try value()
    }

    private mutating func nextMember(_ object: Int) throws(JSONError) {
        skipSpace()
        if take(UInt8(ascii: "}")) { return close() }
        if nodes[object].end > 0 {
            guard take(UInt8(ascii: ",")) else { throw unexpected("\",\" or \"}\"") }
            skipSpace()
        }
        guard take(UInt8(ascii: "\"")) else { throw unexpected("a key in quotation marks") }
        try string()
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw unexpected("\":\"") }
        nodes[object].end += 1
        try value()
    }

    private mutating func close() {
        nodes[open.removeLast()].next = UInt32(nodes.count)
    }

    /// Reads a whole scalar, or the opening of a container.
    private mutating func value() throws(JSONError) {
        skipSpace()
        guard offset < bytes.count else { throw unexpected("a value") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): try begin(.object)
        case UInt8(ascii: "["): try begin(.array)
        case UInt8(ascii: "\""):
            offset += 1
            try string()
        case UInt8(ascii: "t"): try word("true", .true)
        case UInt8(ascii: "f"): try word("false", .false)
        case UInt8(ascii: "n"): try word("null", .null)
        case UInt8(ascii: "I") where limits.allowsNonFinite: try word("Infinity", .nonFinite)
        case UInt8(ascii: "N") where limits.allowsNonFinite: try word("NaN", .nonFinite)
        case UInt8(ascii: "-") where limits.allowsNonFinite && isInfinity(behind: 1):
            try word("-Infinity", .nonFinite)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
        default: throw unexpected("a value")
        }
    }

    private func isInfinity(behind count: Int) -> Bool {
        offset + count < bytes.count && bytes[offset + count] == UInt8(ascii: "I")
    }

    private mutating func begin(_ kind: JSONNode.Kind) throws(JSONError) {
        guard open.count < limits.depthMax else {
            throw JSONError(
                .tooDeep, offset: offset, found: "a container at depth \(open.count + 1)",
                allowed: "at most \(limits.depthMax) levels")
        }
        open.append(nodes.count)
        try add(kind, offset, 0)
        offset += 1
    }

    private mutating func add(
        _ kind: JSONNode.Kind, _ start: Int, _ end: Int, isEscaped: Bool = false
    ) throws(JSONError) {
        guard nodes.count < limits.valueCountMax else {
            throw JSONError(
                .tooLarge, offset: offset, found: "more than \(limits.valueCountMax) values",
                allowed: "at most \(limits.valueCountMax)")
        }
        nodes.append(
            JSONNode(
                kind: kind, isEscaped: isEscaped, start: UInt32(start), end: UInt32(end),
                next: UInt32(nodes.count + 1)))
    }

    private mutating func word(_ text: StaticString, _ kind: JSONNode.Kind) throws(JSONError) {
        let size = text.utf8CodeUnitCount
        let isThere = text.withUTF8Buffer { bytes[offset...].starts(with: $0) }
        guard isThere else { throw unexpected("a value") }
        try add(kind, offset, offset + size)
        offset += size
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    private mutating func number() throws(JSONError) {
        let start = offset
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        guard offset - start <= limits.numberSizeMax else {
            throw JSONError(
                .tooLarge, offset: start, found: "a number of \(offset - start) characters",
                allowed: "at most \(limits.numberSizeMax)")
        }
        try add(.number, start, offset)
    }

    private mutating func digits() throws(JSONError) {
        let start = offset
        while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) { offset += 1 }
        guard offset > start else { throw unexpected("a digit") }
    }

    /// Reads the rest of a string behind the opening quotation mark.
    private mutating func string() throws(JSONError) {
        let start = offset
        var isEscaped = false
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                try add(.string, start, offset, isEscaped: isEscaped)
                offset += 1
                return
            case UInt8(ascii: "\\"):
                isEscaped = true
                guard let size = JSONEscapes.size(bytes[offset...]) else {
                    throw unexpected("an escape sequence of JSON, surrogates in pairs")
                }
                offset += size
            case 0..<0x20:
                throw unexpected("control characters escaped in strings")
            default:
                offset += 1
            }
        }
        throw unexpected("a closing quotation mark")
    }

    // MARK: Steps

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private func unexpected(_ allowed: String) -> JSONError {
        JSONError(
            .syntax, offset: offset,
            found: offset < bytes.count
                ? "\"\(printable(bytes[offset...].prefix(16)))\"" : "the end of the text",
            allowed: allowed)
    }
}

/// Escape sequences in strings.
enum JSONEscapes {
    /// Bytes of the valid sequence at the start of `text`, or nil. A pair of surrogates is a single
    /// sequence.
    static func size(_ text: ArraySlice<UInt8>) -> Int? {
        guard text.count >= 2 else { return nil }
        switch text[text.startIndex + 1] {
        case UInt8(ascii: "u"):
            guard let unit = codeUnit(text) else { return nil }
            if unit & 0xF800 != 0xD800 { return 6 }
            guard unit < 0xDC00, let low = self.codeUnit(text.dropFirst(6)), low & 0xFC00 == 0xDC00
            else { return nil }
            return 12
        case let letter:
            return plain(letter) == nil ? nil : 2
        }
    }

    /// Replaces the escape sequences in the checked bytes of a string.
    static func resolve(_ raw: ArraySlice<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(raw.count)
        var rest = raw
        while let byte = rest.first {
            guard byte == UInt8(ascii: "\\"), let size = size(rest) else {
                text.append(byte)
                rest = rest.dropFirst()
                continue
            }
            if size == 2 {
                plain(rest[rest.startIndex + 1]).map { text.append($0) }
            } else {
                append(rest, to: &text)
            }
            rest = rest.dropFirst(size)
        }
        return text
    }

    private static func append(_ sequence: ArraySlice<UInt8>, to text: inout [UInt8]) {
        guard let high = codeUnit(sequence) else { return }
        var point = high
        if high & 0xFC00 == 0xD800, let low = codeUnit(sequence.dropFirst(6)) {
            point = 0x1_0000 + (high & 0x3FF) << 10 + low & 0x3FF
        }
        guard let scalar = Unicode.Scalar(point) else { return }
        text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    /// The code unit of `\uNNNN` at the start, or nil.
    private static func codeUnit(_ text: ArraySlice<UInt8>) -> UInt32? {
        guard text.count >= 6, text.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
            return nil
        }
        var unit: UInt32 = 0
        for byte in text.dropFirst(2).prefix(4) {
            switch byte {
            case 0x30...0x39: unit = unit << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: unit = unit << 4 | UInt32(byte - 0x37)
            case 0x61...0x66: unit = unit << 4 | UInt32(byte - 0x57)
            default: return nil
            }
        }
        return unit
    }

    private static func plain(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }
}
