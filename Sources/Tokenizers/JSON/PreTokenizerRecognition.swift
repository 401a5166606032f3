// Recognition of the pre-tokenizers in tokenizer.json: patterns -> names of scanners.
//
// Guarantees: every step's parameters are compared. An unknown pattern is refused and shown, even
// when a single character differs. The scanner with a row's name does the work of the row's
// patterns.
// Does not: compile patterns.
//
// falcon has no row, because falcon's file cuts numbers in a step that llama.cpp's pre-tokenizer
// lacks.

import ModelFiles

enum PreTokenizerRecognition {
    /// The name of the scanner for `steps`.
    ///
    /// - Throws: `preTokenizerUnsupported` with the patterns. `featureUnsupported` for a parameter.
    static func name(_ steps: [TokenizerStep]) throws(TokenizerError) -> String {
        var signature: [String] = []
        for step in steps {
            if let pattern = try pattern(step) { signature.append(pattern) }
        }
        guard steps.contains(where: { $0.type == "ByteLevel" }) else {
            throw TokenizerError.unsupported(
                "no ByteLevel step and no byte_fallback", "one of them", "pre_tokenizer")
        }
        if let row = table.first(where: { $0.patterns == signature }) { return row.name }
        throw TokenizerError(
            .preTokenizerUnsupported, tried: "recognising the pre-tokenizer",
            found: signature.isEmpty
                ? "no pattern"
                : signature.map { "\"" + printable($0.utf8, countMax: 120) + "\"" }
                    .joined(separator: ", "),
            allowed: "the patterns of " + table.map(\.name).joined(separator: ", "),
            location: "pre_tokenizer")
    }

    /// The pattern of a step that splits, or nil for any other step.
    private static func pattern(_ step: TokenizerStep) throws(TokenizerError) -> String? {
        let value = step.value
        switch step.type {
        case "ByteLevel":
            guard value["add_prefix_space"]?.asBool != true else {
                throw TokenizerError.unsupported("add_prefix_space", "false", step.place)
            }
            return value["use_regex"]?.asBool == false ? nil : gpt2
        case "Digits":
            return value["individual_digits"]?.asBool == true ? digit : #"\p{N}+"#
        case "Split":
            let isInverted = value["invert"]?.asBool == true
            // An inverted step removes the text between matches. The patterns in `complete` leave
            // no text between matches.
            guard value["behavior"]?.asString == (isInverted ? "Removed" : "Isolated"),
                let text = value["pattern"]?["Regex"]?.asString.map(withEscapedLineEnds),
                !isInverted || complete.contains(text)
            else {
                throw TokenizerError.unsupported(
                    "a Split of another behaviour or pattern", "Isolated, by a Regex", step.place)
            }
            return text
        default:
            throw TokenizerError.unsupported(
                "the step \"\(printable(step.type))\"", "ByteLevel, Digits or Split", step.place)
        }
    }

    /// Writes line ends as escapes. Some files hold line ends as characters, some as escapes.
    private static func withEscapedLineEnds(_ pattern: String) -> String {
        pattern.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    private static let gpt2 = "(gpt-2)"
    private static let digit = #"\p{N}"#
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

    /// Patterns that match every character.
    private static let complete: Set<String> = [
        lines(#"\p{N}{1,3}"#), lines(digit), cased(contractions + "?", #"\p{N}{1,3}"#),
        cased("", digit),
    ]

    /// A row per form of file.
    private static let table: [(name: String, patterns: [String])] = [
        ("gpt-2", [gpt2]),
        ("llama-bpe", [lines(#"\p{N}{1,3}"#)]),
        ("qwen2", [lines(digit)]),
        (
            "qwen35",
            [
                contractions + "|" + wordStart + #"[\p{L}\p{M}]+|\p{N}"#
                    + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"# + ends
            ]
        ),
        ("starcoder", [digit, gpt2]),
        (
            "deepseek-coder",
            [
                #"[\r\n]"#, #"\s?\p{L}+"#, #"\s?\p{P}+"#, "[一-龥\u{800}-一가-\u{D7FF}]+", digit,
            ]
        ),
        (
            "deepseek-v3",
            [
                #"\p{N}{1,3}"#, "[一-龥\u{3040}-ゟ゠-ヿ]+",
                ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##
                    + #"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"#
                    + ends,
            ]
        ),
        ("gpt-4o", [cased(contractions + "?", #"\p{N}{1,3}"#)]),
        ("tekken", [cased("", digit)]),
    ]
}
