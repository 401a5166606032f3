// The pattern of gpt-4o and tekken, which ends a word where lower case turns into upper case.
//
// Guarantees: as SplitRule.swift. The pattern is the published pattern, with Unicode's letter
// cases. llama.cpp knows only the case of ASCII letters here and takes marks for signs, so its ids
// differ for text such as "fooÉbar" and for scripts that write vowels as marks.
// Does not: keep a table of cases. ASCII is decided here, and the data of the standard library
// decides the rest.

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
            // `lowerEnding` found no V here, so V* is empty.
            let end = text.skip(start) { LetterCase($0).isUpper }
            if end > start { return end }
        }
        return nil
    }

    /// `U*V+`. When no V follows the run of U, the match ends behind the run's last character that
    /// is in both classes, or fails without such a character.
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

/// Membership of a character in the classes U and V of the pattern. Letters without case and marks
/// are in both classes.
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
