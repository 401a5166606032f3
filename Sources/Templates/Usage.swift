// Names that a piece of a template reads without an assignment before.

extension Statement {
    /// The names among `names` that `statements` read, macros and loops inside included.
    static func reads(_ statements: [Statement], of names: Set<String>) -> Set<String> {
        var usage = Usage(names: names)
        usage.visit(statements)
        return usage.read
    }
}

/// Follows the order of the source: a name that is written first counts as unread from there on.
private struct Usage {
    var names: Set<String>
    var read: Set<String> = []

    mutating func visit(_ statements: [Statement]) {
        for statement in statements { visit(statement) }
    }

    private mutating func visit(_ statement: Statement) {
        switch statement.kind {
        case .data, .breakLoop, .continueLoop: break
        case .output(let value): visit(value)
        case .conditional(let branches, let otherwise):
            for branch in branches {
                visit(branch.test)
                visit(branch.body)
            }
            visit(otherwise)
        case .loop(let loop):
            visit(loop.target)
            visit(loop.sequence)
            visit(loop.body)
            visit(loop.otherwise)
            if let filter = loop.filter { visit(filter) }
        case .set(let target, let value):
            visit(target)
            visit(value)
        case .setBlock(let target, let filter, let body):
            visit(target)
            if let filter { visit(filter) }
            visit(body)
        case .macro(let macro): visit(macro)
        case .call(let callee, let macro):
            visit(callee)
            visit(macro)
        case .filter(let filter, let body):
            visit(body)
            visit(filter)
        case .generation(let body): visit(body)
        }
    }

    private mutating func visit(_ macro: Macro) {
        macro.parameters.forEach { names.remove($0) }
        macro.defaults.forEach { visit($0) }
        visit(macro.body)
    }

    private mutating func visit(_ target: Target) {
        switch target {
        case .name(let name): names.remove(name)
        case .tuple(let targets): targets.forEach { visit($0) }
        case .attribute: break
        }
    }

    private mutating func visit(_ expression: Expression) {
        var chain = [expression]
        while let left = chain[chain.count - 1].left { chain.append(left) }
        for link in chain.reversed() {
            if case .name(let name) = link.kind, names.contains(name) { read.insert(name) }
            link.operands.forEach { visit($0) }
        }
    }
}
