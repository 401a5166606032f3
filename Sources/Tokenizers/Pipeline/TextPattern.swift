// Patterns of tokenizer.json: plain texts and the regular expressions that occur.
//
// Guarantees: a search finds what a backtracking regular expression engine finds. Time is linear in
// the text. A match is never empty.
// Does not: read an expression (`PatternTable` does).

import Glibc

enum TextPattern: Sendable, Equatable {
    /// A text of 1 to `textSizeMax` bytes.
    case text([UInt8])
    /// A pattern with a scanner.
    case rule(SplitRule)
    /// The longest run of `countMin` to `countMax` characters of a set.
    case run(RunSet, countMin: Int, countMax: Int)
    /// `\w+|[^\w\s]+` of the step `Whitespace`.
    case words

    /// Bytes of a text to search, a bound on the work at each place.
    static let textSizeMax = 256

    /// The classes of the characters that a search sees.
    var classes: CharacterClassTable {
        if case .text = self { return .shared }
        return LibraryCharacters.patternClasses
    }

    /// The first match at or behind `start`, or nil.
    func find(_ text: ScalarText, from start: Int) -> Range<Int>? {
        switch self {
        case .text(let wanted): Self.find(wanted, text, from: start)
        case .rule(let rule): rule.find(text, from: start)
        case .run(let set, let countMin, let countMax):
            Self.find(set, countMin, countMax, text, from: start)
        case .words: Self.findWord(text, from: start)
        }
    }

    private static func find(
        _ wanted: [UInt8], _ text: ScalarText, from start: Int
    ) -> Range<Int>? {
        guard let base = text.bytes.baseAddress, let first = wanted.first else { return nil }
        var position = start
        while position + wanted.count <= text.end {
            let rest = text.end - wanted.count + 1 - position
            guard let found = memchr(base + position, Int32(first), rest) else { return nil }
            position = UnsafeRawPointer(base).distance(to: found)
            if memcmp(base + position, wanted, wanted.count) == 0 {
                return position..<position + wanted.count
            }
            position += 1
        }
        return nil
    }

    private static func find(
        _ set: RunSet, _ countMin: Int, _ countMax: Int, _ text: ScalarText, from start: Int
    ) -> Range<Int>? {
        var position = start
        while position < text.end {
            var count = 0
            let end = text.skip(position) {
                guard count < countMax, set.contains($0) else { return false }
                count += 1
                return true
            }
            if count >= countMin { return position..<end }
            // No match starts inside a run that is too short.
            position = end + text.character(at: end).size
        }
        return nil
    }

    private static func findWord(_ text: ScalarText, from start: Int) -> Range<Int>? {
        let position = text.skip(start) { $0.kind == .space }
        guard position < text.end else { return nil }
        let isWord = LibraryCharacters.isWord(text.character(at: position))
        let end = text.skip(position) {
            $0.kind != .space && LibraryCharacters.isWord($0) == isWord
        }
        return position..<end
    }
}

/// Characters that a run repeats.
enum RunSet: Sendable, Equatable {
    /// `\s`, `\p{L}`, `\p{N}`, `\p{P}`, `\p{S}`, `\p{M}`
    case kind(CharacterClass)
    /// `\S`
    case notSpace
    /// `\d`
    case decimal
    /// `[0-9]`
    case digit
    /// `[\r\n]`
    case lineEnd
    /// One character.
    case character(UInt32)
    /// Where the step `Punctuation` cuts.
    case libraryPunctuation
    /// Where the step `Digits` cuts.
    case libraryNumber

    func contains(_ character: ClassifiedCharacter) -> Bool {
        switch self {
        case .kind(let kind): character.kind == kind
        case .notSpace: character.kind != .space
        case .decimal:
            character.kind == .number
                && Unicode.Scalar(character.point)?.properties.generalCategory == .decimalNumber
        case .digit: (0x30...0x39).contains(character.point)
        case .lineEnd: character.point == 0x0A || character.point == 0x0D
        case .character(let point): character.point == point
        case .libraryPunctuation: LibraryCharacters.isPunctuation(character)
        case .libraryNumber: CharacterClassTable.shared[character.point] == .number
        }
    }
}
