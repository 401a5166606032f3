// Classes and mappings of characters as the reference has them (Python 3.11, Unicode 14).
//
// Guarantees: white space is Python's `str.isspace`. Characters from after Unicode 14 count as
// unassigned, without case and not printable.

/// Functions over UTF-8 and code points.
enum Characters {
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    static func isNamePart(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_")
    }

    // MARK: White space

    static func isSpace(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029,
            0x202F, 0x205F, 0x3000:
            true
        default: false
        }
    }

    /// The end of `range` without white space at the end.
    static func endWithoutSpace(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        var end = range.upperBound
        while end > range.lowerBound {
            var start = end - 1
            while start > range.lowerBound, bytes[start] & 0xC0 == 0x80 { start -= 1 }
            guard isSpace(scalar(bytes, start)) else { break }
            end = start
        }
        return end
    }

    /// The start of `range` without white space at the start.
    static func startWithoutSpace(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        var start = range.lowerBound
        while start < range.upperBound, isSpace(scalar(bytes, start)) {
            start += size(bytes[start])
        }
        return start
    }

    // MARK: UTF-8

    /// Bytes of the character that starts with `byte`.
    static func size(_ byte: UInt8) -> Int {
        byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    }

    /// The code point at `position` of valid UTF-8.
    static func scalar(_ bytes: [UInt8], _ position: Int) -> UInt32 {
        let first = UInt32(bytes[position])
        if first < 0x80 { return first }
        func next(_ offset: Int) -> UInt32 { UInt32(bytes[position + offset] & 0x3F) }
        if first < 0xE0 { return (first & 0x1F) << 6 | next(1) }
        if first < 0xF0 { return (first & 0x0F) << 12 | next(1) << 6 | next(2) }
        return (first & 0x07) << 18 | next(1) << 12 | next(2) << 6 | next(3)
    }

    // MARK: Properties

    /// The properties of a character that Unicode 14 knows, else nil.
    static func properties(_ value: UInt32) -> Unicode.Scalar.Properties? {
        guard let scalar = Unicode.Scalar(value) else { return nil }
        let properties = scalar.properties
        guard let age = properties.age, age.major <= 14 else { return nil }
        return properties
    }

    /// True for characters that Python's `repr` writes without escape.
    static func isPrintable(_ value: UInt32) -> Bool {
        if value < 0x7F { return value >= 0x20 }
        guard let properties = properties(value) else { return false }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator, .spaceSeparator:
            return false
        default: return true
        }
    }
}
