// Tests: `x is name`.

extension Evaluator {
    mutating func test(
        _ test: Test, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> Bool {
        switch test {
        case .eq, .ne, .lt, .le, .gt, .ge, .in, .divisibleby:
            return try binaryTest(test, value, arguments)
        default: break
        }
        try nothing(arguments, test.rawValue)
        switch test {
        case .even, .odd:
            guard case .integer(let rest) = try binary(.modulo, value, .integer(2)) else {
                if case .float(let rest) = try binary(.modulo, value, .integer(2)) {
                    return rest == (test == .even ? 0 : 1)
                }
                throw error("\"\(test.rawValue)\" of \(value.typeName)")
            }
            return rest == (test == .even ? 0 : 1)
        default: return value.holds(test)
        }
    }

    private mutating func binaryTest(
        _ test: Test, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> Bool {
        let name: TemplateText = test == .in ? "seq" : test == .divisibleby ? "num" : "other"
        guard let other = try bound(arguments, [name], required: 1, test.rawValue)[0] else {
            throw error("\"\(test.rawValue)\" needs an argument")
        }
        switch test {
        case .eq: return try compare(.equal, value, other)
        case .ne: return try compare(.notEqual, value, other)
        case .lt: return try compare(.less, value, other)
        case .le: return try compare(.lessOrEqual, value, other)
        case .gt: return try compare(.greater, value, other)
        case .ge: return try compare(.greaterOrEqual, value, other)
        case .in: return try contains(other, value)
        default: return try isEqual(try binary(.modulo, value, other), .integer(0))
        }
    }
}

extension TemplateValue {
    /// Tests without arguments that no operation belongs to.
    fileprivate func holds(_ test: Test) -> Bool {
        switch test {
        case .defined: !isUndefined
        case .undefined: isUndefined
        case .none: if case .none = self { true } else { false }
        case .string: if case .text = self { true } else { false }
        case .mapping: if case .dictionary = self { true } else { false }
        case .boolean: if case .boolean = self { true } else { false }
        case .true: if case .boolean(true) = self { true } else { false }
        case .false: if case .boolean(false) = self { true } else { false }
        case .number: isNumber
        case .float: if case .float = self { true } else { false }
        case .integer:
            switch self {
            case .integer, .largeInteger: true
            default: false
            }
        case .iterable, .sequence, .callable: holdsShape(test)
        default: false
        }
    }

    private func holdsShape(_ test: Test) -> Bool {
        switch self {
        case .undefined: true
        case .text, .list, .tuple, .dictionary, .object(.range): test != .callable
        case .object(.view), .object(.generator): test == .iterable
        case .object(.loop): test != .sequence
        case .object(.macro), .object(.function), .object(.method): test == .callable
        default: false
        }
    }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }
}
