// Classes of characters as the tokenizers library has them, where they are not those of today's
// Unicode.
//
// Guarantees: the library's answer for each of the 1,114,112 code points, found by asking version
// 0.23.3 about each. The library's parts hold data of different versions of Unicode: 8 for
// `Punctuation`, 9 for `StripAccents` and combining classes, 16 for patterns, and the newest for
// `Digits`, `Lowercase` and white space.
// Does not: hold the normalization forms (`NormalizationTables`).

enum LibraryCharacters {
    /// Characters that `Punctuation` cuts at.
    static func isPunctuation(_ character: ClassifiedCharacter) -> Bool {
        if character.point < 0x80 {
            return character.kind == .punctuation || character.kind == .symbol
        }
        if character.point == 0x166D || character.point == 0x111C9 { return true }
        return character.kind == .punctuation && age(character.point) <= 8
    }

    /// Characters that `StripAccents` leaves out.
    static func isCombiningMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1CF2, 0x1CF3: true
        case 0x111C9: false
        default:
            CharacterClassTable.shared[scalar.value] == .mark && age(scalar.value) <= 9
        }
    }

    /// `\w` of the steps without a pattern of their own, and of `single_word`.
    static func isWord(_ character: ClassifiedCharacter) -> Bool {
        if character.point < 0x80 {
            return character.kind == .letter || character.kind == .number
                || character.point == 0x5F
        }
        guard character.size > 0, let scalar = Unicode.Scalar(character.point) else { return false }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            return age(character.point) <= 16
        default:
            return (properties.isAlphabetic || properties.isJoinControl)
                && age(character.point) <= 16
        }
    }

    /// The classes that patterns see: characters newer than Unicode 16 are not assigned.
    static let patternClasses = CharacterClassTable.shared.without(newCharacters)

    /// The characters of Unicode 17.
    private static let newCharacters: [(first: UInt32, last: UInt32)] = [
        (0x88F, 0x88F), (0xC5C, 0xC5C), (0xCDC, 0xCDC), (0x1ACF, 0x1ADD), (0x1AE0, 0x1AEB),
        (0x20C1, 0x20C1), (0x2B96, 0x2B96), (0xA7CE, 0xA7CF), (0xA7D2, 0xA7D2), (0xA7D4, 0xA7D4),
        (0xA7F1, 0xA7F1), (0xFBC3, 0xFBD2), (0xFD90, 0xFD91), (0xFDC8, 0xFDCE), (0x10940, 0x10959),
        (0x10EC5, 0x10EC7), (0x10ED0, 0x10ED8), (0x10EFA, 0x10EFB), (0x11B60, 0x11B67),
        (0x11DB0, 0x11DDB), (0x11DE0, 0x11DE9), (0x16EA0, 0x16EB8), (0x16EBB, 0x16ED3),
        (0x16FF2, 0x16FF6), (0x187F8, 0x187FF), (0x18D09, 0x18D1E), (0x18D80, 0x18DF2),
        (0x1CCFA, 0x1CCFC), (0x1CEBA, 0x1CED0), (0x1CEE0, 0x1CEF0), (0x1E6C0, 0x1E6DE),
        (0x1E6E0, 0x1E6F5), (0x1E6FE, 0x1E6FF), (0x1F6D8, 0x1F6D8), (0x1F777, 0x1F77A),
        (0x1F8D0, 0x1F8D8), (0x1FA54, 0x1FA57), (0x1FA8A, 0x1FA8A), (0x1FA8E, 0x1FA8E),
        (0x1FAC8, 0x1FAC8), (0x1FACD, 0x1FACD), (0x1FAEA, 0x1FAEA), (0x1FAEF, 0x1FAEF),
        (0x1FBFA, 0x1FBFA), (0x2B73A, 0x2B73F), (0x2CEA2, 0x2CEAD), (0x323B0, 0x33479),
    ]

    /// The major version of Unicode that brought a character. 0 for code points without one.
    private static func age(_ point: UInt32) -> Int {
        Unicode.Scalar(point)?.properties.age?.major ?? 0
    }
}
