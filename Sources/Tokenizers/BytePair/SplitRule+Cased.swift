// The pattern that ends a word where lower case turns into upper case: gpt-4o and tekken.
//
// Guarantees: as SplitRule.swift. The pattern is the published one, with Unicode's letter cases;
// llama.cpp knows the case of ASCII letters only here and takes marks for signs, so its ids differ
// for text such as "fooÉbar" and for scripts that write vowels as marks.
// Does not: keep a table of cases: ASCII is decided here, the rest by the standard library's data.

extension SplitRule {
    static func cased(
        _ text: ScalarText, _ start: Int, numberCountMax: Int, takesContractions: Bool
    ) -> Int? {
        if let end = casedWord(text, start) {
            guard takesContractions, text.character(at: end).point == 0x27 else { return end }
            return contraction(text, end, ignoringCase: true) ?? end
        }
        let first = text.character(at: start)
        if first.kind == .number { return numbers(text, start, countMax: numberCountMax) }
        let word = first.point == 0x20 ? start + 1 : start
        if isSign(text.character(at: word)) {
            return text.skip(text.skip(word, while: isSign)) { character in
                isLineEnd(character) || character.size == 1 && character.point == 0x2F
            }
        }
        return lineEndsOrSpace(text, start)
    }

    /// `[^\r\n\p{L}\p{N}]?U*V+|[^\r\n\p{L}\p{N}]?U+V*`
    private static func casedWord(_ text: ScalarText, _ start: Int) -> Int? {
        let first = text.character(at: start)
        let isPrefix =
            first.size > 0 && !isLineEnd(first) && first.kind != .letter && first.kind != .number
        let starts = isPrefix ? [start + first.size, start] : [start]
        for start in starts {
            if let end = lowerEnding(text, start) { return end }
        }
        for start in starts {
            // No V in sight, or `lowerEnding` had matched: V* is empty.
            let end = text.skip(start) { LetterCase($0).isUpper }
            if end > start { return end }
        }
        return nil
    }

    /// `U*V+`: when nothing follows the run of U that V takes, the run is given back as far as its
    /// last character that both take.
    private static func lowerEnding(_ text: ScalarText, _ start: Int) -> Int? {
        var behindLastBoth: Int?
        var offset = start
        while true {
            let character = text.character(at: offset)
            let letterCase = LetterCase(character)
            guard letterCase.isUpper else {
                guard letterCase.isLower else { return behindLastBoth }
                return text.skip(offset) { LetterCase($0).isLower }
            }
            offset += character.size
            if letterCase.isLower { behindLastBoth = offset }
        }
    }
}

/// Which of the two classes of the pattern a character is in. Letters without case and marks are
/// in both.
private struct LetterCase {
    let isUpper: Bool
    let isLower: Bool

    @inline(__always)
    init(_ character: ClassifiedCharacter) {
        switch character.kind {
        case .mark:
            (isUpper, isLower) = (true, true)
        case .letter where character.point < 0x80:
            isUpper = character.point < 0x61
            isLower = !isUpper
        case .letter:
            let category = Unicode.Scalar(character.point)?.properties.generalCategory
            isUpper = category != .lowercaseLetter
            isLower = category != .uppercaseLetter && category != .titlecaseLetter
        default:
            (isUpper, isLower) = (false, false)
        }
    }
}
