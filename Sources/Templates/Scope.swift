// The scopes of names, as the reference resolves them before a template runs.
//
// A scope knows all names of statements before code is made, so a name written anywhere in a scope
// is a variable everywhere in the scope. The first value comes from the scope outside, from the
// caller's variables, or is undefined:
//
//   read before written     the caller's variable
//   written first           undefined, or the value outside
//   written in some branch  the caller's variable, or the value outside

/// The names of a scope.
struct ScopeNames {
    enum Load {
        case parameter
        case variable
        case alias
        case undefined
    }

    /// Variables of the scope, and the first values.
    var loads: [String: Load] = [:]
    var stores: Set<String> = []
}

/// A scope: the template, a loop body, a macro, a block.
final class Scope {
    let parent: Scope?
    /// The function whose frame holds the slots.
    let function: Int
    var symbols = ScopeNames()
    private(set) var slots: [String: Int32] = [:]

    init(parent: Scope?, function: Int) {
        self.parent = parent
        self.function = function
    }

    /// The innermost scope with the name, from here on outwards.
    func scope(of name: String) -> Scope? {
        var scope: Scope? = self
        while let candidate = scope {
            if candidate.symbols.loads[name] != nil { return candidate }
            scope = candidate.parent
        }
        return nil
    }

    /// True for a name that always means the caller's variable.
    func isVariable(_ name: String) -> Bool {
        if case .variable? = symbols.loads[name] { return !symbols.stores.contains(name) }
        return false
    }

    func slot(of name: String, next: inout Int) -> Int32 {
        if let slot = slots[name] { return slot }
        let slot = Int32(next)
        next += 1
        slots[name] = slot
        return slot
    }

    // MARK: Reading and writing names

    func declare(parameter name: String) {
        symbols.stores.insert(name)
        symbols.loads[name] = .parameter
    }

    func store(_ name: String) {
        symbols.stores.insert(name)
        guard symbols.loads[name] == nil else { return }
        symbols.loads[name] = parent?.scope(of: name) != nil ? .alias : .undefined
    }

    func load(_ name: String) {
        if scope(of: name) == nil { symbols.loads[name] = .variable }
    }

    // MARK: Statements

    func analyse(_ statements: [Statement]) {
        for statement in statements { analyse(statement) }
    }

    func analyse(_ target: Target) {
        switch target {
        case .name(let name): store(name)
        case .tuple(let targets): for target in targets { analyse(target) }
        case .attribute(let name, _): load(name)
        }
    }

    func declare(_ target: Target) {
        switch target {
        case .name(let name): declare(parameter: name)
        case .tuple(let targets): for target in targets { declare(target) }
        case .attribute(let name, _): load(name)
        }
    }

    private func analyse(_ statement: Statement) {
        switch statement.kind {
        case .data, .generation, .breakLoop, .continueLoop: break
        case .output(let value): analyse(value)
        case .conditional(let branches, let otherwise): analyse(branches, otherwise)
        case .loop(let loop): analyse(loop.sequence)
        case .set(let target, let value):
            analyse(value)
            analyse(target)
        case .setBlock(let target, _, _): analyse(target)
        case .macro(let macro): store(macro.name)
        case .call(let callee, _): analyse(callee)
        case .filter(let filter, _): analyse(filter)
        }
    }

    /// Later branches of an `if` count as one branch of the first.
    private func analyse(
        _ branches: [(test: Expression, body: [Statement])], _ otherwise: [Statement]
    ) {
        guard let first = branches.first else { return }
        analyse(first.test)
        let before = symbols
        analyse(first.body)
        let body = symbols
        symbols = before
        for branch in branches.dropFirst() { analyse([branch], []) }
        let later = symbols
        symbols = before
        analyse(otherwise)
        merge([body, later, symbols], before: before)
    }

    private func merge(_ branches: [ScopeNames], before: ScopeNames) {
        symbols = before
        var stores: Set<String> = []
        for branch in branches {
            stores.formUnion(branch.stores)
            symbols.loads.merge(branch.loads) { $1 }
            symbols.stores.formUnion(branch.stores)
        }
        for name in stores.subtracting(before.stores) {
            symbols.loads[name] = parent?.scope(of: name) != nil ? .alias : .variable
        }
    }

    // MARK: Expressions

    func analyse(_ expression: Expression) {
        var chain = [expression]
        while let left = chain[chain.count - 1].left { chain.append(left) }
        for link in chain.reversed() { analyse(operandsOf: link) }
    }

    private func analyse(operandsOf expression: Expression) {
        if case .name(let name) = expression.kind { load(name) }
        for operand in expression.operands { analyse(operand) }
    }
}
