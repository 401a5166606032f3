// Expressions, by climbing precedences.
//
// Loosest first: conditional; or; and; not; comparisons; + and -; ~; * / // %; unary - and +; then
// attributes, subscripts, calls, filters and tests on the operand.

extension Parser {
    /// Binding strengths of operators with two sides.
    private enum Level: Int {
        case or, and, not, compare, add, concatenate, multiply, unary
    }

    /// Reads an expression, or a tuple of expressions with commas.
    mutating func tuple(
        hasConditional: Bool = true, endsAt end: String? = nil, isInParentheses: Bool = false
    ) throws(TemplateError) -> Expression {
        let line = current.line
        var items: [Expression] = []
        var isTuple = false
        while true {
            if isTuple || isInParentheses, isTupleEnd(end) { break }
            items.append(try expression(hasConditional: hasConditional))
            guard take(.comma) else { break }
            isTuple = true
        }
        if !isTuple, let only = items.first { return only }
        return try make(.tuple(items), line: line)
    }

    private func isTupleEnd(_ end: String?) -> Bool {
        switch current.kind {
        case .variableEnd, .blockEnd, .symbol(.parenthesisClose): true
        case .name(let name): name == end
        default: false
        }
    }

    mutating func expression(hasConditional: Bool = true) throws(TemplateError) -> Expression {
        try enter()
        defer { leave() }
        var value = try operation(.or)
        while hasConditional, isAt(name: "if") {
            let line = current.line
            advance()
            let test = try operation(.or)
            let otherwise = take(name: "else") ? try expression() : nil
            let kind = Expression.Kind.conditional(test: test, then: value, otherwise: otherwise)
            value = try make(kind, line: line)
        }
        return value
    }

    private mutating func operation(_ level: Level) throws(TemplateError) -> Expression {
        var left = try operand(level)
        while let (kind, strength) = binary(), strength.rawValue >= level.rawValue {
            let line = current.line
            switch kind {
            case .or:
                advance()
                left = try make(.or(left, try operation(.and)), line: line)
            case .and:
                advance()
                left = try make(.and(left, try operation(.not)), line: line)
            case .compare: left = try comparison(left)
            case .concatenate: left = try concatenation(left)
            case .arithmetic(let operation):
                advance()
                let right = try self.operation(strength == .add ? .concatenate : .unary)
                left = try make(.binary(operation, left, right), line: line)
            }
        }
        return left
    }

    private enum Binary { case or, and, compare, concatenate, arithmetic(BinaryOperator) }

    /// The operator with two sides at the current place.
    private func binary() -> (Binary, Level)? {
        switch current.kind {
        case .name("or"): return (.or, .or)
        case .name("and"): return (.and, .and)
        case .name("in"): return (.compare, .compare)
        case .name("not"):
            if case .name("in") = next.kind { return (.compare, .compare) }
            return nil
        case .symbol(let symbol):
            switch symbol {
            case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
                return (.compare, .compare)
            case .tilde: return (.concatenate, .concatenate)
            case .plus, .minus:
                return (.arithmetic(symbol == .plus ? .add : .subtract), .add)
            case .multiply, .divide, .floorDivide, .modulo:
                guard let operation = BinaryOperator(rawValue: symbol.rawValue) else { return nil }
                return (.arithmetic(operation), .multiply)
            default: return nil
            }
        default: return nil
        }
    }

    private mutating func comparison(_ first: Expression) throws(TemplateError) -> Expression {
        let line = current.line
        var operands: [(CompareOperator, Expression)] = []
        while true {
            let comparison: CompareOperator
            switch current.kind {
            case .name("in"): comparison = .isIn
            case .name("not"):
                guard case .name("in") = next.kind else { throw unexpected("\"in\"") }
                advance()
                comparison = .notIn
            case .symbol(let symbol):
                guard let known = CompareOperator(rawValue: symbol.rawValue) else {
                    return try make(.compare(first, operands), line: line)
                }
                comparison = known
            default: return try make(.compare(first, operands), line: line)
            }
            advance()
            operands.append((comparison, try operation(.add)))
        }
    }

    private mutating func concatenation(_ first: Expression) throws(TemplateError) -> Expression {
        let line = current.line
        var operands = [first]
        while take(.tilde) { operands.append(try operation(.multiply)) }
        return try make(.concatenation(operands), line: line)
    }

    // MARK: Operands

    private mutating func operand(_ level: Level) throws(TemplateError) -> Expression {
        let line = current.line
        guard level.rawValue <= Level.not.rawValue, isAt(name: "not") else {
            return try unary(hasFilters: true)
        }
        advance()
        try enter()
        defer { leave() }
        return try make(.not(try operation(.not)), line: line)
    }

    private mutating func unary(hasFilters: Bool) throws(TemplateError) -> Expression {
        let line = current.line
        var value: Expression
        if isAt(.minus) || isAt(.plus) {
            let operation: UnaryOperator = isAt(.minus) ? .minus : .plus
            advance()
            try enter()
            defer { leave() }
            value = try make(.unary(operation, try unary(hasFilters: false)), line: line)
        } else {
            value = try primary()
        }
        value = try postfix(value)
        if hasFilters { value = try filtersAndTests(value) }
        if isAt(.power) { throw TemplateError(.unsupported, "the operator \"**\"", line: line) }
        return value
    }

    mutating func primary() throws(TemplateError) -> Expression {
        let token = current
        switch token.kind {
        case .name(let name):
            advance()
            switch name {
            case "true", "True": return try make(.literal(.boolean(true)), line: token.line)
            case "false", "False": return try make(.literal(.boolean(false)), line: token.line)
            case "none", "None": return try make(.literal(.none), line: token.line)
            default:
                try check(name: name, line: token.line)
                return try make(.name(name), line: token.line)
            }
        case .text: return try literalText()
        case .integer(let number):
            advance()
            return try make(.literal(.integer(number)), line: token.line)
        case .float(let number):
            advance()
            return try make(.literal(.float(number)), line: token.line)
        case .symbol(.parenthesisOpen):
            advance()
            let value = try tuple(isInParentheses: true)
            try expect(.parenthesisClose)
            return value
        case .symbol(.bracketOpen): return try list()
        case .symbol(.braceOpen): return try dictionary()
        default: throw unexpected("an expression")
        }
    }

    /// Texts behind each other are one text.
    private mutating func literalText() throws(TemplateError) -> Expression {
        let line = current.line
        var builder = TextBuilder()
        while case .text(let text) = current.kind {
            builder.append(text)
            advance()
        }
        guard builder.count <= limits.literalSizeMax else {
            throw TemplateError(
                .unsupported, "a text of \(builder.count) bytes, at most \(limits.literalSizeMax)",
                line: line)
        }
        return try make(.literal(.text(builder.text())), line: line)
    }

    private mutating func list() throws(TemplateError) -> Expression {
        let line = current.line
        advance()
        var items: [Expression] = []
        while !isAt(.bracketClose) {
            if !items.isEmpty { try expect(.comma) }
            if isAt(.bracketClose) { break }
            items.append(try expression())
        }
        advance()
        return try make(.list(items), line: line)
    }

    private mutating func dictionary() throws(TemplateError) -> Expression {
        let line = current.line
        advance()
        var members: [(Expression, Expression)] = []
        while !isAt(.braceClose) {
            if !members.isEmpty { try expect(.comma) }
            if isAt(.braceClose) { break }
            let key = try expression()
            try expect(.colon)
            members.append((key, try expression()))
        }
        advance()
        return try make(.dictionary(members), line: line)
    }

    // MARK: Behind an operand

    mutating func postfix(_ operand: Expression) throws(TemplateError) -> Expression {
        var value = operand
        while true {
            switch current.kind {
            case .symbol(.dot): value = try attribute(value)
            case .symbol(.bracketOpen): value = try subscripted(value)
            case .symbol(.parenthesisOpen): value = try called(value)
            default: return value
            }
        }
    }

    private mutating func filtersAndTests(
        _ operand: Expression
    ) throws(TemplateError) -> Expression {
        var value = operand
        while true {
            switch current.kind {
            case .symbol(.pipe): value = try filters(on: value, isInline: false) ?? value
            case .name("is"): value = try test(value)
            case .symbol(.parenthesisOpen): value = try called(value)
            default: return value
            }
        }
    }
}
