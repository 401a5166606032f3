// Names of the usual pre-tokenizers of tokenizer.json files, for people.
//
// Guarantees: a name is that of the row of `PreTokenizer` with the same patterns.
// Does not: decide what is done. Any order of known steps is.

enum PreTokenizerNames {
    /// The name of byte-level steps, or nil.
    static func name(of steps: [PreTokenizerStep]) -> String? {
        guard case .byteLevel(let addsPrefixSpace, let usesPattern)? = steps.last, !addsPrefixSpace
        else { return nil }
        var patterns: [TextPattern] = []
        for step in steps.dropLast() {
            guard case .split(let pattern, let behavior, let isInverted) = step,
                behavior == .isolated || behavior == .removed && isInverted
            else { return nil }
            patterns.append(pattern)
        }
        if usesPattern { patterns.append(.rule(.gpt2(keepsLoneSpace: true))) }
        return table.first { $0.patterns == patterns }?.name
    }

    static let all = table.map(\.name)

    private static let digit = TextPattern.run(.libraryNumber, countMin: 1, countMax: 1)

    private static let table: [(name: String, patterns: [TextPattern])] = [
        ("gpt-2", [.rule(.gpt2(keepsLoneSpace: true))]),
        ("llama-bpe", [.rule(.lines(numberCountMax: 3))]),
        ("qwen2", [.rule(.lines(numberCountMax: 1))]),
        ("qwen35", [.rule(.lines(numberCountMax: 1, joinsMarks: true))]),
        ("starcoder", [digit, .rule(.gpt2(keepsLoneSpace: true))]),
        (
            "deepseek-coder",
            [
                .run(.lineEnd, countMin: 1, countMax: 1), .rule(.spaced(.letters)),
                .rule(.spaced(.punctuation)), .rule(.run(.eastAsian)), digit,
            ]
        ),
        (
            "deepseek-v3",
            [
                .run(.kind(.number), countMin: 1, countMax: 3), .rule(.run(.hanAndKana)),
                .rule(.deepSeek3),
            ]
        ),
        ("gpt-4o", [.rule(.cased(numberCountMax: 3, takesContractions: true))]),
        ("tekken", [.rule(.cased(numberCountMax: 1, takesContractions: false))]),
    ]
}
