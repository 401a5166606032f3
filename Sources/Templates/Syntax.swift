// The syntax tree of a template.
//
// A chain to the left (`a + b + c`, `x.y|f|g`) may be long, and code that walks a tree follows it
// in a loop. Everything else nests at most `nestingDepthMax` deep.

/// An expression and its line.
final class Expression {
    indirect enum Kind {
        case literal(TemplateValue)
        case name(String)
        case attribute(Expression, String)
        case item(Expression, Expression)
        case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
        case call(Expression, Arguments)
        /// The value is nil in filter blocks.
        case filter(Expression?, String, Arguments)
        case test(Expression, String, Arguments)
        case unary(UnaryOperator, Expression)
        case not(Expression)
        case binary(BinaryOperator, Expression, Expression)
        case and(Expression, Expression)
        case or(Expression, Expression)
        case compare(Expression, [(CompareOperator, Expression)])
        case concatenation([Expression])
        case conditional(test: Expression, then: Expression, otherwise: Expression?)
        case list([Expression])
        case tuple([Expression])
        case dictionary([(Expression, Expression)])
    }

    let kind: Kind
    let line: Int
    /// Levels of the tree below, this one included.
    let height: Int
    /// The same without the steps to the left.
    let depth: Int

    init(_ kind: Kind, line: Int) {
        self.kind = kind
        self.line = line
        let left = Self.left(kind)
        var height = left?.height ?? 0
        var depth = 0
        for operand in Self.operands(kind) {
            height = max(height, operand.height)
            depth = max(depth, operand.depth + 1)
        }
        self.height = height + 1
        self.depth = max(depth, left?.depth ?? 0)
    }

    /// The operand that comes first and may be a long chain.
    var left: Expression? { Self.left(kind) }

    /// The operands besides `left`.
    var operands: [Expression] { Self.operands(kind) }

    private static func left(_ kind: Kind) -> Expression? {
        switch kind {
        case .attribute(let left, _), .item(let left, _), .slice(let left, _, _, _),
            .call(let left, _), .test(let left, _, _), .binary(_, let left, _), .not(let left),
            .and(let left, _), .or(let left, _), .compare(let left, _):
            left
        case .filter(let left, _, _): left
        default: nil
        }
    }

    /// The operands besides `left`.
    private static func operands(_ kind: Kind) -> [Expression] {
        switch kind {
        case .literal, .name, .attribute, .not: []
        case .item(_, let item): [item]
        case .slice(_, let start, let stop, let step): [start, stop, step].compactMap { $0 }
        case .call(_, let arguments), .filter(_, _, let arguments), .test(_, _, let arguments):
            arguments.all
        case .unary(_, let operand): [operand]
        case .binary(_, _, let right), .and(_, let right), .or(_, let right): [right]
        case .compare(_, let operands): operands.map { $0.1 }
        case .concatenation(let items), .list(let items), .tuple(let items): items
        case .conditional(let test, let then, let otherwise):
            [test, then] + (otherwise.map { [$0] } ?? [])
        case .dictionary(let members): members.flatMap { [$0.0, $0.1] }
        }
    }
}

/// The arguments of a call, a filter or a test.
struct Arguments {
    var positional: [Expression] = []
    var keywords: [(String, Expression)] = []
    /// The operand of `*`.
    var list: Expression?
    /// The operand of `**`.
    var dictionary: Expression?

    /// All operands in the order of evaluation.
    var all: [Expression] {
        positional + keywords.map { $0.1 } + [list, dictionary].compactMap { $0 }
    }
}

enum UnaryOperator { case minus, plus }

enum BinaryOperator: String {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
}

enum CompareOperator: String {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case isIn = "in"
    case notIn = "not in"
}

/// The place of an assignment.
indirect enum Target {
    case name(String)
    case tuple([Target])
    /// `namespace.attribute`.
    case attribute(String, String)
}

/// A statement and its line.
struct Statement {
    indirect enum Kind {
        case data(TemplateText)
        case output(Expression)
        case conditional(branches: [(test: Expression, body: [Statement])], otherwise: [Statement])
        case loop(ForLoop)
        case set(Target, Expression)
        case setBlock(Target, filter: Expression?, body: [Statement])
        case macro(Macro)
        /// `{% call %}`: the callee gets the body as `caller`.
        case call(Expression, Macro)
        case filter(Expression, body: [Statement])
        case generation([Statement])
        case breakLoop
        case continueLoop
    }

    let kind: Kind
    let line: Int
}

/// `{% for %}`.
struct ForLoop {
    var target: Target
    var sequence: Expression
    var filter: Expression?
    var body: [Statement]
    var otherwise: [Statement]
}

/// A macro, or the body of a call block.
struct Macro {
    var name: String
    var parameters: [String]
    /// Defaults of the last parameters.
    var defaults: [Expression]
    var body: [Statement]
}
