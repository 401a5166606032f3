// Regular expressions of tokenizer.json -> `TextPattern`.
//
// Guarantees: an expression outside the table and the two simple forms is refused and shown, even
// when a single character differs. The simple forms are a plain text, and one class of characters
// with or without a number of repeats.
// Does not: compile expressions.

import ModelFiles

enum PatternTable {
    /// The pattern of an expression.
    ///
    /// - Throws: `preTokenizerUnsupported` with the expression.
    static func pattern(_ expression: String, _ place: String) throws(TokenizerError) -> TextPattern
    {
        let written = withEscapedLineEnds(expression)
        if let rule = rules[written] { return .rule(rule) }
        if let run = run(written) { return run }
        throw TokenizerError(
            .preTokenizerUnsupported, tried: "recognising a pattern",
            found: "\"" + printable(expression.utf8, countMax: 120) + "\"",
            allowed: "a text, one class of characters, or the patterns of "
                + PreTokenizerNames.all.joined(separator: ", "),
            location: place)
    }

    /// True for patterns that match every character of every text.
    static func isComplete(_ pattern: TextPattern) -> Bool {
        guard case .rule(let rule) = pattern else { return false }
        switch rule {
        case .gpt2(let keepsLoneSpace): return keepsLoneSpace
        case .lines, .cased: return true
        default: return false
        }
    }

    /// Writes line ends as escapes. Some files hold line ends as characters, some as escapes.
    private static func withEscapedLineEnds(_ expression: String) -> String {
        expression.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    // MARK: Expressions with a scanner

    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
    private static let ends = #"|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let wordStart = #"[^\r\n\p{L}\p{N}]?"#

    private static func lines(_ numbers: String) -> String {
        contractions + "|" + wordStart + #"\p{L}+|"# + numbers + #"| ?[^\s\p{L}\p{N}]+[\r\n]*"#
            + ends
    }

    private static func cased(_ contractions: String, _ numbers: String) -> String {
        wordStart + upper + "*" + lower + "+" + contractions + "|" + wordStart + upper + "+"
            + lower + "*" + contractions + "|" + numbers + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + ends
    }

    private static let rules: [String: SplitRule] = [
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#:
            .gpt2(keepsLoneSpace: true),
        lines(#"\p{N}{1,3}"#): .lines(numberCountMax: 3),
        lines(#"\p{N}"#): .lines(numberCountMax: 1),
        contractions + "|" + wordStart + #"[\p{L}\p{M}]+|\p{N}"#
            + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"# + ends:
            .lines(numberCountMax: 1, joinsMarks: true),
        #"\s?\p{L}+"#: .spaced(.letters),
        #"\s?\p{P}+"#: .spaced(.punctuation),
        "[一-龥\u{800}-一가-\u{D7FF}]+": .run(.eastAsian),
        "[一-龥\u{3040}-ゟ゠-ヿ]+": .run(.hanAndKana),
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##
            + #"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"# + ends: .deepSeek3,
        cased(contractions + "?", #"\p{N}{1,3}"#): .cased(
            numberCountMax: 3, takesContractions: true),
        cased("", #"\p{N}"#): .cased(numberCountMax: 1, takesContractions: false),
        "[0-9][0-9][0-9]": .threeDigits,
    ]

    // MARK: Simple expressions

    private static let classes: [(text: String, set: RunSet)] = [
        (#"\s"#, .kind(.space)), (#"\S"#, .notSpace), (#"\d"#, .decimal),
        (#"\p{L}"#, .kind(.letter)), (#"\p{N}"#, .kind(.number)),
        (#"\p{P}"#, .kind(.punctuation)), (#"\p{S}"#, .kind(.symbol)), (#"\p{M}"#, .kind(.mark)),
        ("[0-9]", .digit), (#"[\r\n]"#, .lineEnd), (#"[\n\r]"#, .lineEnd),
    ]

    /// A class or a character, repeated or not, or a plain text.
    private static func run(_ expression: String) -> TextPattern? {
        for (text, set) in classes where expression.hasPrefix(text) {
            return repeats(expression.unicodeScalars.dropFirst(text.unicodeScalars.count)).map {
                .run(set, countMin: $0.least, countMax: $0.most)
            }
        }
        guard let (points, rest) = plain(expression), let last = points.last else { return nil }
        if rest.isEmpty {
            var text: [UInt8] = []
            for point in points { appendUTF8(point.value, to: &text) }
            return .text(text)
        }
        guard points.count == 1 else { return nil }
        return repeats(rest).map {
            .run(.character(last.value), countMin: $0.least, countMax: $0.most)
        }
    }

    /// The characters at the start that stand for themselves, and the rest.
    private static func plain(
        _ expression: String
    ) -> ([Unicode.Scalar], Substring.UnicodeScalarView)? {
        var rest = expression.unicodeScalars[...]
        var points: [Unicode.Scalar] = []
        while let first = rest.first {
            if first == "\\" {
                guard let second = rest.dropFirst().first else { return nil }
                switch second {
                case "n": points.append("\n")
                case "r": points.append("\r")
                case "t": points.append("\t")
                case _ where meta.contains(second): points.append(second)
                default: return nil
                }
                rest = rest.dropFirst(2)
            } else if meta.contains(first) {
                break
            } else {
                points.append(first)
                rest = rest.dropFirst()
            }
        }
        return (points, rest)
    }

    private static let meta = Set(#"\.+*?()|[]{}^$#"#.unicodeScalars)

    /// `+`, `{n}`, `{n,}`, `{n,m}` or nothing, with at least one repeat.
    private static func repeats(
        _ text: Substring.UnicodeScalarView
    ) -> (least: Int, most: Int)? {
        if text.isEmpty { return (1, 1) }
        if text.elementsEqual("+".unicodeScalars) { return (1, .max) }
        guard text.first == "{", text.last == "}" else { return nil }
        let parts = String(text.dropFirst().dropLast()).split(
            separator: ",", omittingEmptySubsequences: false)
        guard let least = parts.first.flatMap({ Int($0) }), least >= 1, least <= 1_000 else {
            return nil
        }
        switch parts.count {
        case 1: return (least, least)
        case 2 where parts[1].isEmpty: return (least, .max)
        case 2: return Int(parts[1]).flatMap { $0 >= least && $0 <= 1_000 ? (least, $0) : nil }
        default: return nil
        }
    }
}
