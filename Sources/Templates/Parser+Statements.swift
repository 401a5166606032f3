// Statements.

extension Parser {
    /// Reads statements up to a name in `ends`, and stops there. `opening` is the statement of the
    /// ends.
    mutating func body(
        until ends: [String], of opening: (name: String, line: Int)?
    ) throws(TemplateError) -> [Statement] {
        try enter()
        defer { leave() }
        var statements: [Statement] = []
        while true {
            let token = current
            switch token.kind {
            case .data(let text):
                statements.append(Statement(kind: .data(text), line: token.line))
                advance()
            case .variableBegin:
                advance()
                let value = try tuple()
                guard case .variableEnd = current.kind else { throw unexpected("\"}}\"") }
                advance()
                statements.append(Statement(kind: .output(value), line: value.line))
            case .blockBegin:
                advance()
                if case .name(let name) = current.kind, ends.contains(name) { return statements }
                let kind = try statement()
                statements.append(Statement(kind: kind, line: token.line))
                try expectBlockEnd()
            default:
                guard let opening else { return statements }
                throw TemplateError(
                    .invalid, "\"\(opening.name)\" without \"\(ends.last ?? "end")\"",
                    line: opening.line)
            }
        }
    }

    /// Reads the end of the tag and a body.
    private mutating func block(
        _ name: String, line: Int, until ends: [String]
    ) throws(TemplateError) -> [Statement] {
        _ = take(.colon)
        try expectBlockEnd()
        return try body(until: ends, of: (name, line))
    }

    /// Reads a statement up to its last `%}`.
    private mutating func statement() throws(TemplateError) -> Statement.Kind {
        let line = current.line
        let name = try expectName()
        switch name {
        case "if": return try conditional(line)
        case "for": return try loop(line)
        case "set": return try set(line)
        case "macro": return try macro(line)
        case "call": return try call(line)
        case "filter":
            let filter = try filters(on: nil, isInline: true)
            let body = try block(name, line: line, until: ["endfilter"])
            advance()
            guard let filter else { throw unexpected("a filter") }
            return .filter(filter, body: body)
        case "generation":
            hasGenerationBlock = true
            let outer = loopDepth
            loopDepth = 0
            let body = try block(name, line: line, until: ["endgeneration"])
            loopDepth = outer
            advance()
            return .generation(body)
        case "break", "continue":
            guard loopDepth > 0 else {
                throw TemplateError(.invalid, "\"\(name)\" outside a loop", line: line)
            }
            return name == "break" ? .breakLoop : .continueLoop
        default:
            let isEnd = name.hasPrefix("end") || name == "else" || name == "elif"
            throw TemplateError(
                isEnd ? .invalid : .unsupported,
                isEnd ? "\"\(name)\" ends nothing here" : "the statement \"\(name)\"", line: line)
        }
    }

    private mutating func conditional(_ line: Int) throws(TemplateError) -> Statement.Kind {
        var branches: [(test: Expression, body: [Statement])] = []
        while true {
            let test = try tuple(hasConditional: false)
            let body = try block("if", line: line, until: ["elif", "else", "endif"])
            branches.append((test, body))
            if take(name: "elif") { continue }
            if take(name: "else") {
                let otherwise = try block("if", line: line, until: ["endif"])
                advance()
                return .conditional(branches: branches, otherwise: otherwise)
            }
            advance()
            return .conditional(branches: branches, otherwise: [])
        }
    }

    private mutating func loop(_ line: Int) throws(TemplateError) -> Statement.Kind {
        let target = try target(hasNamespace: false, endsAt: "in")
        try expect(name: "in")
        let sequence = try tuple(hasConditional: false, endsAt: "recursive")
        let filter = take(name: "if") ? try expression() : nil
        if isAt(name: "recursive") {
            throw TemplateError(.unsupported, "\"recursive\" loops", line: line)
        }
        loopDepth += 1
        let body = try block("for", line: line, until: ["else", "endfor"])
        loopDepth -= 1
        var otherwise: [Statement] = []
        if take(name: "else") { otherwise = try block("for", line: line, until: ["endfor"]) }
        advance()
        return .loop(
            ForLoop(
                target: target, sequence: sequence, filter: filter, body: body,
                otherwise: otherwise))
    }

    private mutating func set(_ line: Int) throws(TemplateError) -> Statement.Kind {
        let target = try target(hasNamespace: true, endsAt: nil)
        if take(.assign) { return .set(target, try tuple()) }
        let filter = try filters(on: nil, isInline: false)
        let body = try block("set", line: line, until: ["endset"])
        advance()
        return .setBlock(target, filter: filter, body: body)
    }

    private mutating func macro(_ line: Int) throws(TemplateError) -> Statement.Kind {
        let name = try assignable()
        var macro = Macro(name: name, parameters: [], defaults: [], body: [])
        try signature(&macro)
        macro.body = try function("macro", line: line)
        return .macro(macro)
    }

    private mutating func call(_ line: Int) throws(TemplateError) -> Statement.Kind {
        var macro = Macro(name: "caller", parameters: [], defaults: [], body: [])
        if isAt(.parenthesisOpen) { try signature(&macro) }
        let callee = try expression()
        guard case .call = callee.kind else { throw unexpected("a call") }
        macro.body = try function("call", line: line)
        return .call(callee, macro)
    }

    /// Reads a body from which no `break` leaves a loop outside.
    private mutating func function(
        _ name: String, line: Int
    ) throws(TemplateError) -> [Statement] {
        let outer = loopDepth
        loopDepth = 0
        let body = try block(name, line: line, until: ["end" + name])
        loopDepth = outer
        advance()
        return body
    }

    private mutating func signature(_ macro: inout Macro) throws(TemplateError) {
        try expect(.parenthesisOpen)
        while !isAt(.parenthesisClose) {
            if !macro.parameters.isEmpty { try expect(.comma) }
            let line = current.line
            let name = try assignable()
            guard !macro.parameters.contains(name) else {
                throw TemplateError(.invalid, "two parameters \"\(name)\"", line: line)
            }
            if take(.assign) {
                macro.defaults.append(try expression())
            } else if !macro.defaults.isEmpty {
                throw TemplateError(
                    .invalid, "a parameter without default behind one with", line: line)
            }
            macro.parameters.append(name)
        }
        try expect(.parenthesisClose)
    }

    // MARK: Targets

    /// Reads a target: a name, names with commas, or `namespace.attribute`.
    private mutating func target(
        hasNamespace: Bool, endsAt end: String?
    ) throws(TemplateError) -> Target {
        try enter()
        defer { leave() }
        var targets: [Target] = []
        var isTuple = false
        while true {
            if isTuple, isTargetEnd(end) { break }
            targets.append(try targetPart(hasNamespace: hasNamespace))
            guard take(.comma) else { break }
            isTuple = true
        }
        return isTuple ? .tuple(targets) : targets[0]
    }

    private func isTargetEnd(_ end: String?) -> Bool {
        if let end, isAt(name: end) { return true }
        if case .blockEnd = current.kind { return true }
        return isAt(.parenthesisClose) || isAt(.assign)
    }

    private mutating func targetPart(hasNamespace: Bool) throws(TemplateError) -> Target {
        if take(.parenthesisOpen) {
            let inner = try target(hasNamespace: false, endsAt: nil)
            try expect(.parenthesisClose)
            return inner
        }
        let line = current.line
        if hasNamespace, case .symbol(.dot) = next.kind {
            let name = try expectName()
            advance()
            let attribute = try expectName()
            try check(name: attribute, line: line)
            return .attribute(name, attribute)
        }
        return .name(try assignable())
    }

    private mutating func assignable() throws(TemplateError) -> String {
        let line = current.line
        let name = try expectName()
        guard !["true", "false", "none", "True", "False", "None"].contains(name) else {
            throw TemplateError(.invalid, "an assignment to \"\(name)\"", line: line)
        }
        try check(name: name, line: line)
        return name
    }
}
