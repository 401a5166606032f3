// Numbers and quoted texts of a template.

extension Lexer {
    // MARK: Numbers

    mutating func number() throws(TemplateError) -> Token.Kind {
        if let end = floatEnd() {
            let digits = source[offset..<end].filter { $0 != UInt8(ascii: "_") }
            offset = end
            guard let value = Double(String(decoding: digits, as: UTF8.self)) else {
                throw TemplateError(.invalid, "a number that cannot be read", line: line)
            }
            return .float(value)
        }
        let (radix, start) = integerForm()
        var position = start
        var value = 0
        var isTooLarge = false
        while position < source.count {
            let byte = source[position]
            if byte == UInt8(ascii: "_"), position + 1 < source.count, position > offset,
                digit(source[position + 1], radix: radix) != nil
            {
                position += 1
                continue
            }
            guard let digit = digit(byte, radix: radix) else { break }
            // A leading zero ends a decimal number, unless only zeros follow.
            if radix == 10, source[offset] == UInt8(ascii: "0"), digit != 0 { break }
            let (product, first) = value.multipliedReportingOverflow(by: radix)
            let (sum, second) = product.addingReportingOverflow(digit)
            isTooLarge = isTooLarge || first || second
            value = isTooLarge ? 0 : sum
            position += 1
        }
        guard !isTooLarge else {
            throw TemplateError(.unsupported, "an integer outside 64 bits", line: line)
        }
        offset = position
        return .integer(value)
    }

    /// The radix of the integer at the current place and the start of its digits.
    private func integerForm() -> (radix: Int, start: Int) {
        guard source[offset] == UInt8(ascii: "0"), offset + 1 < source.count else {
            return (10, offset)
        }
        let radix: Int
        switch source[offset + 1] | 0x20 {
        case UInt8(ascii: "x"): radix = 16
        case UInt8(ascii: "o"): radix = 8
        case UInt8(ascii: "b"): radix = 2
        default: return (10, offset)
        }
        var start = offset + 2
        if start < source.count, source[start] == UInt8(ascii: "_") { start += 1 }
        guard start < source.count, digit(source[start], radix: radix) != nil else {
            return (10, offset)
        }
        return (radix, start)
    }

    private func digit(_ byte: UInt8, radix: Int) -> Int? {
        let value: Int
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = Int(byte) - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = Int(byte) - 0x61 + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): value = Int(byte) - 0x41 + 10
        default: return nil
        }
        return value < radix ? value : nil
    }

    /// The end of the float at the current place, or nil where an integer is.
    private func floatEnd() -> Int? {
        // `x.0.5` reads two indexes.
        if offset > 0, source[offset - 1] == UInt8(ascii: ".") { return nil }
        guard var end = digitsEnd(offset) else { return nil }
        var isFloat = false
        if end < source.count, source[end] == UInt8(ascii: "."), let next = digitsEnd(end + 1) {
            end = next
            isFloat = true
        }
        if end < source.count, source[end] | 0x20 == UInt8(ascii: "e") {
            var digits = end + 1
            if digits < source.count,
                source[digits] == UInt8(ascii: "+") || source[digits] == UInt8(ascii: "-")
            {
                digits += 1
            }
            if let next = digitsEnd(digits) { return next }
        }
        return isFloat ? end : nil
    }

    /// The end of digits with single underscores between them, or nil without a digit.
    private func digitsEnd(_ start: Int) -> Int? {
        var position = start
        while position < source.count {
            if Characters.isDigit(source[position]) {
                position += 1
            } else if source[position] == UInt8(ascii: "_"), position > start,
                position + 1 < source.count, Characters.isDigit(source[position + 1])
            {
                position += 1
            } else {
                break
            }
        }
        return position > start ? position : nil
    }

    // MARK: Texts

    mutating func text(quote: UInt8) throws(TemplateError) -> Token.Kind {
        let start = offset
        offset += 1
        var bytes: [UInt8] = []
        while offset < source.count, source[offset] != quote {
            if source[offset] == UInt8(ascii: "\\") {
                try escape(into: &bytes)
            } else {
                bytes.append(source[offset])
                offset += 1
            }
        }
        guard offset < source.count else {
            throw TemplateError(.invalid, "a text without closing quotation mark", line: line)
        }
        offset += 1
        guard offset - start <= limits.literalSizeMax else {
            throw TemplateError(
                .unsupported, "a text of \(offset - start) bytes, at most \(limits.literalSizeMax)",
                line: line)
        }
        return .text(TemplateText(bytes: bytes))
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(TemplateError) {
        guard offset + 1 < source.count else {
            throw TemplateError(.invalid, "a text without closing quotation mark", line: line)
        }
        let letter = source[offset + 1]
        offset += 2
        switch letter {
        case UInt8(ascii: "\n"): break
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): bytes.append(letter)
        case UInt8(ascii: "a"): bytes.append(0x07)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "v"): bytes.append(0x0B)
        case UInt8(ascii: "x"): try hexadecimal(2, into: &bytes)
        case UInt8(ascii: "u"): try hexadecimal(4, into: &bytes)
        case UInt8(ascii: "U"): try hexadecimal(8, into: &bytes)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            var value = UInt32(letter - 0x30)
            var count = 1
            while count < 3, offset < source.count, (0x30...0x37).contains(source[offset]) {
                value = value * 8 + UInt32(source[offset] - 0x30)
                offset += 1
                count += 1
            }
            try append(value, to: &bytes)
        case UInt8(ascii: "N"):
            throw TemplateError(.unsupported, "the escape \"\\N\"", line: line)
        case 0x80...:
            throw TemplateError(
                .unsupported, "a backslash before a character outside ASCII", line: line)
        default: bytes += [UInt8(ascii: "\\"), letter]
        }
    }

    private mutating func hexadecimal(
        _ count: Int, into bytes: inout [UInt8]
    ) throws(TemplateError) {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard offset < source.count, let digit = digit(source[offset], radix: 16) else {
                throw TemplateError(.invalid, "an escape with too few digits", line: line)
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        try append(value, to: &bytes)
    }

    private func append(_ value: UInt32, to bytes: inout [UInt8]) throws(TemplateError) {
        guard let scalar = Unicode.Scalar(value) else {
            throw TemplateError(.unsupported, "an escape for half a character", line: line)
        }
        bytes += UTF8.encode(scalar)!
    }
}
