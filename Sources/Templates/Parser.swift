// Reads statements and expressions from tokens.
//
// Guarantees: nesting and chains are bounded, so no walk over the tree exhausts a stack. A
// statement outside the supported language is refused by name and line, wherever it stands.
// Does not: know filters, tests or variables. The compiler does.

struct Parser {
    private let tokens: [Token]
    private var index = 0
    let limits: TemplateLimits
    var depth = 0
    /// Loops around the current place, within the innermost macro or call block.
    var loopDepth = 0
    var hasGenerationBlock = false

    /// Levels of a syntax tree, chains such as `a + b + c` included.
    static let heightMax = 250

    init(_ tokens: [Token], limits: TemplateLimits) {
        self.tokens = tokens
        self.limits = limits
    }

    mutating func template() throws(TemplateError) -> [Statement] {
        try body(until: [], of: nil)
    }

    // MARK: Tokens

    var current: Token { tokens[index] }

    var next: Token { tokens[min(index + 1, tokens.count - 1)] }

    mutating func advance() { index = min(index + 1, tokens.count - 1) }

    func isAt(_ symbol: Punctuator) -> Bool {
        if case .symbol(symbol) = current.kind { true } else { false }
    }

    func isAt(name: String) -> Bool {
        if case .name(name) = current.kind { true } else { false }
    }

    mutating func take(_ symbol: Punctuator) -> Bool {
        guard isAt(symbol) else { return false }
        advance()
        return true
    }

    mutating func take(name: String) -> Bool {
        guard isAt(name: name) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Punctuator) throws(TemplateError) {
        guard take(symbol) else { throw unexpected("\"\(symbol.rawValue)\"") }
    }

    mutating func expect(name: String) throws(TemplateError) {
        guard take(name: name) else { throw unexpected("\"\(name)\"") }
    }

    /// Takes any name.
    mutating func expectName() throws(TemplateError) -> String {
        guard case .name(let name) = current.kind else { throw unexpected("a name") }
        advance()
        return name
    }

    mutating func expectBlockEnd() throws(TemplateError) {
        guard case .blockEnd = current.kind else { throw unexpected("\"%}\"") }
        advance()
    }

    func unexpected(_ wanted: String) -> TemplateError {
        TemplateError(
            .invalid, "\(current.kind.words) where \(wanted) is needed", line: current.line)
    }

    // MARK: Depth

    mutating func enter() throws(TemplateError) {
        depth += 1
        guard depth <= limits.nestingDepthMax else {
            throw TemplateError(
                .unsupported, "nesting deeper than \(limits.nestingDepthMax)", line: current.line)
        }
    }

    mutating func leave() { depth -= 1 }

    /// Makes an expression within the bounds of nesting and height.
    func make(_ kind: Expression.Kind, line: Int) throws(TemplateError) -> Expression {
        let expression = Expression(kind, line: line)
        guard expression.height <= Self.heightMax else {
            throw TemplateError(
                .unsupported, "a chain of more than \(Self.heightMax) operations", line: line)
        }
        guard expression.depth <= limits.nestingDepthMax else {
            throw TemplateError(
                .unsupported, "nesting deeper than \(limits.nestingDepthMax)", line: line)
        }
        return expression
    }

    /// Refuses names that mean something to the reference's host language.
    func check(name: String, line: Int) throws(TemplateError) {
        guard !name.hasPrefix("__") else {
            throw TemplateError(
                .unsupported, "the name \"\(name)\" with two leading underscores", line: line)
        }
    }
}
