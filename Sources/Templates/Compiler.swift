// Makes a program of a syntax tree: resolves names, checks filters, tests, methods and functions.
//
// Guarantees: a construct outside `SupportedConstructs` is refused here by name and line. As in the
// reference, an unknown filter or test inside an `if` or a conditional expression is an error only
// when reached. A loop, macro or block inside ends the exception.

struct Compiler {
    var output = Program()
    var facts = TemplateFacts()
    /// The functions around the current place, innermost last. The template itself comes first.
    var functions: [OpenFunction] = []
    var scope = Scope(parent: nil, function: 0)
    /// Loops around the current place within the function.
    var loops: [OpenLoop] = []
    /// True inside an `if` or a conditional expression.
    var isSoft = false
    /// True inside `{{ }}` around constants. The reference computes these in advance.
    var isConstantOutput = false
    var line = 1
    /// The position that a jump was led to last.
    private var landing = -1
    private var functionCount = 0
    private var nameIndexes: [String: Int32] = [:]
    private var variableIndexes: [String: Int32] = [:]
    private var textConstants: [TemplateText: Int32] = [:]
    private var keys: Set<String> = []
    private var calledFunctions: Set<String> = []
    private var macros: Set<String> = []

    /// A function whose code is being made.
    struct OpenFunction {
        let id: Int
        var slotCount = 0
        /// Captures of output that are open.
        var captureCount = 0
        var hasLastingFrames = false
    }

    /// A loop whose code is being made.
    struct OpenLoop {
        let start: Int
        let captureCount: Int
        /// Jumps to the end of the loop.
        var exits: [Int] = []
    }

    mutating func program(_ body: [Statement]) throws(TemplateError) -> Program {
        functions = [OpenFunction(id: 0)]
        functionCount = 1
        scope.analyse(body)
        enterScope()
        try statements(body)
        emit(.end)
        output.slotCount = functions[0].slotCount
        facts.variables = output.variables.filter { GlobalFunction(rawValue: $0) == nil }.sorted()
        facts.functions = calledFunctions.sorted()
        facts.keys = keys.sorted()
        facts.macros = macros.sorted()
        return output
    }

    // MARK: Code

    var position: Int { output.code.count }

    mutating func emit(_ instruction: Instruction) {
        output.code.append(instruction)
        output.lines.append(Int32(truncatingIfNeeded: line))
    }

    /// The last instruction, to be joined with the next one, or nil where a jump leads between
    /// them.
    var joinable: Instruction? { landing == position ? nil : output.code.last }

    mutating func removeLast() {
        output.code.removeLast()
        output.lines.removeLast()
    }

    /// Adds a jump whose target `land` sets, and returns its place.
    mutating func emitJump(_ make: (Int32) -> Instruction) -> Int {
        emit(make(-1))
        return position - 1
    }

    /// Lets the jump at `place` lead here.
    mutating func land(_ place: Int) {
        let target = Int32(position)
        landing = position
        switch output.code[place] {
        case .jump: output.code[place] = .jump(target)
        case .jumpIfFalse: output.code[place] = .jumpIfFalse(target)
        case .jumpIfFalseKeeping: output.code[place] = .jumpIfFalseKeeping(target)
        case .jumpIfTrueKeeping: output.code[place] = .jumpIfTrueKeeping(target)
        case .jumpIfGiven(let slot, _):
            output.code[place] = .jumpIfGiven(slot: slot, target: target)
        case .jumpIfFalsePopping: output.code[place] = .jumpIfFalsePopping(target)
        case .loopNext: output.code[place] = .loopNext(target)
        default: preconditionFailure("no jump at instruction \(place)")
        }
    }

    // MARK: Tables

    mutating func constant(_ value: TemplateValue) -> Int32 {
        if case .text(let text) = value {
            if let index = textConstants[text] { return index }
            textConstants[text] = Int32(output.constants.count)
        }
        output.constants.append(value)
        return Int32(output.constants.count - 1)
    }

    mutating func name(_ name: String) -> Int32 {
        if let index = nameIndexes[name] { return index }
        output.names.append(TemplateText(name))
        output.holders.append(AttributeHolders(of: name))
        nameIndexes[name] = Int32(output.names.count - 1)
        return Int32(output.names.count - 1)
    }

    mutating func failure(_ sentence: String) -> Int32 {
        output.failures.append(sentence)
        return Int32(output.failures.count - 1)
    }

    /// The index of a site, or -1 for no arguments.
    mutating func site(_ site: CallSite) -> Int32 {
        if site.isEmpty { return -1 }
        output.sites.append(site)
        return Int32(output.sites.count - 1)
    }

    mutating func variable(_ name: String) throws(TemplateError) -> Int32 {
        if let index = variableIndexes[name] { return index }
        guard !ForeignNames.functions.contains(name) else {
            throw unsupported("the function \"\(name)\"")
        }
        let index = Int32(output.variables.count)
        if let function = GlobalFunction(rawValue: name) {
            calledFunctions.insert(name)
            output.absentVariables.append(.object(.function(function)))
        } else {
            output.absentVariables.append(.undefined(TemplateUndefined(name: -3 - index)))
        }
        output.variables.append(name)
        variableIndexes[name] = index
        return index
    }

    mutating func note(key: String) { keys.insert(key) }

    mutating func note(macro: String) { macros.insert(macro) }

    func unsupported(_ construct: String) -> TemplateError {
        TemplateError(.unsupported, construct, line: line)
    }

    // MARK: Names

    mutating func load(_ name: String) throws(TemplateError) {
        guard let owner = scope.scope(of: name), !owner.isVariable(name) else {
            return emit(.variable(try variable(name)))
        }
        let slot = slot(name, in: owner)
        let depth = functions.count - 1 - (functions.firstIndex { $0.id == owner.function } ?? 0)
        emit(depth == 0 ? .local(slot) : .outer(depth: Int32(depth), slot: slot))
    }

    mutating func store(_ name: String) {
        guard let owner = scope.scope(of: name) else {
            preconditionFailure("the analysis missed the name \(name)")
        }
        emit(.store(slot(name, in: owner)))
    }

    private mutating func slot(_ name: String, in scope: Scope) -> Int32 {
        guard let index = functions.firstIndex(where: { $0.id == scope.function }) else {
            preconditionFailure("the scope of \(name) is not open")
        }
        return scope.slot(of: name, next: &functions[index].slotCount)
    }

    /// Gives the names of the current scope their first values.
    mutating func enterScope() {
        let entered = scope
        for (name, load) in entered.symbols.loads.sorted(by: { $0.key < $1.key }) {
            switch load {
            case .parameter: break
            case .variable:
                guard entered.symbols.stores.contains(name) else { break }
                // The name is one of the template's own, not a foreign function's.
                if let index = try? variable(name) { emit(.variable(index)) }
                emit(.store(slot(name, in: entered)))
            case .alias:
                scope = entered.parent ?? entered
                try? self.load(name)
                scope = entered
                emit(.store(slot(name, in: entered)))
            case .undefined:
                emit(.undefine(slot: slot(name, in: entered), name: self.name(name)))
            }
        }
    }

    /// Makes code in a scope inside the current one, within the same function.
    mutating func inScope(
        _ analyse: (Scope) -> Void, _ body: (inout Compiler) throws(TemplateError) -> Void
    ) throws(TemplateError) {
        let outer = scope
        let wasSoft = isSoft
        scope = Scope(parent: outer, function: outer.function)
        analyse(scope)
        isSoft = false
        enterScope()
        try body(&self)
        scope = outer
        isSoft = wasSoft
    }

    mutating func openFunction() -> Int {
        functions[functions.count - 1].hasLastingFrames = true
        functions.append(OpenFunction(id: functionCount))
        functionCount += 1
        return functionCount - 1
    }
}
