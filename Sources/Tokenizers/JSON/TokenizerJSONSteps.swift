// `normalizer`, `pre_tokenizer` and `decoder` of a tokenizer.json -> steps.
//
// Guarantees: every parameter is read. A type without a row in `TokenizerParts`, and a parameter
// that no step has, are refused by name.
// Does not: run steps.

import ModelFiles

extension TokenizerJSONReader {
    // MARK: Normalizers

    func normalizerSteps(_ steps: [TokenizerStep]) throws(TokenizerError) -> [NormalizerStep] {
        try steps.map { step throws(TokenizerError) in try normalizer(step) }
    }

    private func normalizer(_ step: TokenizerStep) throws(TokenizerError) -> NormalizerStep {
        switch step.type {
        case "NFC": return .form(UnicodeForm(composes: true, isCompatible: false))
        case "NFD": return .form(UnicodeForm(composes: false, isCompatible: false))
        case "NFKC": return .form(UnicodeForm(composes: true, isCompatible: true))
        case "NFKD": return .form(UnicodeForm(composes: false, isCompatible: true))
        case "Lowercase": return .lowercase
        case "StripAccents": return .stripAccents
        case "ByteLevel": return .byteLevel
        case "Nmt": return .nmt
        case "Prepend": return .prepend(try step.text("prepend"))
        case "Strip":
            return .strip(
                left: try step.flag("strip_left", default: true),
                right: try step.flag("strip_right", default: true))
        case "Replace": return .replace(try pattern(step), try step.text("content"))
        default: throw step.unknown
        }
    }

    /// A `String` or a `Regex`.
    private func pattern(_ step: TokenizerStep) throws(TokenizerError) -> TextPattern {
        let value = step.value["pattern"]
        if let text = value?["String"]?.asBytes {
            guard 1...TextPattern.textSizeMax ~= text.count else {
                throw step.unsupported(
                    "a pattern of \(text.count) bytes", "1 to \(TextPattern.textSizeMax)")
            }
            return .text(Array(text))
        }
        guard let expression = value?["Regex"]?.asString else {
            throw .structure(
                value ?? step.value, "a pattern of type String or Regex", step.place.rawValue)
        }
        return try PatternTable.pattern(expression, step.place.rawValue)
    }

    // MARK: Pre-tokenizers

    func preTokenizerSteps(_ steps: [TokenizerStep]) throws(TokenizerError) -> [PreTokenizerStep] {
        var result: [PreTokenizerStep] = []
        for step in steps { result += try preTokenizer(step) }
        return result
    }

    private func preTokenizer(_ step: TokenizerStep) throws(TokenizerError) -> [PreTokenizerStep] {
        switch step.type {
        case "ByteLevel":
            return [
                .byteLevel(
                    addsPrefixSpace: try step.flag("add_prefix_space", default: true),
                    usesPattern: try step.flag("use_regex", default: true))
            ]
        case "Metaspace": return [.metaspace(try metaspace(step))]
        case "Split":
            return [
                .split(
                    try pattern(step), try behavior(step, default: nil),
                    isInverted: try step.flag("invert", default: false))
            ]
        case "Digits":
            let isIndividual = try step.flag("individual_digits", default: false)
            return [Self.cut(.libraryNumber, isIndividual ? .isolated : .contiguous)]
        case "Punctuation":
            return [Self.cut(.libraryPunctuation, try behavior(step, default: .isolated))]
        case "Whitespace": return [.split(.words, .removed, isInverted: true)]
        case "WhitespaceSplit": return [Self.cut(.kind(.space), .removed)]
        case "BertPreTokenizer":
            return [
                Self.cut(.kind(.space), .removed), Self.cut(.libraryPunctuation, .isolated),
            ]
        case "CharDelimiterSplit":
            return [.split(.text(try character(step, "delimiter")), .removed, isInverted: false)]
        case "FixedLength":
            guard let length = step.value["length"]?.asInteger, length > 0 else {
                throw step.unsupported("a length below 1", "1 or more")
            }
            return [.fixedLength(length)]
        default: throw step.unknown
        }
    }

    /// Cuts at each single character of a set.
    private static func cut(_ set: RunSet, _ behavior: SplitBehavior) -> PreTokenizerStep {
        .split(.run(set, countMin: 1, countMax: 1), behavior, isInverted: false)
    }

    private func behavior(
        _ step: TokenizerStep, default usual: SplitBehavior?
    ) throws(TokenizerError) -> SplitBehavior {
        let name = step.value["behavior"]
        if name == nil, let usual { return usual }
        guard let behavior = (name?.asString).flatMap(SplitBehavior.init) else {
            throw step.unsupported(
                "the behavior \(name?.asBytes.map(quoted) ?? "that is no text")",
                SplitBehavior.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return behavior
    }

    private func character(_ step: TokenizerStep, _ key: String) throws(TokenizerError) -> [UInt8] {
        let text = try step.text(key)
        guard String(decoding: text, as: UTF8.self).unicodeScalars.count == 1 else {
            throw step.unsupported("a \(key) that is no single character", "one character")
        }
        return text
    }

    /// Older files say `add_prefix_space` instead of a scheme.
    private func metaspace(_ step: TokenizerStep) throws(TokenizerError) -> Metaspace {
        let adds = step.value["add_prefix_space"]?.asBool ?? true
        var prefix = Metaspace.Prefix.always
        if let scheme = step.value["prepend_scheme"], !scheme.isNull {
            guard let known = scheme.asString.flatMap(Metaspace.Prefix.init) else {
                throw step.unsupported("another prepend_scheme", "always, first or never")
            }
            prefix = known
        }
        if !adds {
            guard step.value["prepend_scheme"] == nil || prefix == .never else {
                throw step.unsupported(
                    "add_prefix_space false beside prepend_scheme \(prefix.rawValue)", "never")
            }
            prefix = .never
        }
        return Metaspace(
            replacement: try character(step, "replacement"), prefix: prefix,
            splits: try step.flag("split", default: true))
    }

    // MARK: Decoders

    /// nil for a file without a decoder.
    func decoder(_ steps: [TokenizerStep]) throws(TokenizerError) -> TokenDecoder? {
        if steps.isEmpty { return nil }
        var decoder = TokenDecoder()
        var isFused = false
        for step in steps {
            switch step.type {
            case "ByteLevel": decoder.readsAlphabet = true
            case "ByteFallback": decoder.readsByteTokens = true
            case "Fuse": isFused = true
            case "Metaspace":
                let metaspace = try metaspace(step)
                decoder.replacements.append((metaspace.replacement, [0x20]))
                if metaspace.prefix != .never {
                    decoder.start = .allOfFirst(metaspace.replacement)
                }
            case "Replace":
                guard let text = step.value["pattern"]?["String"]?.asBytes, !text.isEmpty,
                    !isFused || String(decoding: text, as: UTF8.self).unicodeScalars.count == 1
                else {
                    throw step.unsupported(
                        "a regular expression, or several characters behind Fuse", "a text")
                }
                decoder.replacements.append((Array(text), try step.text("content")))
            case "Strip":
                let countMax = step.value["start"]?.asInteger ?? 0
                guard isFused, countMax >= 0, step.value["stop"]?.asInteger == 0,
                    decoder.start == .nothing
                else {
                    throw step.unsupported("anything but the start of a text", "start behind Fuse")
                }
                if countMax > 0 {
                    decoder.start = .text(try character(step, "content"), countMax: countMax)
                }
            default: throw step.unknown
            }
            guard !decoder.readsAlphabet || decoder.replacements.isEmpty && !decoder.readsByteTokens
            else { throw step.unsupported("another step beside ByteLevel", "ByteLevel alone") }
        }
        return decoder
    }
}
