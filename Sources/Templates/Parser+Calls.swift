// The parts behind an operand: attributes, subscripts, calls, filters and tests.

extension Parser {
    mutating func called(_ callee: Expression) throws(TemplateError) -> Expression {
        let line = current.line
        return try make(.call(callee, try arguments()), line: line)
    }

    mutating func attribute(_ base: Expression) throws(TemplateError) -> Expression {
        let line = current.line
        advance()
        if case .integer(let index) = current.kind {
            advance()
            let item = try make(.literal(.integer(index)), line: line)
            return try make(.item(base, item), line: line)
        }
        let name = try expectName()
        try check(name: name, line: line)
        return try make(.attribute(base, name), line: line)
    }

    mutating func subscripted(_ base: Expression) throws(TemplateError) -> Expression {
        let line = current.line
        advance()
        var items: [Expression] = []
        var isTuple = false
        while !isAt(.bracketClose) {
            if !items.isEmpty {
                try expect(.comma)
                isTuple = true
            }
            if let sliced = try slice(base, line: line) {
                guard !isTuple, isAt(.bracketClose) else {
                    throw TemplateError(.unsupported, "a slice in a tuple", line: line)
                }
                advance()
                return sliced
            }
            items.append(try expression())
            if isAt(.colon) {
                guard !isTuple, let start = items.popLast() else {
                    throw TemplateError(.unsupported, "a slice in a tuple", line: line)
                }
                let sliced = try slice(base, from: start, line: line)
                try expect(.bracketClose)
                return sliced
            }
        }
        advance()
        guard let only = items.first, !isTuple else {
            guard !items.isEmpty else { throw unexpected("an expression") }
            let tuple = try make(.tuple(items), line: line)
            return try make(.item(base, tuple), line: line)
        }
        if case .literal(.text(let name)) = only.kind { try check(name: name.string, line: line) }
        return try make(.item(base, only), line: line)
    }

    /// A slice that starts with a colon, or nil.
    private mutating func slice(
        _ base: Expression, line: Int
    ) throws(TemplateError) -> Expression? {
        isAt(.colon) ? try slice(base, from: nil, line: line) : nil
    }

    private mutating func slice(
        _ base: Expression, from start: Expression?, line: Int
    ) throws(TemplateError) -> Expression {
        try expect(.colon)
        var ends: [Expression?] = [nil, nil]
        for index in 0..<2 {
            if !isAt(.colon), !isAt(.bracketClose), !isAt(.comma) { ends[index] = try expression() }
            guard index == 0, take(.colon) else { break }
        }
        return try make(.slice(base, start: start, stop: ends[0], step: ends[1]), line: line)
    }

    // MARK: Calls, filters, tests

    private mutating func arguments() throws(TemplateError) -> Arguments {
        let line = current.line
        try expect(.parenthesisOpen)
        var arguments = Arguments()
        var isFirst = true
        while !isAt(.parenthesisClose) {
            if !isFirst {
                try expect(.comma)
                if isAt(.parenthesisClose) { break }
            }
            isFirst = false
            if take(.multiply) {
                guard arguments.list == nil, arguments.dictionary == nil else {
                    throw TemplateError(.invalid, "\"*\" twice in a call", line: line)
                }
                arguments.list = try expression()
            } else if take(.power) {
                guard arguments.dictionary == nil else {
                    throw TemplateError(.invalid, "\"**\" twice in a call", line: line)
                }
                arguments.dictionary = try expression()
            } else if case .name(let name) = current.kind, case .symbol(.assign) = next.kind {
                guard arguments.dictionary == nil,
                    !arguments.keywords.contains(where: { $0.0 == name })
                else {
                    throw TemplateError(.invalid, "the argument \"\(name)\" again", line: line)
                }
                advance()
                advance()
                arguments.keywords.append((name, try expression()))
            } else {
                guard arguments.keywords.isEmpty, arguments.list == nil,
                    arguments.dictionary == nil
                else {
                    throw TemplateError(
                        .invalid, "an argument without name behind one with", line: line)
                }
                arguments.positional.append(try expression())
            }
        }
        advance()
        return arguments
    }

    /// Reads `|name(…)` any number of times. `isInline` is for filter blocks: the first name comes
    /// without `|`.
    mutating func filters(
        on value: Expression?, isInline: Bool
    ) throws(TemplateError) -> Expression? {
        var value = value
        var isInline = isInline
        while isInline || isAt(.pipe) {
            if !isInline { advance() }
            isInline = false
            let line = current.line
            var name = try expectName()
            while take(.dot) { name += "." + (try expectName()) }
            let arguments = isAt(.parenthesisOpen) ? try arguments() : Arguments()
            let kind = Expression.Kind.filter(value, name, arguments)
            value = try make(kind, line: line)
        }
        return value
    }

    mutating func test(_ value: Expression) throws(TemplateError) -> Expression {
        let line = current.line
        advance()
        let isNegated = take(name: "not")
        var name = try expectName()
        while take(.dot) { name += "." + (try expectName()) }
        var arguments = Arguments()
        switch current.kind {
        case .symbol(.parenthesisOpen): arguments = try self.arguments()
        case .name("else"), .name("or"), .name("and"): break
        case .name("is"):
            throw TemplateError(.invalid, "a test behind a test", line: line)
        case .name, .text, .integer, .float, .symbol(.bracketOpen), .symbol(.braceOpen):
            try enter()
            arguments.positional = [try postfix(try primary())]
            leave()
        default: break
        }
        let test = try make(.test(value, name, arguments), line: line)
        return isNegated ? try make(.not(test), line: line) : test
    }
}
