// Patterns that cut text into pre-tokens, as hand-written scanners.
//
// Guarantees: each scanner gives the match that a backtracking regular expression engine gives
// for the pattern beside it, at one position, in time linear in the match (plus one run of white
// space).
// Does not: search; `PreTokenizer` moves the position.
//
// \s \p{L} \p{N} \p{P} are classes of characters; ' contractions are ASCII in both cases only where
// the pattern says so.

/// One pattern.
enum SplitRule: Sendable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`; without
    /// the last alternative if `keepsLoneSpace` is false.
    case gpt2(keepsLoneSpace: Bool)
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,n}|`
    /// `?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    case lines(numberCountMax: Int)
    /// `\p{N}+`
    case numbers
    /// `[0-9][0-9][0-9]`
    case threeDigits
    /// `[\p{P}$+<=>^~|]+`
    case punctuation

    /// The offset behind the match that starts at `start`, or nil. Never an empty match.
    func match(_ text: ScalarText, at start: Int) -> Int? {
        switch self {
        case .gpt2(let keepsLoneSpace):
            Self.gpt2(text, start, keepsLoneSpace: keepsLoneSpace)
        case .lines(let numberCountMax):
            Self.lines(text, start, numberCountMax: numberCountMax)
        case .numbers:
            Self.nonEmpty(text.skip(start) { $0.kind == .number }, start)
        case .threeDigits:
            Self.digits(text, start)
        case .punctuation:
            Self.nonEmpty(text.skip(start, while: Self.isPunctuation), start)
        }
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

    private static func lines(_ text: ScalarText, _ start: Int, numberCountMax: Int) -> Int? {
        let first = text.character(at: start)
        if first.point == 0x27, let end = contraction(text, start, ignoringCase: true) {
            return end
        }
        if first.kind == .letter { return text.skip(start) { $0.kind == .letter } }
        if first.kind == .number {
            var left = numberCountMax
            return text.skip(start) { character in
                left -= 1
                return left >= 0 && character.kind == .number
            }
        }
        let second = text.character(at: start + first.size)
        if second.kind == .letter, first.size > 0, !isLineEnd(first) {
            return text.skip(start + first.size) { $0.kind == .letter }
        }
        let word = first.point == 0x20 ? start + 1 : start
        if isSign(text.character(at: word)) {
            return text.skip(text.skip(word, while: isSign), while: isLineEnd)
        }
        if let end = throughLastLineEnd(text, start) { return end }
        return whiteSpace(text, start, keepsLoneSpace: true)
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

    /// `\s+(?!\S)|\s+`: white space, but for its last character if something follows it.
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
    private static func contraction(_ text: ScalarText, _ start: Int, ignoringCase: Bool) -> Int? {
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
    private static func isSign(_ character: ClassifiedCharacter) -> Bool {
        switch character.kind {
        case .letter, .number, .space, .end: false
        case .other, .punctuation, .symbol, .mark: true
        }
    }

    @inline(__always)
    private static func isLineEnd(_ character: ClassifiedCharacter) -> Bool {
        character.size == 1 && (character.point == 0x0A || character.point == 0x0D)
    }

    private static func isPunctuation(_ character: ClassifiedCharacter) -> Bool {
        if character.kind == .punctuation { return true }
        switch character.point {
        case 0x24, 0x2B, 0x3C, 0x3D, 0x3E, 0x5E, 0x7E, 0x7C: return character.size == 1
        default: return false
        }
    }

    private static func nonEmpty(_ end: Int, _ start: Int) -> Int? { end > start ? end : nil }
}
