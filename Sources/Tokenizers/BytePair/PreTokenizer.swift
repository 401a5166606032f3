// Cutting text into pre-tokens, inside which byte-level merging happens.
//
// Guarantees: the pieces cover the text without gap or overlap, in order; time is linear in the
// text. A name that is not in the table is refused, with the known ones listed: a wrong pre-
// tokenizer changes ids without anybody noticing.
// Does not: use a regular expression engine; each pattern is a scanner in `SplitRule`.
//
// Names and patterns are those of llama.cpp (`llama-vocab.cpp`).

package struct PreTokenizer: Sendable {
    /// Values of `tokenizer.ggml.pre` that share this row.
    package let names: [String]
    /// Applied one after the other: each cuts the pieces that the one before left.
    let rules: [SplitRule]
    /// A pre-token that is a token as a whole is not taken apart and merged again.
    let ignoresMerges: Bool
    /// Whether the begin token is added when the file does not say.
    let addsBeginToken: Bool

    /// One row per family. `default` also serves files without the key.
    package static let table: [PreTokenizer] = [
        PreTokenizer(
            names: ["gpt-2", "phi-2", "mpt", "olmo"],
            rules: [.gpt2(keepsLoneSpace: true)], ignoresMerges: false, addsBeginToken: false),
        PreTokenizer(
            names: ["llama-bpe", "llama3", "llama-v3"],
            rules: [.lines(numberCountMax: 3)], ignoresMerges: true, addsBeginToken: true),
        PreTokenizer(
            names: ["qwen2", "deepseek-r1-qwen"],
            rules: [.lines(numberCountMax: 1)], ignoresMerges: false, addsBeginToken: false),
        PreTokenizer(
            names: ["default"],
            rules: [.punctuation, .gpt2(keepsLoneSpace: false), .numbers, .threeDigits],
            ignoresMerges: false, addsBeginToken: false),
    ]

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

    /// Applies the first rule to a range, the others to each piece.
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
        var position = start
        while position < text.end {
            if let end = rule.match(text, at: position) {
                pass(gap..<position)
                pass(position..<end)
                gap = end
                position = end
            } else {
                position += text.character(at: position).size
            }
        }
        pass(gap..<min(position, text.end))
    }
}
