// The patterns of the deepseek vocabularies: several short patterns, applied in order.
//
// Guarantees: as SplitRule.swift. Letters and punctuation are character classes. Each further set
// is a sorted table of ranges, so membership is one binary search.
// Does not: follow llama.cpp where llama.cpp's regular expression engine bends a pattern. U+3000 is
// both white space and in the set of signs, as in the published tokenizer.

/// Sets of characters in patterns.
enum CharacterSet: Sendable, Equatable {
    /// `\p{L}`
    case letters
    /// `\p{P}`
    case punctuation
    /// Letters with case, as in the list of deepseek-llm (a part of Unicode's letters with case).
    case casedLetters
    /// `[!-/:-~！-／：-～‘-‟\u3000-。]`
    case signs
    /// `[一-龥\u0800-一가-\uD7FF]`
    case eastAsian
    /// `[一-龥\u3040-ゟ゠-ヿ]`
    case hanAndKana

    @inline(__always)
    func contains(_ character: ClassifiedCharacter) -> Bool {
        switch self {
        case .letters: character.kind == .letter
        case .punctuation: character.kind == .punctuation
        case .casedLetters: Self.contains(Self.casedLetterRanges, character)
        case .signs: Self.contains(Self.signRanges, character)
        case .eastAsian: Self.contains(Self.eastAsianRanges, character)
        case .hanAndKana: Self.contains(Self.hanAndKanaRanges, character)
        }
    }

    private typealias Ranges = [(first: UInt32, last: UInt32)]

    private static func contains(_ ranges: Ranges, _ character: ClassifiedCharacter) -> Bool {
        guard character.size > 0 else { return false }
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].last < character.point { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].first <= character.point
    }

    private static let eastAsianRanges: Ranges = [(0x800, 0x9FA5), (0xAC00, 0xD7FF)]
    private static let hanAndKanaRanges: Ranges = [(0x3040, 0x30FF), (0x4E00, 0x9FA5)]
    private static let signRanges: Ranges = [
        (0x21, 0x2F), (0x3A, 0x7E), (0x2018, 0x201F), (0x3000, 0x3002), (0xFF01, 0xFF0F),
        (0xFF1A, 0xFF5E),
    ]
    private static let casedLetterRanges: Ranges = [
        (0x41, 0x5A), (0x61, 0x7A), (0xB5, 0xB5), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x1BA),
        (0x1BC, 0x1BF), (0x1C4, 0x293), (0x295, 0x2AF), (0x370, 0x373), (0x376, 0x376),
        (0x377, 0x377), (0x37B, 0x37D), (0x37F, 0x37F), (0x386, 0x386), (0x388, 0x38A),
        (0x38C, 0x38C), (0x38E, 0x3A1), (0x3A3, 0x3F5), (0x3F7, 0x481), (0x48A, 0x52F),
        (0x531, 0x556), (0x10A0, 0x10C5), (0x13A0, 0x13F5), (0x13F8, 0x13FD), (0x1C90, 0x1CBA),
        (0x1CBD, 0x1CBF), (0x1D00, 0x1D2B), (0x1D6B, 0x1D77), (0x1D79, 0x1D9A), (0x1E00, 0x1F15),
        (0x1F18, 0x1F1D), (0x1F20, 0x1F45), (0x1F48, 0x1F4D), (0x1F50, 0x1F57), (0x1F59, 0x1F59),
        (0x1F5B, 0x1F5B), (0x1F5D, 0x1F5D), (0x1F5F, 0x1F7D), (0x1F80, 0x1FB4), (0x1FB6, 0x1FBC),
        (0x1FBE, 0x1FBE), (0x1FC2, 0x1FC4), (0x1FC6, 0x1FCC), (0x1FD0, 0x1FD3), (0x1FD6, 0x1FDB),
        (0x1FE0, 0x1FEC), (0x1FF2, 0x1FF4), (0x1FF6, 0x1FFC), (0x2102, 0x2102), (0x2107, 0x2107),
        (0x210A, 0x2113), (0x2115, 0x2115), (0x2119, 0x211D), (0x2124, 0x2124), (0x2126, 0x2126),
        (0x2128, 0x2128), (0x212A, 0x212D), (0x212F, 0x2134), (0x2139, 0x2139), (0x213C, 0x213F),
        (0x2145, 0x2149), (0x214E, 0x214E), (0x2183, 0x2183), (0x2184, 0x2184), (0x2C00, 0x2C7B),
        (0x2C7E, 0x2CE4), (0x2CEB, 0x2CEE), (0x2CF2, 0x2CF2), (0x2CF3, 0x2CF3), (0xA640, 0xA66D),
        (0xA680, 0xA69B), (0xA722, 0xA76F), (0xA771, 0xA787), (0xA78B, 0xA78E), (0xAB70, 0xABBF),
        (0xFB00, 0xFB06), (0xFB13, 0xFB17), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A), (0x10400, 0x1044F),
        (0x104B0, 0x104D3), (0x104D8, 0x104FB), (0x10C80, 0x10CB2), (0x10CC0, 0x10CF2),
        (0x118A0, 0x118DF), (0x1E900, 0x1E943),
    ]
}

extension SplitRule {
    /// `\s?` and a run. A space in the set may be the `\s?` or start the run.
    static func spaced(_ text: ScalarText, _ start: Int, _ set: CharacterSet) -> Int? {
        let first = text.character(at: start)
        if first.kind == .space {
            let word = start + first.size
            if let end = nonEmpty(text.skip(word, while: set.contains), word) { return end }
        }
        return nonEmpty(text.skip(start, while: set.contains), start)
    }

    /// `\s+$` at `start`. Searching is left to `find`.
    static func trailingSpace(_ text: ScalarText, _ start: Int) -> Int? {
        let end = text.skip(start) { $0.kind == .space }
        return end == text.end ? nonEmpty(end, start) : nil
    }

    static func deepSeek3(_ text: ScalarText, _ start: Int) -> Int? {
        func isWord(_ character: ClassifiedCharacter) -> Bool {
            character.kind == .letter || character.kind == .mark
        }
        func isSign(_ character: ClassifiedCharacter) -> Bool {
            character.kind == .punctuation || character.kind == .symbol
        }
        let first = text.character(at: start)
        let second = text.character(at: start + first.size)
        if first.size == 1, isSign(first), isASCIILetter(second) {
            return text.skip(start + 1, while: isASCIILetter)
        }
        if isWord(first) { return text.skip(start, while: isWord) }
        if first.size > 0, !isSign(first), !isLineEnd(first), isWord(second) {
            return text.skip(start + first.size, while: isWord)
        }
        let word = first.point == 0x20 ? start + 1 : start
        if isSign(text.character(at: word)) {
            return text.skip(text.skip(word, while: isSign), while: isLineEnd)
        }
        return lineEndsOrSpace(text, start)
    }

    private static func isASCIILetter(_ character: ClassifiedCharacter) -> Bool {
        (0x41...0x5A).contains(character.point & ~0x20) && character.size == 1
    }
}

extension ScalarText {
    /// The start of the white space at the end of the text, but not before `start`. Without white
    /// space there, the end of the text. Walks backwards, so that the cost is in proportion to the
    /// white space.
    func trailingSpaceStart(from start: Int) -> Int {
        var first = end
        while first > start {
            var previous = first - 1
            while previous > start, bytes[previous] & 0xC0 == 0x80 { previous -= 1 }
            guard character(at: previous).kind == .space else { break }
            first = previous
        }
        return first
    }
}
