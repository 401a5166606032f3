// Patterns that cut text into pre-tokens, as hand-written scanners.
//
// Guarantees: each scanner gives the match of a backtracking regular expression engine for the
// rule's pattern, at one position. The time is linear in the match (plus one run of white space).
// Not here: cutting a whole text. `PreTokenizer` does.
//
// \s \p{L} \p{N} \p{P} are classes of characters. Contractions with ' are ASCII, and match both
// cases only where the pattern says so.

/// One pattern.
enum SplitRule: Sendable, Equatable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
    /// without the last alternative if `keepsLoneSpace` is false.
    case gpt2(keepsLoneSpace: Bool)
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,n}|`
    /// `?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`. With `joinsMarks` the pattern has
    /// `[\p{L}\p{M}]+` for words and no `\p{M}` among the signs.
    case lines(numberCountMax: Int, joinsMarks: Bool = false)
    /// With U = `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]` and V = `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`:
    /// `[^\r\n\p{L}\p{N}]?U*V+c|[^\r\n\p{L}\p{N}]?U+V*c|\p{N}{1,n}|`
    /// `?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`, where c is
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)?` if `takesContractions`, else nothing.
    case cased(numberCountMax: Int, takesContractions: Bool)
    /// `[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|`
    /// `?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    case deepSeek3
    /// `\p{N}+`
    case numbers
    /// `\p{N}{1,n}`
    case numberGroups(countMax: Int)
    /// `[0-9][0-9][0-9]`
    case threeDigits
    /// `[\p{P}$+<=>^~|]+`, with the grave accent too if `takesGraveAccent`.
    case punctuation(takesGraveAccent: Bool)
    /// `[\r\n]`
    case lineEnd
    /// `\s+$`
    case trailingSpace
    /// `\s?` and a run of characters of a set.
    case spaced(CharacterSet)
    /// A run of characters of a set.
    case run(CharacterSet)

    /// The offset behind the match that starts at `start`, or nil. A match is never empty.
    func match(_ text: ScalarText, at start: Int) -> Int? {
        switch self {
        case .gpt2(let keepsLoneSpace):
            Self.gpt2(text, start, keepsLoneSpace: keepsLoneSpace)
        case .lines(let numberCountMax, let joinsMarks):
            Self.lines(text, start, numberCountMax: numberCountMax, joinsMarks: joinsMarks)
        case .cased(let numberCountMax, let takesContractions):
            Self.cased(
                text, start, numberCountMax: numberCountMax, takesContractions: takesContractions)
        case .deepSeek3:
            Self.deepSeek3(text, start)
        case .numbers:
            Self.nonEmpty(text.skip(start) { $0.kind == .number }, start)
        case .numberGroups(let countMax):
            Self.nonEmpty(Self.numbers(text, start, countMax: countMax), start)
        case .threeDigits:
            Self.digits(text, start)
        case .punctuation(let takesGraveAccent):
            Self.nonEmpty(
                text.skip(start) {
                    Self.isPunctuation($0) || takesGraveAccent && $0.point == 0x60
                }, start)
        case .lineEnd:
            Self.isLineEnd(text.character(at: start)) ? start + 1 : nil
        case .trailingSpace:
            Self.trailingSpace(text, start)
        case .spaced(let set):
            Self.spaced(text, start, set)
        case .run(let set):
            Self.nonEmpty(text.skip(start) { set.contains($0) }, start)
        }
    }

    /// The first match at or behind `start`, or nil. Trailing white space is found from the
    /// end of the text, because a match from each position anew would not be linear.
    func find(_ text: ScalarText, from start: Int) -> Range<Int>? {
        if case .trailingSpace = self {
            let match = text.trailingSpaceStart(from: start)
            return match < text.end ? match..<text.end : nil
        }
        var position = start
        while position < text.end {
            if let end = match(text, at: position) { return position..<end }
            position += text.character(at: position).size
        }
        return nil
    }

    private static func gpt2(_ text: ScalarText, _ start: Int, keepsLoneSpace: Bool) -> Int? {
        let first = text.character(at: start)
        if first.point == 0x27, let end = contraction(text, start, ignoringCase: false) {
            return end
        }
        let word = first.point == 0x20 ? start + 1 : start
        switch text.character(at: word).kind {
        case .letter:
            return text.skip(word) { $0.kind == .letter }
        case .number:
            return text.skip(word) { $0.kind == .number }
        case .space, .end:
            return whiteSpace(text, start, keepsLoneSpace: keepsLoneSpace)
        case .other, .punctuation, .symbol, .mark:
            return text.skip(word, while: isSign)
        }
    }

    private static func lines(
        _ text: ScalarText, _ start: Int, numberCountMax: Int, joinsMarks: Bool
    ) -> Int? {
        let first = text.character(at: start)
        if first.point == 0x27, let end = contraction(text, start, ignoringCase: true) {
            return end
        }
        func isLetter(_ character: ClassifiedCharacter) -> Bool {
            character.kind == .letter || joinsMarks && character.kind == .mark
        }
        if isLetter(first) { return text.skip(start, while: isLetter) }
        if first.kind == .number { return numbers(text, start, countMax: numberCountMax) }
        let second = text.character(at: start + first.size)
        if isLetter(second), first.size > 0, !isLineEnd(first) {
            return text.skip(start + first.size, while: isLetter)
        }
        func isSign(_ character: ClassifiedCharacter) -> Bool {
            Self.isSign(character) && !(joinsMarks && character.kind == .mark)
        }
        let word = first.point == 0x20 ? start + 1 : start
        if isSign(text.character(at: word)) {
            return text.skip(text.skip(word, while: isSign), while: isLineEnd)
        }
        return lineEndsOrSpace(text, start)
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`
    static func lineEndsOrSpace(_ text: ScalarText, _ start: Int) -> Int? {
        throughLastLineEnd(text, start) ?? whiteSpace(text, start, keepsLoneSpace: true)
    }

    /// The offset behind at most `countMax` numbers.
    static func numbers(_ text: ScalarText, _ start: Int, countMax: Int) -> Int {
        var left = countMax
        return text.skip(start) { character in
            left -= 1
            return left >= 0 && character.kind == .number
        }
    }

    /// `\s*[\r\n]+`: white space up to its last line end.
    private static func throughLastLineEnd(_ text: ScalarText, _ start: Int) -> Int? {
        var end: Int?
        var offset = start
        while true {
            let character = text.character(at: offset)
            guard character.kind == .space else { return end }
            offset += character.size
            if isLineEnd(character) { end = offset }
        }
    }

    /// `\s+(?!\S)|\s+`: white space, without its last character if another character follows.
    private static func whiteSpace(_ text: ScalarText, _ start: Int, keepsLoneSpace: Bool) -> Int? {
        var last = start
        var end = start
        while true {
            let character = text.character(at: end)
            guard character.kind == .space else { break }
            last = end
            end += character.size
        }
        if end == text.end, end > start { return end }
        if last > start { return last }
        return keepsLoneSpace && end > start ? end : nil
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d` behind the apostrophe at `start`.
    static func contraction(_ text: ScalarText, _ start: Int, ignoringCase: Bool) -> Int? {
        func letter(_ offset: Int) -> UInt32 {
            let point = text.character(at: offset).point
            return ignoringCase && (0x41...0x5A).contains(point) ? point | 0x20 : point
        }
        switch letter(start + 1) {
        case 0x73, 0x74, 0x6D, 0x64:  // s t m d
            return start + 2
        case 0x72, 0x76:  // re ve
            return letter(start + 2) == 0x65 ? start + 3 : nil
        case 0x6C:  // ll
            return letter(start + 2) == 0x6C ? start + 3 : nil
        default:
            return nil
        }
    }

    private static func digits(_ text: ScalarText, _ start: Int) -> Int? {
        guard start + 3 <= text.end else { return nil }
        let areDigits = text.bytes[start..<start + 3].allSatisfy { (0x30...0x39).contains($0) }
        return areDigits ? start + 3 : nil
    }

    /// `[^\s\p{L}\p{N}]`
    @inline(__always)
    static func isSign(_ character: ClassifiedCharacter) -> Bool {
        switch character.kind {
        case .letter, .number, .space, .end: false
        case .other, .punctuation, .symbol, .mark: true
        }
    }

    @inline(__always)
    static func isLineEnd(_ character: ClassifiedCharacter) -> Bool {
        character.size == 1 && (character.point == 0x0A || character.point == 0x0D)
    }

    private static func isPunctuation(_ character: ClassifiedCharacter) -> Bool {
        if character.kind == .punctuation { return true }
        switch character.point {
        case 0x24, 0x2B, 0x3C, 0x3D, 0x3E, 0x5E, 0x7E, 0x7C: return character.size == 1
        default: return false
        }
    }

    static func nonEmpty(_ end: Int, _ start: Int) -> Int? { end > start ? end : nil }
}
