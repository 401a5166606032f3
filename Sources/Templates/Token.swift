// The tokens of a template.

/// A token and its line.
struct Token {
    enum Kind {
        /// Text outside tags, white space taken away as the tags say.
        case data(TemplateText)
        case variableBegin, variableEnd, blockBegin, blockEnd
        case name(String)
        case text(TemplateText)
        case integer(Int)
        case float(Double)
        case symbol(Punctuator)
        case end
    }

    let kind: Kind
    let line: Int
}

/// Operators and punctuation.
enum Punctuator: String, CaseIterable {
    case power = "**"
    case floorDivide = "//"
    case equal = "=="
    case notEqual = "!="
    case greaterOrEqual = ">="
    case lessOrEqual = "<="
    case plus = "+"
    case minus = "-"
    case divide = "/"
    case multiply = "*"
    case modulo = "%"
    case tilde = "~"
    case bracketOpen = "["
    case bracketClose = "]"
    case parenthesisOpen = "("
    case parenthesisClose = ")"
    case braceOpen = "{"
    case braceClose = "}"
    case greater = ">"
    case less = "<"
    case assign = "="
    case dot = "."
    case colon = ":"
    case pipe = "|"
    case comma = ","
    case semicolon = ";"

    /// The longest symbol that starts with `first`, or nil.
    init?(_ first: UInt8, _ next: UInt8) {
        let isDoubled = first == next
        let hasEqual = next == 0x3D
        switch first {
        case UInt8(ascii: "*"): self = isDoubled ? .power : .multiply
        case UInt8(ascii: "/"): self = isDoubled ? .floorDivide : .divide
        case UInt8(ascii: "="): self = isDoubled ? .equal : .assign
        case UInt8(ascii: ">"): self = hasEqual ? .greaterOrEqual : .greater
        case UInt8(ascii: "<"): self = hasEqual ? .lessOrEqual : .less
        case UInt8(ascii: "+"): self = .plus
        case UInt8(ascii: "-"): self = .minus
        case UInt8(ascii: "%"): self = .modulo
        case UInt8(ascii: "~"): self = .tilde
        case UInt8(ascii: "["): self = .bracketOpen
        case UInt8(ascii: "]"): self = .bracketClose
        case UInt8(ascii: "("): self = .parenthesisOpen
        case UInt8(ascii: ")"): self = .parenthesisClose
        case UInt8(ascii: "{"): self = .braceOpen
        case UInt8(ascii: "}"): self = .braceClose
        case UInt8(ascii: "."): self = .dot
        case UInt8(ascii: ":"): self = .colon
        case UInt8(ascii: "|"): self = .pipe
        case UInt8(ascii: ","): self = .comma
        case UInt8(ascii: ";"): self = .semicolon
        case UInt8(ascii: "!") where hasEqual: self = .notEqual
        default: return nil
        }
    }

    /// Bytes of the symbol.
    var size: Int {
        switch self {
        case .power, .floorDivide, .equal, .notEqual, .greaterOrEqual, .lessOrEqual: 2
        default: 1
        }
    }

    /// The closing partner of an opening bracket.
    var closing: Punctuator? {
        switch self {
        case .bracketOpen: .bracketClose
        case .parenthesisOpen: .parenthesisClose
        case .braceOpen: .braceClose
        default: nil
        }
    }

    var isClosing: Bool {
        self == .bracketClose || self == .parenthesisClose || self == .braceClose
    }
}

extension Token.Kind {
    /// The token in a sentence. Texts are not repeated.
    var words: String {
        switch self {
        case .data: "text"
        case .variableBegin: "\"{{\""
        case .variableEnd: "\"}}\""
        case .blockBegin: "\"{%\""
        case .blockEnd: "\"%}\""
        case .name(let name): "\"\(name)\""
        case .text: "a text"
        case .integer, .float: "a number"
        case .symbol(let symbol): "\"\(symbol.rawValue)\""
        case .end: "the end of the template"
        }
    }
}
