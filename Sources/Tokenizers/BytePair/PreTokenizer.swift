// Cutting text into pre-tokens, inside which byte-level merging happens.
//
// Guarantees: the pieces cover the text without gap or overlap, in order. Time is linear in the
// text. A name without a row in the table is refused, with the known names listed, because a wrong
// pre-tokenizer changes ids without anybody noticing.
// Does not: use a regular expression engine. Each pattern is a scanner in `SplitRule`.
//
// Names and patterns are those of llama.cpp (`llama-vocab.cpp`). For the two families of
// SplitRule+Cased.swift and for U+3000 in deepseek-llm, the published patterns take precedence.

package struct PreTokenizer: Sendable {
    /// Values of `tokenizer.ggml.pre` that share this row.
    package let names: [String]
    /// Rules in order. Each rule cuts the pieces left by the rule before.
    let rules: [SplitRule]
    /// True when a pre-token that is a token as a whole is not taken apart and merged again.
    let ignoresMerges: Bool
    /// True when the begin token is added for a file that does not say.
    let addsBeginToken: Bool

    /// One row per family. `default` also serves files without the key.
    package static let table: [PreTokenizer] = [
        PreTokenizer(
            [
                "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "gigachat",
                "mellum", "exaone4", "a.x-4.0",
            ], [.gpt2(keepsLoneSpace: true)]),
        PreTokenizer(
            [
                "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0",
                "lfm2",
            ], [.lines(numberCountMax: 3)], ignoresMerges: true, addsBeginToken: true),
        PreTokenizer(
            ["dbrx", "smaug-bpe", "chatglm-bpe", "glm4"], [.lines(numberCountMax: 3)]),
        PreTokenizer(
            [
                "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "kormo", "f2llmv2",
                "solar-open", "grok-2",
            ], [.lines(numberCountMax: 1)]),
        PreTokenizer(["qwen35"], [.lines(numberCountMax: 1, joinsMarks: true)]),
        PreTokenizer(
            ["deepseek-llm"],
            [
                .lineEnd, .spaced(.casedLetters), .spaced(.signs), .trailingSpace,
                .run(.eastAsian), .numbers,
            ]),
        PreTokenizer(
            ["deepseek-coder"],
            [
                .lineEnd, .spaced(.letters), .spaced(.punctuation), .run(.eastAsian),
                .numberGroups(countMax: 1),
            ]),
        PreTokenizer(
            ["deepseek-v3", "hunyuan-dense", "joyai-llm"],
            [.numberGroups(countMax: 3), .run(.hanAndKana), .deepSeek3]),
        PreTokenizer(
            ["falcon"],
            [
                .punctuation(takesGraveAccent: true), .gpt2(keepsLoneSpace: false), .threeDigits,
            ]),
        PreTokenizer(
            [
                "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b",
                "mellum2",
            ], [.numberGroups(countMax: 1), .gpt2(keepsLoneSpace: false)]),
        PreTokenizer(
            ["gpt-4o", "llama4", "kanana2", "minimax-m2"],
            [.cased(numberCountMax: 3, takesContractions: true)]),
        PreTokenizer(
            ["tekken"], [.cased(numberCountMax: 1, takesContractions: false)],
            ignoresMerges: true, addsBeginToken: true),
        PreTokenizer(
            ["default"],
            [
                .punctuation(takesGraveAccent: false), .gpt2(keepsLoneSpace: false), .numbers,
                .threeDigits,
            ]),
    ]

    private init(
        _ names: [String], _ rules: [SplitRule], ignoresMerges: Bool = false,
        addsBeginToken: Bool = false
    ) {
        self.names = names
        self.rules = rules
        self.ignoresMerges = ignoresMerges
        self.addsBeginToken = addsBeginToken
    }

    /// The row for a value of `tokenizer.ggml.pre`.
    ///
    /// - Throws: `preTokenizerUnsupported`.
    package static func named(_ name: String?) throws(TokenizerError) -> PreTokenizer {
        guard let row = table.first(where: { $0.names.contains(name ?? "default") }) else {
            throw TokenizerError(
                .preTokenizerUnsupported, tried: "choosing a pre-tokenizer",
                found: quoted((name ?? "").utf8),
                allowed: table.flatMap(\.names).joined(separator: ", "),
                location: "tokenizer.ggml.pre")
        }
        return row
    }

    /// Calls `body` with the byte range of each pre-token, in order.
    package func split(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        let text = ScalarText(
            bytes: bytes, classes: CharacterClassTable.shared, end: bytes.count)
        split(text, 0, rules[...], body)
    }

    /// Applies the first rule to a range, and the following rules to each piece.
    private func split(
        _ text: ScalarText, _ start: Int, _ rules: ArraySlice<SplitRule>,
        _ body: (Range<Int>) -> Void
    ) {
        guard let rule = rules.first else {
            if start < text.end { body(start..<text.end) }
            return
        }
        let rest = rules.dropFirst()
        func pass(_ range: Range<Int>) {
            if range.isEmpty { return }
            if rest.isEmpty {
                body(range)
            } else {
                var piece = text
                piece.end = range.upperBound
                split(piece, range.lowerBound, rest, body)
            }
        }
        var gap = start
        while let match = rule.find(text, from: gap) {
            pass(gap..<match.lowerBound)
            pass(match)
            gap = match.upperBound
        }
        pass(gap..<max(gap, text.end))
    }
}
