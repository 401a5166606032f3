// The hand-written scanners against a regular expression engine, on random text.
//
// The patterns are the published ones; only `\s` is spelled out, because engines disagree about it.
// The engine's Unicode data may be older or newer than the table, so texts use old characters.

import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite struct PreTokenizerTests {
    private static let space =
        #"\t-\r\x20\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000"#

    private static let contractions = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
    private static let gpt2 =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"#
    private static let llama3 =
        contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+"#
        + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private static func cased(contractions: String, numbers: String) -> String {
        #"[^\r\n\p{L}\p{N}]?"# + upper + "*" + lower + "+" + contractions
            + #"|[^\r\n\p{L}\p{N}]?"# + upper + "+" + lower + "*" + contractions
            + "|" + numbers + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    /// Name -> patterns applied one after the other.
    static let patterns: [(String, [String])] = [
        (
            "gpt-2",
            [#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#]
        ),
        (
            "llama-bpe",
            [
                #"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+"#
                    + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
            ]
        ),
        ("dbrx", [llama3]),
        (
            "qwen2",
            [
                #"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+"#
                    + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
            ]
        ),
        (
            "qwen35",
            [
                contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"#
                    + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
            ]
        ),
        (
            "deepseek-llm",
            [
                #"[\r\n]"#, #"\s?["# + deepSeekLetters + "]+",
                #"\s?[!-/:-~！-／：-～‘-‟\u3000-。]+"#, #"\s+$"#,
                #"[一-龥\u0800-一가-\uD7FF]+"#, #"\p{N}+"#,
            ]
        ),
        (
            "deepseek-coder",
            [
                #"[\r\n]"#, #"\s?\p{L}+"#, #"\s?\p{P}+"#, #"[一-龥\u0800-一가-\uD7FF]+"#,
                #"\p{N}"#,
            ]
        ),
        (
            "deepseek-v3",
            [
                #"\p{N}{1,3}"#, #"[一-龥\u3040-\u309F\u30A0-\u30FF]+"#,
                ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##
                    + #"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"#
                    + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            ]
        ),
        ("falcon", [#"[\p{P}\$\+<=>\^~\|`]+"#, gpt2, "[0-9][0-9][0-9]"]),
        ("starcoder", [#"\p{N}"#, gpt2]),
        ("gpt-4o", [cased(contractions: contractions + "?", numbers: #"\p{N}{1,3}"#)]),
        ("tekken", [cased(contractions: "", numbers: #"\p{N}"#)]),
        (
            "default",
            [
                #"[\p{P}\$\+<=>\^~\|]+"#,
                #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"#,
                #"\p{N}+"#, #"[0-9][0-9][0-9]"#,
            ]
        ),
    ]

    /// The letters of deepseek-llm's second pattern, in the words of its tokenizer.json; those that
    /// normalisation would change are written as escapes.
    private static let deepSeekLetters =
        "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚ"
        + "Ḁ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u{1F7D}ᾀ-ᾴᾶ-ᾼ\u{1FBE}ῂ-ῄῆ-ῌῐ-\u{1FD3}ῖ-\u{1FDB}ῠ-Ῥῲ-ῴῶ-ῼ"
        + "ℂℇℊ-ℓℕℙ-ℝℤ\u{2126}ℨ\u{212A}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎ"
        + "ꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃"

    @Test func everyRowOfTheTableIsChecked() {
        #expect(PreTokenizer.table.map { $0.names[0] } == Self.patterns.map(\.0))
    }

    @Test(arguments: patterns.indices)
    func splitsLikeTheRegularExpression(_ index: Int) throws {
        let (name, patterns) = Self.patterns[index]
        let row = try PreTokenizer.named(name)
        let expressions = try patterns.map { try NSRegularExpression(pattern: Self.spelled($0)) }
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("pre-tokenizer \(name)"))
        for _ in 0..<3_000 {
            let text = Self.randomText(&random)
            var expected = [text]
            for expression in expressions {
                expected = expected.flatMap { Self.split($0, expression) }
            }
            let bytes = Array(text.utf8)
            var pieces: [String] = []
            bytes.withUnsafeBufferPointer { bytes in
                row.split(bytes) { range in
                    pieces.append(String(decoding: bytes[range], as: UTF8.self))
                }
            }
            // Compared by scalars: string equality would forgive normalisation.
            #expect(
                pieces.map { Array($0.unicodeScalars) }
                    == expected.map { Array($0.unicodeScalars) }, "\(text.debugDescription)")
        }
    }

    /// `\s` and `\S` as explicit sets, inside and outside brackets.
    private static func spelled(_ pattern: String) -> String {
        pattern.replacingOccurrences(of: #"\s+$"#, with: #"\s+\z"#)
            .replacingOccurrences(of: #"[^\s"#, with: "[^" + space)
            .replacingOccurrences(of: #"\s"#, with: "[" + space + "]")
            .replacingOccurrences(of: #"\S"#, with: "[^" + space + "]")
    }

    /// Matches and the gaps between them, in order.
    private static func split(_ text: String, _ expression: NSRegularExpression) -> [String] {
        let units = Array(text.utf16)
        var pieces: [String] = []
        var offset = 0
        func add(_ range: Range<Int>) {
            if !range.isEmpty { pieces.append(String(decoding: units[range], as: UTF16.self)) }
        }
        let whole = NSRange(location: 0, length: units.count)
        for match in expression.matches(in: text, range: whole) {
            add(offset..<match.range.location)
            add(match.range.location..<match.range.location + match.range.length)
            offset = match.range.location + match.range.length
        }
        add(offset..<units.count)
        return pieces
    }

    private static let alphabet: [String] =
        ["a", "b", "S", "t", "é", "Ω", "中", "ß", "ա", "'s", "'T", "'re", "'LL", "'", "’", "ſ"]
        + ["1", "23", "٣", "Ⅷ", "²", "½", "０"]
        + [" ", "  ", "\n", "\r\n", "\t", "\u{0B}", "\u{85}"]
        + ["\u{A0}", "\u{3000}", "\u{2028}", "\u{200B}", "\u{FEFF}", "\u{0}", "\u{7F}"]
        + [".", ",", "!?", "$", "+", "|", "`", "-", "_", "“", "。", "€", "©", "😀"]
        + ["A", "É", "ǅ", "ʰ", "한", "あ", "ー", "「", "！", "　", "/", "#", "~", "क", "ि"]
        + ["👨‍👩‍👧", "\u{301}", "\u{E000}", "\u{10FFFF}", "\u{378}"]

    /// A few characters of many kinds, spaces and line ends most often.
    static func randomText(_ random: inout SeededGenerator) -> String {
        (0..<random.below(14)).map { _ in
            random.below(4) == 0
                ? [" ", "\n", " ", "1"][random.below(4)] : alphabet[random.below(alphabet.count)]
        }.joined()
    }
}

@Suite struct CharacterClassTests {
    /// The table is generated from the library's data, so a difference means that one of them is
    /// newer: run scripts/character-classes.swift again.
    @Test func theTableEqualsTheStandardLibrarysData() {
        let table = CharacterClassTable.shared
        var differences: [UInt32] = []
        for point in UInt32(0)...0x10FFFF {
            let expected = Unicode.Scalar(point).map(Self.kind) ?? .other
            if table[point] != expected { differences.append(point) }
        }
        #expect(differences == [])
        #expect(table[0x11_0000] == .other)
        #expect(table[.max] == .other)
    }

    private static func kind(_ scalar: Unicode.Scalar) -> CharacterClass {
        if scalar.properties.isWhitespace { return .space }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        case .nonspacingMark, .spacingMark, .enclosingMark: return .mark
        case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: return .symbol
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator, .spaceSeparator:
            return .other
        default: return .punctuation
        }
    }
}
