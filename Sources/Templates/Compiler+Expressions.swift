// Code of expressions. Each leaves one value.

extension Compiler {
    mutating func expression(_ expression: Expression) throws(TemplateError) {
        var chain = [expression]
        while let left = chain[chain.count - 1].left { chain.append(left) }
        // A jump of `and` and `or` lies between its operands, so chains need no recursion either.
        for link in chain.reversed() {
            line = link.line
            try self.link(link)
        }
    }

    /// Makes the code behind the left operand.
    private mutating func link(_ expression: Expression) throws(TemplateError) {
        switch expression.kind {
        case .literal(let value): emit(.constant(constant(value)))
        case .name(let name): try load(name)
        case .attribute(_, let name):
            if Method(rawValue: name) == nil { note(key: name) }
            attribute(self.name(name))
        case .item(_, let item): try self.item(item)
        case .slice(_, let start, let stop, let step):
            for part in [start, stop, step] {
                if let part { try self.expression(part) } else { emit(.constant(constant(.none))) }
            }
            line = expression.line
            // In advance, the reference takes a slice of no sequence as undefined.
            emit(.slice(isLenient: isConstantOutput))
        case .call(let callee, let arguments): try call(callee, arguments, expression.line)
        case .filter(_, let name, let arguments): try filter(name, arguments, expression.line)
        case .test(_, let name, let arguments): try test(name, arguments, expression.line)
        case .unary(let operation, let operand):
            try self.expression(operand)
            line = expression.line
            emit(operation == .minus ? .negate : .affirm)
        case .not: emit(.not)
        case .binary(let operation, let left, let right):
            try binary(operation, left, right, expression.line)
        case .and(_, let right):
            let end = emitJump { .jumpIfFalseKeeping($0) }
            try self.expression(right)
            land(end)
        case .or(_, let right):
            let end = emitJump { .jumpIfTrueKeeping($0) }
            try self.expression(right)
            land(end)
        case .compare(_, let operands): try compare(operands, expression.line)
        case .concatenation(let operands):
            for operand in operands { try self.expression(operand) }
            line = expression.line
            emit(.concatenate(Int32(operands.count)))
        case .conditional(let test, let then, let otherwise):
            try conditional(test, then, otherwise)
        case .list, .tuple, .dictionary: try display(expression)
        }
    }

    private mutating func attribute(_ name: Int32) {
        guard case .local(let slot)? = joinable else { return emit(.attribute(name)) }
        removeLast()
        emit(.localAttribute(slot: slot, name: name))
    }

    private mutating func item(_ item: Expression) throws(TemplateError) {
        let itemLine = line
        if case .literal(.text(let key)) = item.kind { note(key: key.string) }
        try expression(item)
        line = itemLine
        emit(.item)
    }

    private mutating func binary(
        _ operation: BinaryOperator, _ left: Expression, _ right: Expression, _ line: Int
    ) throws(TemplateError) {
        if operation == .modulo, case .literal(.text) = left.kind {
            throw unsupported("the operator \"%\" on a text")
        }
        try expression(right)
        self.line = line
        emit(.binary(operation))
    }

    private mutating func conditional(
        _ test: Expression, _ then: Expression, _ otherwise: Expression?
    ) throws(TemplateError) {
        let wasSoft = isSoft
        isSoft = true
        try expression(test)
        let next = emitJump { .jumpIfFalse($0) }
        try expression(then)
        let end = emitJump { .jump($0) }
        land(next)
        if let otherwise {
            try expression(otherwise)
        } else {
            emit(.constant(constant(.undefined)))
        }
        land(end)
        isSoft = wasSoft
    }

    private mutating func compare(
        _ operands: [(CompareOperator, Expression)], _ line: Int
    ) throws(TemplateError) {
        var ends: [Int] = []
        for (index, (operation, operand)) in operands.enumerated() {
            try expression(operand)
            self.line = line
            guard index < operands.count - 1 else {
                emitCompare(operation)
                break
            }
            emit(.compareKeeping(operation))
            ends.append(emitJump { .jumpIfFalseKeeping($0) })
        }
        guard !ends.isEmpty else { return }
        let over = emitJump { .jump($0) }
        for end in ends { land(end) }
        emit(.dropBelow)
        land(over)
    }

    private mutating func emitCompare(_ operation: CompareOperator) {
        guard case .constant(let index)? = joinable else { return emit(.compare(operation)) }
        removeLast()
        emit(.compareConstant(operation, index))
    }

    private mutating func display(_ expression: Expression) throws(TemplateError) {
        if let value = expression.constant { return emit(.constant(constant(value))) }
        switch expression.kind {
        case .list(let items), .tuple(let items):
            for item in items { try self.expression(item) }
            let count = Int32(items.count)
            if case .list = expression.kind { emit(.list(count)) } else { emit(.tuple(count)) }
        case .dictionary(let members):
            for (key, value) in members {
                try self.expression(key)
                try self.expression(value)
            }
            emit(.dictionary(Int32(members.count)))
        default: preconditionFailure("no display")
        }
    }

    // MARK: Calls

    /// Leaves the values of arguments.
    mutating func arguments(_ arguments: Arguments) throws(TemplateError) -> CallSite {
        for argument in arguments.all { try expression(argument) }
        return CallSite(
            positionalCount: arguments.positional.count,
            keywords: arguments.keywords.map { TemplateText($0.0) },
            hasList: arguments.list != nil, hasDictionary: arguments.dictionary != nil)
    }

    private mutating func call(
        _ callee: Expression, _ arguments: Arguments, _ line: Int
    ) throws(TemplateError) {
        if case .name("strftime_now") = callee.kind, scopeHasNo("strftime_now"),
            case .literal(.text(let format))? = arguments.positional.first?.kind,
            let code = Strftime.unsupportedCode(format)
        {
            throw unsupported("the time code \"\(code)\"")
        }
        // The attribute was the link before this one. A method takes its place.
        if case .attribute(_, let name) = callee.kind {
            if let method = Method(rawValue: name) {
                if method == .get, case .literal(.text(let key))? = arguments.positional.first?.kind
                {
                    note(key: key.string)
                }
                removeAttribute()
                let site = try self.site(self.arguments(arguments))
                self.line = line
                return emit(.method(name: self.name(name), method: method, site: site))
            }
            guard !ForeignNames.methods.contains(name) else {
                throw unsupported("the method \"\(name)\"")
            }
        }
        let site = try self.site(self.arguments(arguments))
        self.line = line
        emit(.call(site))
    }

    private mutating func removeAttribute() {
        let last = output.code.last
        removeLast()
        if case .localAttribute(let slot, _)? = last { emit(.local(slot)) }
    }

    private func scopeHasNo(_ name: String) -> Bool {
        scope.scope(of: name)?.isVariable(name) ?? true
    }

    private mutating func filter(
        _ name: String, _ arguments: Arguments, _ line: Int
    ) throws(TemplateError) {
        let filter = Filter.names[name]
        if filter == nil, !isSoft { throw unsupported("the filter \"\(name)\"") }
        switch filter {
        case .selectattr, .rejectattr, .map, .sort, .unique, .min, .max:
            try checkAttributes(arguments)
        default: break
        }
        let site = try self.site(self.arguments(arguments))
        self.line = line
        if let filter {
            emit(.filter(filter, site: site))
        } else {
            emit(.fail(failure("the filter \"\(name)\" is not supported")))
        }
    }

    /// Refuses attribute paths to names with two leading underscores.
    private func checkAttributes(_ arguments: Arguments) throws(TemplateError) {
        let paths =
            arguments.positional.prefix(1)
            + arguments.keywords.filter { $0.0 == "attribute" }.map { $0.1 }
        for path in paths {
            guard case .literal(.text(let text)) = path.kind else { continue }
            let parts = text.string.split(separator: ".").flatMap { $0.split(separator: ",") }
            for part in parts where part.hasPrefix("__") {
                throw unsupported("the name \"\(part)\" with two leading underscores")
            }
        }
    }

    private mutating func test(
        _ name: String, _ arguments: Arguments, _ line: Int
    ) throws(TemplateError) {
        let test = Test.names[name]
        if test == nil, !isSoft { throw unsupported("the test \"\(name)\"") }
        let site = try self.site(self.arguments(arguments))
        self.line = line
        if let test {
            emit(.test(test, site: site))
        } else {
            emit(.fail(failure("the test \"\(name)\" is not supported")))
        }
    }
}

extension Expression {
    /// The value of literals and of lists and tuples of literals, or nil.
    var constant: TemplateValue? {
        switch kind {
        case .literal(let value): return value
        case .list(let items), .tuple(let items):
            var values: [TemplateValue] = []
            for item in items {
                guard let value = item.constant else { return nil }
                values.append(value)
            }
            if case .list = kind { return .list(values) }
            return .tuple(values)
        default: return nil
        }
    }

    /// True for expressions of literals only.
    var isConstant: Bool {
        switch kind {
        case .literal: true
        case .name, .call: false
        // These filters need a rendering, so the reference does not compute them in advance.
        case .filter(_, "map", _), .filter(_, "select", _), .filter(_, "selectattr", _),
            .filter(_, "reject", _), .filter(_, "rejectattr", _):
            false
        default: (left?.isConstant ?? true) && operands.allSatisfy(\.isConstant)
        }
    }
}
