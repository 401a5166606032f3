// Cuts a template into tokens: tags, and the text between them with its white space trimmed.
//
// Line ends become LF, and a final line end goes. Behind `%}` and `#}` the next line end goes
// (trim_blocks). White space between the start of a line and `{%` or `{#` goes (lstrip_blocks).
// `-` takes all white space on its side, `+` keeps it.
//
// Guarantees: linear work. Numbers and literals are converted and bounded here.
// Does not: look at the order of tokens.

struct Lexer {
    let source: [UInt8]
    let limits: TemplateLimits
    let lineCount: Int
    /// All data tokens are slices of the source.
    private let storage: TextStorage
    var offset = 0
    var line = 1
    private var result: [Token] = []
    /// Closing brackets that are still to come.
    private var open: [Punctuator] = []
    /// True where the text matched last ended a line, and at the start.
    private var isLineStart = true

    init(_ bytes: [UInt8], limits: TemplateLimits) throws(TemplateError) {
        guard bytes.count <= limits.sourceSizeMax else {
            throw TemplateError(
                .unsupported, "\(bytes.count) bytes of source, at most \(limits.sourceSizeMax)")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw TemplateError(.invalid, "the source is not UTF-8")
        }
        self.limits = limits
        source = Self.normalised(bytes)
        lineCount = source.reduce(1) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
        storage = TextStorage(source, origin: 0)
    }

    /// The text with LF line ends, without a final line end.
    private static func normalised(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\r") {
                text.append(UInt8(ascii: "\n"))
                if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\n") { index += 1 }
            } else {
                text.append(bytes[index])
            }
            index += 1
        }
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        return text
    }

    /// All tokens, the last one is `.end`.
    mutating func tokens() throws(TemplateError) -> [Token] {
        while offset < source.count { try root() }
        try add(.end)
        return result
    }

    // MARK: Outside tags

    private enum Tag { case variable, block, comment, raw }

    /// Reads text up to the next tag, and the tag.
    private mutating func root() throws(TemplateError) {
        let start = offset
        while offset < source.count, !isTagStart(offset) { offset += 1 }
        guard offset < source.count else { return try addData(start..<offset) }
        let textEnd = offset
        let second = source[offset + 1]
        var tag: Tag =
            switch second {
            case UInt8(ascii: "{"): .variable
            case UInt8(ascii: "%"): .block
            default: .comment
            }
        offset += 2
        let sign = takeSign()
        if tag == .block, skipRawBegin() { tag = .raw }
        let kept = trimmed(start..<textEnd, sign: sign, isVariable: tag == .variable)
        let tagOffset = offset
        if tag == .raw { isLineStart = source[offset - 1] == UInt8(ascii: "\n") }
        line += lineEnds(in: start..<textEnd)
        if !kept.isEmpty {
            result.append(Token(kind: .data(TemplateText(storage, kept)), line: line))
        }
        line += lineEnds(in: textEnd..<tagOffset)
        switch tag {
        case .variable: try tagged(.variableBegin, .variableEnd)
        case .block: try tagged(.blockBegin, .blockEnd)
        case .comment: try comment()
        case .raw: try raw()
        }
    }

    private func isTagStart(_ position: Int) -> Bool {
        guard source[position] == UInt8(ascii: "{"), position + 1 < source.count else {
            return false
        }
        let next = source[position + 1]
        return next == UInt8(ascii: "{") || next == UInt8(ascii: "%") || next == UInt8(ascii: "#")
    }

    private mutating func takeSign() -> UInt8 {
        guard offset < source.count,
            source[offset] == UInt8(ascii: "-") || source[offset] == UInt8(ascii: "+")
        else { return 0 }
        offset += 1
        return source[offset - 1]
    }

    /// Skips `raw %}` behind `{%`, if that is what follows.
    private mutating func skipRawBegin() -> Bool {
        var position = skippingSpace(offset)
        guard source[position...].starts(with: "raw".utf8) else { return false }
        position = skippingSpace(position + 3)
        if source[position...].starts(with: "-%}".utf8) {
            offset = skippingSpace(position + 3)
        } else if source[position...].starts(with: "%}".utf8) {
            offset = position + 2
        } else {
            return false
        }
        return true
    }

    /// The part of the text before a tag that stays.
    private func trimmed(_ text: Range<Int>, sign: UInt8, isVariable: Bool) -> Range<Int> {
        if sign == UInt8(ascii: "-") {
            return text.lowerBound..<Characters.endWithoutSpace(source, text)
        }
        guard sign == 0, !isVariable else { return text }
        let lineEnd = source[text].lastIndex(of: UInt8(ascii: "\n"))
        let lineStart = lineEnd.map { $0 + 1 } ?? text.lowerBound
        guard lineEnd != nil || isLineStart, lineStart < text.upperBound,
            Characters.endWithoutSpace(source, lineStart..<text.upperBound) == lineStart
        else { return text }
        return text.lowerBound..<lineStart
    }

    private mutating func comment() throws(TemplateError) {
        let start = offset
        while offset + 1 < source.count {
            if source[offset] == UInt8(ascii: "#"), source[offset + 1] == UInt8(ascii: "}") {
                let before = offset > start ? source[offset - 1] : 0
                let isSign = before == UInt8(ascii: "-") || before == UInt8(ascii: "+")
                offset += 2
                afterEnd(sign: isSign ? before : 0, trimsLine: true)
                line += lineEnds(in: start..<offset)
                return
            }
            offset += 1
        }
        throw TemplateError(.invalid, "a comment without \"#}\"", line: line)
    }

    private mutating func raw() throws(TemplateError) {
        let start = offset
        while offset < source.count {
            if source[offset...].starts(with: "{%".utf8) {
                let textEnd = offset
                offset += 2
                let sign = takeSign()
                if let end = rawEnd(skippingSpace(offset)) {
                    let kept = trimmed(start..<textEnd, sign: sign, isVariable: false)
                    if !kept.isEmpty { try add(.data(TemplateText(storage, kept))) }
                    offset = end.offset
                    afterEnd(sign: end.sign, trimsLine: true)
                    line += lineEnds(in: start..<offset)
                    return
                }
                offset = textEnd
            }
            offset += 1
        }
        throw TemplateError(.invalid, "\"raw\" without \"endraw\"", line: line)
    }

    /// The place behind `endraw %}` at `position`, and the sign before `%}`.
    private func rawEnd(_ position: Int) -> (offset: Int, sign: UInt8)? {
        guard source[position...].starts(with: "endraw".utf8) else { return nil }
        let end = skippingSpace(position + 6)
        if source[end...].starts(with: "%}".utf8) { return (end + 2, 0) }
        for sign in [UInt8(ascii: "-"), UInt8(ascii: "+")] {
            if source[end...].starts(with: [sign, UInt8(ascii: "%"), UInt8(ascii: "}")]) {
                return (end + 3, sign)
            }
        }
        return nil
    }

    /// Takes the white space behind the end of a tag.
    private mutating func afterEnd(sign: UInt8, trimsLine: Bool) {
        if sign == UInt8(ascii: "-") {
            offset = skippingSpace(offset)
        } else if trimsLine, sign == 0, offset < source.count, source[offset] == UInt8(ascii: "\n")
        {
            offset += 1
        }
        isLineStart = source[offset - 1] == UInt8(ascii: "\n")
    }

    // MARK: Inside tags

    private mutating func tagged(
        _ begin: Token.Kind, _ end: Token.Kind
    ) throws(TemplateError) {
        let beginLine = line
        try add(begin)
        let isBlock = if case .blockBegin = begin { true } else { false }
        open.removeAll(keepingCapacity: true)
        while offset < source.count {
            if open.isEmpty, let sign = endSign(isBlock: isBlock) {
                try add(end)
                let start = offset
                offset += sign == 0 ? 2 : 3
                afterEnd(sign: sign, trimsLine: isBlock)
                line += lineEnds(in: start..<offset)
                return
            }
            try tagToken()
        }
        throw TemplateError(
            .invalid, "\(begin.words) without \(end.words)", line: beginLine)
    }

    /// The sign of the end of a tag at the current place, 0 without, or nil where no end is.
    private func endSign(isBlock: Bool) -> UInt8? {
        let first = isBlock ? UInt8(ascii: "%") : UInt8(ascii: "}")
        var position = offset
        var sign: UInt8 = 0
        let byte = source[position]
        if byte == UInt8(ascii: "-") || (isBlock && byte == UInt8(ascii: "+")) {
            sign = byte
            position += 1
        }
        guard position + 1 < source.count, source[position] == first,
            source[position + 1] == UInt8(ascii: "}")
        else { return nil }
        return sign
    }

    private mutating func tagToken() throws(TemplateError) {
        let byte = source[offset]
        let space = skippingSpace(offset)
        if space > offset {
            line += lineEnds(in: offset..<space)
            offset = space
            return
        }
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): try add(try number())
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            let start = offset
            try add(try text(quote: byte))
            line += lineEnds(in: start..<offset)
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"):
            try add(.name(name()))
        case 0x80...:
            throw TemplateError(.unsupported, "a name outside ASCII", line: line)
        default: try symbol()
        }
    }

    private mutating func name() -> String {
        let start = offset
        while offset < source.count, Characters.isNamePart(source[offset]) { offset += 1 }
        return String(decoding: source[start..<offset], as: UTF8.self)
    }

    private mutating func symbol() throws(TemplateError) {
        let next = offset + 1 < source.count ? source[offset + 1] : 0
        guard let symbol = Punctuator(source[offset], next) else {
            throw TemplateError(.invalid, "a character that starts no token", line: line)
        }
        offset += symbol.size
        if let closing = symbol.closing {
            open.append(closing)
            guard open.count <= limits.nestingDepthMax else {
                throw TemplateError(
                    .unsupported, "nesting deeper than \(limits.nestingDepthMax)", line: line)
            }
        } else if symbol.isClosing, open.popLast() != symbol {
            throw TemplateError(
                .invalid, "\"\(symbol.rawValue)\" closes nothing that is open", line: line)
        }
        try add(.symbol(symbol))
    }

    // MARK: Steps

    private mutating func add(_ kind: Token.Kind) throws(TemplateError) {
        guard result.count < limits.tokenCountMax else {
            throw TemplateError(
                .unsupported, "more than \(limits.tokenCountMax) tokens", line: line)
        }
        result.append(Token(kind: kind, line: line))
    }

    private mutating func addData(_ text: Range<Int>) throws(TemplateError) {
        if !text.isEmpty { try add(.data(TemplateText(storage, text))) }
        line += lineEnds(in: text)
    }

    private func lineEnds(in range: Range<Int>) -> Int {
        source[range].reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    }

    private func skippingSpace(_ position: Int) -> Int {
        Characters.startWithoutSpace(source, position..<source.count)
    }
}
