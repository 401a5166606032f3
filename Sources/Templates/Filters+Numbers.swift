// The filters `int`, `float` and `abs`.

extension Evaluator {
    mutating func integer(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try bound(arguments, ["default", "base"], "int")
        if let base = values[1] {
            guard base.index == 10 else { throw error("int with another base is not supported") }
        }
        let otherwise = values[0] ?? .integer(0)
        switch value {
        case .undefined(let reason): throw undefined(reason)
        case .integer, .largeInteger: return value
        case .boolean(let flag): return .integer(flag ? 1 : 0)
        case .float(let number): return try truncated(number) ?? otherwise
        case .text(let text):
            try charge(text.count)
            if let number = NumberReading.integer(text) { return number }
            return try NumberReading.float(text).flatMap { (number) throws(TemplateError) in
                try truncated(number)
            } ?? otherwise
        default: return otherwise
        }
    }

    private func truncated(_ number: Double) throws(TemplateError) -> TemplateValue? {
        guard number.isFinite else { return nil }
        guard let integer = Int(exactly: number.rounded(.towardZero)) else { throw largeInteger() }
        return .integer(integer)
    }

    mutating func float(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let values = try bound(arguments, ["default"], "float")
        let otherwise = values[0] ?? .float(0)
        switch value {
        case .undefined(let reason): throw undefined(reason)
        case .largeInteger(let digits):
            return NumberReading.float(digits).map { .float($0) } ?? otherwise
        case .text(let text):
            try charge(text.count)
            return NumberReading.float(text).map { .float($0) } ?? otherwise
        default: return value.double.map { .float($0) } ?? otherwise
        }
    }

    mutating func absolute(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try nothing(arguments, "abs")
        switch value {
        case .undefined(let reason): throw undefined(reason)
        case .float(let number): return .float(number.magnitude)
        case .largeInteger(let digits):
            try charge(bytes: digits.count)
            return digits.isNegativeNumber ? digits.negatedNumber : value
        default:
            guard let number = value.index else { throw error("abs of \(value.typeName)") }
            if number == Int.min { return TemplateText(String(number)).negatedNumber }
            return .integer(abs(number))
        }
    }
}

/// Numbers in texts, as Python's `int` and `float` read them.
enum NumberReading {
    /// Digits with single underscores between them, a sign, white space around.
    static func integer(_ text: TemplateText) -> TemplateValue? {
        guard let (isNegative, rest) = ascii(text) else { return nil }
        var digits: [UInt8] = []
        for (index, byte) in rest.enumerated() {
            if byte == UInt8(ascii: "_") {
                guard index > 0, index + 1 < rest.count, rest[index - 1] != byte else { return nil }
            } else {
                guard Characters.isDigit(byte) else { return nil }
                digits.append(byte)
            }
        }
        guard !digits.isEmpty, digits.count <= 4300 else { return nil }
        let trimmed = Array(digits.drop { $0 == UInt8(ascii: "0") })
        return number(isNegative: isNegative, trimmed.isEmpty ? [UInt8(ascii: "0")] : trimmed)
    }

    /// An integer of decimal digits without leading zeros.
    static func number(isNegative: Bool, _ digits: [UInt8]) -> TemplateValue {
        let text = (isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self)
        if let integer = Int(text) { return .integer(integer) }
        return .largeInteger(TemplateText(text))
    }

    static func float(_ text: TemplateText) -> Double? {
        guard let (isNegative, rest) = ascii(text), let first = rest.first else { return nil }
        let word = String(decoding: rest, as: UTF8.self).lowercased()
        if ["inf", "infinity"].contains(word) { return isNegative ? -.infinity : .infinity }
        if word == "nan" { return .nan }
        guard Characters.isDigit(first) || first == UInt8(ascii: ".") else { return nil }
        var bytes: [UInt8] = []
        for (index, byte) in rest.enumerated() {
            switch byte {
            case UInt8(ascii: "_"):
                guard index > 0, index + 1 < rest.count, Characters.isDigit(rest[index - 1]),
                    Characters.isDigit(rest[index + 1])
                else { return nil }
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"),
                UInt8(ascii: "-"), 0x30...0x39:
                bytes.append(byte)
            default: return nil
            }
        }
        guard let number = Double(String(decoding: bytes, as: UTF8.self)) else { return nil }
        return isNegative ? -number : number
    }

    /// The text without white space and sign, if it is ASCII.
    private static func ascii(_ text: TemplateText) -> (isNegative: Bool, [UInt8])? {
        var bytes = Array(text.strippedOfSpace(.both).utf8)
        guard let first = bytes.first, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        let hasSign = first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
        if hasSign { bytes.removeFirst() }
        return (first == UInt8(ascii: "-"), bytes)
    }
}
