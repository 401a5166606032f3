// Code of statements.

extension Compiler {
    mutating func statements(_ statements: [Statement]) throws(TemplateError) {
        for statement in statements {
            line = statement.line
            try self.statement(statement)
        }
    }

    private mutating func statement(_ statement: Statement) throws(TemplateError) {
        switch statement.kind {
        case .data(let text): emit(.text(constant(.text(text))))
        case .output(let value):
            isConstantOutput = value.isConstant
            try expression(value)
            isConstantOutput = false
            line = statement.line
            emitOutput()
        case .conditional(let branches, let otherwise): try conditional(branches, otherwise)
        case .loop(let loop): try self.loop(loop)
        case .set(let target, let value):
            try expression(value)
            line = statement.line
            try assign(target)
        case .setBlock(let target, let filter, let body):
            try captured(body, filter: nil, filterAfter: filter)
            line = statement.line
            try assign(target)
        case .macro(let macro):
            note(macro: macro.name)
            try function(macro)
            line = statement.line
            store(macro.name)
        case .call(let callee, let macro): try call(callee, macro)
        case .filter(let filter, let body):
            try captured(body, filter: filter, filterAfter: nil)
            emit(.outputText)
        case .generation(let body):
            try function(Macro(name: "caller", parameters: [], defaults: [], body: body))
            line = statement.line
            emit(.call(site(CallSite())))
            emit(.output)
        case .breakLoop:
            leaveCaptures()
            let exit = emitJump { .jump($0) }
            loops[loops.count - 1].exits.append(exit)
        case .continueLoop:
            leaveCaptures()
            emit(.jump(Int32(loops[loops.count - 1].start)))
        }
    }

    private mutating func emitOutput() {
        guard case .constant(let index)? = joinable,
            case .text = output.constants[Int(index)]
        else { return emit(.output) }
        removeLast()
        emit(.text(index))
    }

    /// Drops output that was captured since the start of the loop.
    private mutating func leaveCaptures() {
        let open = functions[functions.count - 1].captureCount
        for _ in loops[loops.count - 1].captureCount..<open { emit(.dropCapture) }
    }

    private mutating func conditional(
        _ branches: [(test: Expression, body: [Statement])], _ otherwise: [Statement]
    ) throws(TemplateError) {
        let wasSoft = isSoft
        isSoft = true
        var ends: [Int] = []
        for branch in branches {
            try expression(branch.test)
            let next = emitJump { .jumpIfFalse($0) }
            try statements(branch.body)
            ends.append(emitJump { .jump($0) })
            land(next)
        }
        try statements(otherwise)
        for end in ends { land(end) }
        isSoft = wasSoft
    }

    /// Leaves the output of a body as a text. `filter` sees the names of the body, `filterAfter` is
    /// applied there as well, to a block's value.
    private mutating func captured(
        _ body: [Statement], filter: Expression?, filterAfter: Expression?
    ) throws(TemplateError) {
        try inScope {
            $0.analyse(body)
            if let filter { $0.analyse(filter) }
            if let filterAfter { $0.analyse(filterAfter) }
        } _: { (compiler) throws(TemplateError) in
            compiler.emit(.capture)
            compiler.functions[compiler.functions.count - 1].captureCount += 1
            try compiler.statements(body)
            compiler.functions[compiler.functions.count - 1].captureCount -= 1
            compiler.emit(.captured)
            if let filter = filter ?? filterAfter { try compiler.expression(filter) }
        }
    }

    // MARK: Assignment

    mutating func assign(_ target: Target) throws(TemplateError) {
        switch target {
        case .name(let name): store(name)
        case .attribute(let namespace, let attribute):
            try load(namespace)
            emit(.setAttribute(name(attribute)))
        case .tuple(let targets):
            emit(.unpack(Int32(targets.count)))
            for target in targets { try assign(target) }
        }
    }

    // MARK: Loops

    private mutating func loop(_ loop: ForLoop) throws(TemplateError) {
        let loopLine = line
        try expression(loop.sequence)
        line = loopLine
        let usesLoop = !Statement.reads(loop.body, of: ["loop"]).isEmpty
        // As in the reference, `loop` asks the condition no earlier than an answer needs it.
        if usesLoop, let filter = loop.filter {
            emit(.loopBeginAsking(condition: try condition(loop.target, filter)))
        } else {
            emit(.loopBegin)
        }
        var inner = OpenLoop(
            start: position, captureCount: functions[functions.count - 1].captureCount)
        inner.exits.append(emitJump { .loopNext($0) })
        if !usesLoop, let filter = loop.filter {
            try filtered(loop.target, filter, start: inner.start)
        }
        loops.append(inner)
        try inScope {
            if usesLoop { $0.declare(parameter: "loop") }
            $0.declare(loop.target)
            $0.analyse(loop.body)
        } _: { (compiler) throws(TemplateError) in
            try compiler.assign(loop.target)
            if usesLoop { compiler.storeLoop() }
            try compiler.statements(loop.body)
        }
        let closed = loops.removeLast()
        line = loopLine
        try close(loop, closed, isKept: usesLoop)
    }

    private mutating func storeLoop() {
        emit(.loopValue)
        store("loop")
    }

    private mutating func close(
        _ loop: ForLoop, _ closed: OpenLoop, isKept: Bool
    ) throws(TemplateError) {
        if !loop.otherwise.isEmpty { emit(.loopVisited) }
        emit(.jump(Int32(closed.start)))
        for exit in closed.exits { land(exit) }
        guard !loop.otherwise.isEmpty else { return emit(.loopEnd(isKept: isKept)) }
        emit(.loopEndUnvisited(isKept: isKept))
        let end = emitJump { .jumpIfFalse($0) }
        try inScope {
            $0.analyse(loop.otherwise)
        } _: { (compiler) throws(TemplateError) in
            try compiler.statements(loop.otherwise)
        }
        land(end)
    }

    /// Lets only elements pass that the condition of `for … if` holds for.
    private mutating func filtered(
        _ target: Target, _ filter: Expression, start: Int
    ) throws(TemplateError) {
        try inScope {
            $0.declare(target)
            $0.analyse(filter)
        } _: { (compiler) throws(TemplateError) in
            compiler.emit(.duplicate)
            try compiler.assign(target)
            try compiler.expression(filter)
            compiler.emit(.jumpIfFalsePopping(Int32(start)))
        }
    }

    /// Makes the condition of a loop that uses `loop`, and returns its first instruction.
    private mutating func condition(
        _ target: Target, _ filter: Expression
    ) throws(TemplateError) -> Int32 {
        functions[functions.count - 1].hasLastingFrames = true
        let over = emitJump { .jump($0) }
        let entry = position
        try inScope {
            $0.declare(target)
            $0.analyse(filter)
        } _: { (compiler) throws(TemplateError) in
            try compiler.assign(target)
            try compiler.expression(filter)
            compiler.emit(.conditionEnd)
        }
        land(over)
        return Int32(entry)
    }

    // MARK: Functions

    /// Leaves a macro.
    mutating func function(_ macro: Macro) throws(TemplateError) {
        let over = emitJump { .jump($0) }
        let entry = position
        let outerScope = scope
        let outerLoops = loops
        let wasSoft = isSoft
        let id = openFunction()
        scope = Scope(parent: outerScope, function: id)
        loops = []
        isSoft = false
        let reads = Statement.reads(macro.body, of: ["caller", "varargs", "kwargs"])
        for name in ["varargs", "kwargs"]
        where reads.contains(name) && !macro.parameters.contains(name) {
            throw unsupported("\"\(name)\" in a macro")
        }
        let hasCallerParameter = macro.parameters.contains("caller")
        let readsCaller = reads.contains("caller") && !hasCallerParameter
        let macroScope = scope
        for parameter in macro.parameters { macroScope.declare(parameter: parameter) }
        macro.defaults.forEach { macroScope.analyse($0) }
        macroScope.analyse(macro.body)
        if readsCaller { macroScope.declare(parameter: "caller") }
        for parameter in macro.parameters + (readsCaller ? ["caller"] : []) {
            _ = macroScope.slot(of: parameter, next: &functions[functions.count - 1].slotCount)
        }
        enterScope()
        try defaults(macro)
        try statements(macro.body)
        emit(.functionEnd)
        let open = functions.removeLast()
        output.functions.append(
            Function(
                name: macro.name, parameters: macro.parameters.map { TemplateText($0) },
                entry: Int32(entry), slotCount: open.slotCount, readsCaller: readsCaller,
                hasCallerParameter: hasCallerParameter, isCaptured: open.hasLastingFrames))
        (scope, loops, isSoft) = (outerScope, outerLoops, wasSoft)
        land(over)
        emit(.macro(Int32(output.functions.count - 1)))
    }

    private mutating func defaults(_ macro: Macro) throws(TemplateError) {
        for (index, parameter) in macro.parameters.enumerated() {
            let slot = Int32(index)
            let given = emitJump { .jumpIfGiven(slot: slot, target: $0) }
            let defaultIndex = index - (macro.parameters.count - macro.defaults.count)
            if defaultIndex >= 0 {
                try expression(macro.defaults[defaultIndex])
                emit(.store(slot))
            } else {
                emit(.undefine(slot: slot, name: name(parameter)))
            }
            land(given)
        }
    }

    private mutating func call(_ callee: Expression, _ macro: Macro) throws(TemplateError) {
        guard case .call(let function, let arguments) = callee.kind else {
            preconditionFailure("the parser let a call block without a call pass")
        }
        let callLine = line
        try expression(function)
        var site = try self.arguments(arguments)
        guard !site.hasDictionary, !site.hasList else {
            throw unsupported("\"*\" or \"**\" in a call block")
        }
        site.keywords.append("caller")
        try self.function(macro)
        line = callLine
        emit(.call(self.site(site)))
        emit(.output)
    }
}
