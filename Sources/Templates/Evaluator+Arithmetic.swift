// Arithmetic, and joining with `+` and `~`.
//
// Integers have 64 bits here. A result outside is an error, never a wrong number (`LargeIntegers`).

extension Evaluator {
    mutating func unary(
        _ value: TemplateValue, isNegation: Bool
    ) throws(TemplateError) -> TemplateValue {
        switch value {
        case .undefined(let reason): throw undefined(reason)
        case .float(let number): return .float(isNegation ? -number : number)
        case .largeInteger(let digits): return isNegation ? digits.negatedNumber : value
        default:
            guard let number = value.index else {
                throw error("a sign before \(value.typeName)")
            }
            guard isNegation else { return .integer(number) }
            let (result, overflow) = 0.subtractingReportingOverflow(number)
            return overflow ? TemplateText(String(number)).negatedNumber : .integer(result)
        }
    }

    mutating func binary(
        _ operation: BinaryOperator, _ left: TemplateValue, _ right: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        if case .undefined(let reason) = left { throw undefined(reason) }
        if operation == .modulo, case .text = left {
            throw error("the operator \"%\" on a text is not supported")
        }
        if case .undefined(let reason) = right { throw undefined(reason) }
        if case .largeInteger = left, right.isNumber { throw largeInteger() }
        if case .largeInteger = right, left.isNumber { throw largeInteger() }
        if let first = left.index, let second = right.index {
            return try integers(operation, first, second)
        }
        if let first = left.double, let second = right.double {
            return try floats(operation, first, second)
        }
        switch operation {
        case .add: return try sum(left, right)
        case .multiply:
            if let count = right.index { return try repeated(left, count, right) }
            if let count = left.index { return try repeated(right, count, left) }
        default: break
        }
        throw unsuited(operation, left, right)
    }

    private func unsuited(
        _ operation: BinaryOperator, _ left: TemplateValue, _ right: TemplateValue
    ) -> TemplateError {
        error("\"\(operation.rawValue)\" between \(left.typeName) and \(right.typeName)")
    }

    private func integers(
        _ operation: BinaryOperator, _ left: Int, _ right: Int
    ) throws(TemplateError) -> TemplateValue {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide:
            guard right != 0 else { throw error("a division by zero") }
            let exact = 1 << 53
            guard left.magnitude <= exact, right.magnitude <= exact else { throw largeInteger() }
            return .float(Double(left) / Double(right))
        case .floorDivide, .modulo:
            guard right != 0 else { throw error("a division by zero") }
            let (quotient, overflow) = left.dividedReportingOverflow(by: right)
            guard !overflow else {
                if operation == .modulo { return .integer(0) }
                throw largeInteger()
            }
            let rest = left - quotient * right
            let isBelow = rest != 0 && (rest < 0) != (right < 0)
            if operation == .modulo { return .integer(isBelow ? rest + right : rest) }
            return .integer(isBelow ? quotient - 1 : quotient)
        }
        guard !result.overflow else { throw largeInteger() }
        return .integer(result.partialValue)
    }

    private func floats(
        _ operation: BinaryOperator, _ left: Double, _ right: Double
    ) throws(TemplateError) -> TemplateValue {
        switch operation {
        case .add: return .float(left + right)
        case .subtract: return .float(left - right)
        case .multiply: return .float(left * right)
        case .divide, .floorDivide, .modulo:
            guard right != 0 else { throw error("a division by zero") }
            if operation == .divide { return .float(left / right) }
            var rest = left.truncatingRemainder(dividingBy: right)
            var quotient = (left - rest) / right
            if rest != 0 {
                if (rest < 0) != (right < 0) {
                    rest += right
                    quotient -= 1
                }
            } else {
                rest = Double(signOf: right, magnitudeOf: 0)
            }
            if operation == .modulo { return .float(rest) }
            guard quotient != 0 else {
                return .float(Double(signOf: left / right, magnitudeOf: 0))
            }
            let floor = quotient.rounded(.down)
            return .float(quotient - floor > 0.5 ? floor + 1 : floor)
        }
    }

    // MARK: Texts and lists

    private mutating func sum(
        _ left: TemplateValue, _ right: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        switch (left, right) {
        case (.text(let first), .text(let second)): return .text(try sum(first, second))
        case (.list(let first), .list(let second)): return .list(try sum(first, second))
        case (.tuple(let first), .tuple(let second)): return .tuple(try sum(first, second))
        default: throw unsuited(.add, left, right)
        }
    }

    private mutating func sum(
        _ first: TemplateList, _ second: TemplateList
    ) throws(TemplateError) -> TemplateList {
        try charge(elements: first.count + second.count)
        try check(listCount: first.count + second.count)
        return TemplateList(
            first.items + second.items, depth: max(first.depth, second.depth))
    }

    /// Of a marked and an unmarked text, the unmarked one is escaped.
    private mutating func sum(
        _ first: TemplateText, _ second: TemplateText
    ) throws(TemplateError) -> TemplateText {
        let isMarked = first.isMarked || second.isMarked
        let left = isMarked && !first.isMarked ? try escaped(first) : first
        let right = isMarked && !second.isMarked ? try escaped(second) : second
        let size = left.count + right.count
        try charge(bytes: size)
        try check(size: size)
        var builder = TextBuilder()
        builder.reserve(size)
        builder.append(left)
        builder.append(right)
        return builder.text(isMarked: isMarked)
    }

    /// The text with `& < > ' "` written as HTML has them, marked.
    mutating func escaped(_ text: TemplateText) throws(TemplateError) -> TemplateText {
        try charge(text.count / 2)
        try check(size: text.count * 5)
        var builder = TextBuilder()
        for (byte, origin) in text.bytesWithOrigins {
            switch byte {
            case UInt8(ascii: "&"): builder.append("&amp;", origin: origin)
            case UInt8(ascii: "<"): builder.append("&lt;", origin: origin)
            case UInt8(ascii: ">"): builder.append("&gt;", origin: origin)
            case UInt8(ascii: "'"): builder.append("&#39;", origin: origin)
            case UInt8(ascii: "\""): builder.append("&#34;", origin: origin)
            default: builder.append(byte: byte, origin: origin)
            }
        }
        return builder.text(isMarked: true)
    }

    private mutating func repeated(
        _ value: TemplateValue, _ count: Int, _ factor: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        let count = max(count, 0)
        switch value {
        case .text(let text):
            let (size, overflow) = text.count.multipliedReportingOverflow(by: count)
            try check(size: overflow ? Int.max : size)
            try charge(bytes: size)
            try charge(text.isEmpty ? 0 : count)
            var builder = TextBuilder()
            builder.reserve(size)
            if !text.isEmpty { for _ in 0..<count { builder.append(text) } }
            return .text(builder.text(isMarked: text.isMarked))
        case .list(let items), .tuple(let items):
            let (size, overflow) = items.count.multipliedReportingOverflow(by: count)
            try check(listCount: overflow ? Int.max : size)
            try charge(elements: size)
            var result: [TemplateValue] = []
            if !items.isEmpty { for _ in 0..<count { result += items.items } }
            if case .list = value { return .list(result) }
            return .tuple(result)
        default: throw unsuited(.multiply, value, factor)
        }
    }

    /// Joins the top values with `~`: the texts of all, not marked.
    mutating func concatenate(_ count: Int) throws(TemplateError) {
        let values = popMany(count)
        var builder = TextBuilder()
        for value in values { try write(value, to: &builder) }
        stack.append(.text(builder.text()))
    }
}

extension TemplateValue {
    var isNumber: Bool {
        switch self {
        case .boolean, .integer, .largeInteger, .float: true
        default: false
        }
    }

    /// A number as a float, where an operand is a float.
    var double: Double? {
        if case .float(let number) = self { return number }
        return index.map(Double.init)
    }
}

extension TemplateText {
    /// Each byte with its origin.
    var bytesWithOrigins: some Sequence<(UInt8, UInt32)> {
        let bytes = utf8
        return runs.lazy.flatMap { run in
            bytes[bytes.startIndex + run.range.lowerBound..<bytes.startIndex + run.range.upperBound]
                .lazy.map { ($0, run.origin) }
        }
    }

    /// Each character with its origin.
    var scalarsWithOrigins: [(scalar: UInt32, origin: UInt32)] {
        var result: [(scalar: UInt32, origin: UInt32)] = []
        result.reserveCapacity(count)
        let bytes = storage.bytes
        for run in runs {
            var offset = Int(start) + run.range.lowerBound
            let end = Int(start) + run.range.upperBound
            while offset < end {
                result.append((Characters.scalar(bytes, offset), run.origin))
                offset += Characters.size(bytes[offset])
            }
        }
        return result
    }
}
