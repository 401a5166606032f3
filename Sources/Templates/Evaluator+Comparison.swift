// Truth, equality, order, and `in`.

extension Evaluator {
    mutating func isTrue(_ value: TemplateValue) throws(TemplateError) -> Bool {
        switch value {
        case .undefined, .none: false
        case .boolean(let flag): flag
        case .integer(let number): number != 0
        case .largeInteger: true
        case .float(let number): number != 0
        case .text(let text): !text.isEmpty
        case .list(let items), .tuple(let items): !items.isEmpty
        case .dictionary(let dictionary): dictionary.count > 0
        case .object(.range(let range)): range.count > 0
        case .object(.view(_, let dictionary)): dictionary.count > 0
        case .object(.loop(let loop)): try elementCount(loop) > 0
        case .object: true
        }
    }

    mutating func compare(
        _ operation: CompareOperator, _ left: TemplateValue, _ right: TemplateValue
    ) throws(TemplateError) -> Bool {
        switch operation {
        case .equal: try isEqual(left, right)
        case .notEqual: try !isEqual(left, right)
        case .less: try isLess(left, right, "<")
        case .greater: try isLess(right, left, ">")
        case .lessOrEqual: try isLessOrEqual(left, right, "<=")
        case .greaterOrEqual: try isLessOrEqual(right, left, ">=")
        case .isIn: try contains(right, left)
        case .notIn: try !contains(right, left)
        }
    }

    // MARK: Equality

    mutating func isEqual(
        _ left: TemplateValue, _ right: TemplateValue
    ) throws(TemplateError) -> Bool {
        switch (left, right) {
        case (.text(let first), .text(let second)):
            if first.count == second.count { try charge(bytes: first.count) }
            return first == second
        case (.undefined, .undefined), (.none, .none): return true
        case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)):
            guard first.count == second.count else { return false }
            try charge(first.count)
            for index in 0..<first.count where try !isEqual(first[index], second[index]) {
                return false
            }
            return true
        case (.dictionary(let first), .dictionary(let second)):
            guard first.count == second.count else { return false }
            try charge(first.count)
            for index in 0..<first.count {
                guard let key = DictionaryKey(first.keys[index]),
                    let other = second.position(of: key),
                    try isEqual(first.values[index], second.values[other])
                else { return false }
            }
            return true
        case (.object(let first), .object(let second)): return try isSame(first, second)
        default: return try order(left, right) == .same
        }
    }

    private func isSame(
        _ left: TemplateObject, _ right: TemplateObject
    ) throws(TemplateError) -> Bool {
        switch (left, right) {
        case (.namespace(let first), .namespace(let second)),
            (.loop(let first), .loop(let second)),
            (.generator(let first), .generator(let second)):
            return first == second
        case (.range(let first), .range(let second)):
            return first.count == second.count
                && (first.count == 0
                    || first.start == second.start
                        && (first.count == 1 || first.step == second.step))
        case (.macro, .macro), (.function, .function), (.method, .method), (.view, .view):
            throw error("a comparison of two objects is not supported")
        default: return false
        }
    }

    // MARK: Order

    /// The order of two numbers, `.none` where one is no number.
    private mutating func order(
        _ left: TemplateValue, _ right: TemplateValue
    ) throws(TemplateError) -> Order {
        if let first = left.index, let second = right.index {
            return first < second ? .less : first == second ? .same : .greater
        }
        switch (left, right) {
        case (.float(let first), .float(let second)):
            if first == second { return .same }
            return first < second ? .less : first > second ? .greater : .none
        case (.largeInteger(let digits), _): return try order(digits, right)
        case (_, .largeInteger(let digits)): return try order(digits, left).reversed
        case (.float(let first), _):
            guard let second = right.index else { return .none }
            return Self.order(second, first).reversed
        case (_, .float(let second)):
            guard let first = left.index else { return .none }
            return Self.order(first, second)
        default: return .none
        }
    }

    /// The order of an integer outside 64 bits and a value.
    private mutating func order(
        _ digits: TemplateText, _ value: TemplateValue
    ) throws(TemplateError) -> Order {
        try charge(bytes: digits.count)
        switch value {
        case .largeInteger(let other): return digits.order(to: other)
        case .boolean, .integer: return digits.isNegativeNumber ? .less : .greater
        case .float(let number):
            guard let order = digits.order(to: number) else { throw largeInteger() }
            return order
        default: return .none
        }
    }

    /// Exact, also where the integer has no float of its value.
    fileprivate static func order(_ integer: Int, _ float: Double) -> Order {
        if float.isNaN { return .none }
        if float >= 0x1p63 { return .less }
        if float < -0x1p63 { return .greater }
        let whole = Int(float.rounded(.down))
        if integer != whole { return integer < whole ? .less : .greater }
        return Double(whole) < float ? .less : .same
    }

    mutating func isLess(
        _ left: TemplateValue, _ right: TemplateValue, _ symbol: String
    ) throws(TemplateError) -> Bool {
        try ordered(left, right, symbol) { $0 == .less }
    }

    private mutating func isLessOrEqual(
        _ left: TemplateValue, _ right: TemplateValue, _ symbol: String
    ) throws(TemplateError) -> Bool {
        try ordered(left, right, symbol) { $0 == .less || $0 == .same }
    }

    private mutating func ordered(
        _ left: TemplateValue, _ right: TemplateValue, _ symbol: String,
        _ holds: (Order) -> Bool
    ) throws(TemplateError) -> Bool {
        switch (left, right) {
        case (.text(let first), .text(let second)):
            try charge(bytes: min(first.count, second.count))
            return holds(Self.order(first, second))
        case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)):
            try charge(min(first.count, second.count))
            for index in 0..<min(first.count, second.count)
            where try !isEqual(first[index], second[index]) {
                return try ordered(first[index], second[index], symbol, holds)
            }
            return holds(
                first.count < second.count ? .less : first.count == second.count ? .same : .greater)
        case (.undefined(let reason), _), (_, .undefined(let reason)): throw undefined(reason)
        default:
            guard left.isNumber, right.isNumber else {
                throw error("\"\(symbol)\" between \(left.typeName) and \(right.typeName)")
            }
            return holds(try order(left, right))
        }
    }

    /// The order of code points, which is the order of UTF-8 bytes.
    fileprivate static func order(_ left: TemplateText, _ right: TemplateText) -> Order {
        for (first, second) in zip(left.utf8, right.utf8) where first != second {
            return first < second ? .less : .greater
        }
        return left.count < right.count ? .less : left.count == right.count ? .same : .greater
    }

    // MARK: Membership

    mutating func contains(
        _ container: TemplateValue, _ value: TemplateValue
    ) throws(TemplateError) -> Bool {
        switch container {
        case .text(let text):
            guard case .text(let part) = value else {
                throw error("\(value.typeName) \"in\" a text")
            }
            try charge(bytes: text.count)
            return text.firstOffset(of: part, from: 0) != nil
        case .dictionary(let dictionary): return dictionary.position(of: try key(value)) != nil
        case .object(.view(.keys, let dictionary)):
            return dictionary.position(of: try key(value)) != nil
        case .object(.namespace), .object(.loop), .object(.macro), .object(.function),
            .object(.method), .none, .boolean, .integer, .largeInteger, .float:
            throw error("\"in\" \(container.typeName)")
        default:
            let items = try elements(container)
            for item in items {
                try charge(1)
                if try isEqual(item, value) { return true }
            }
            return false
        }
    }
}
