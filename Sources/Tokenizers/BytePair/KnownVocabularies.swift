// Vocabularies of which the pre-tokenizer is known beyond doubt, for files without
// `tokenizer.ggml.pre`.
//
// Guarantees: a vocabulary is known by all of its ordinary tokens and all of its merges. Tokens
// behind them (special tokens, padding) may differ, as in models that were trained further.
// Does not: guess. A vocabulary that differs in one token or merge is not known.

enum KnownVocabularies {
    /// A published vocabulary.
    private struct Row {
        /// The value of `tokenizer.ggml.pre`.
        let name: String
        /// Tokens before the first special token, and their fingerprint.
        let tokenCount: Int
        let tokens: UInt64
        let mergeCount: Int
        let merges: UInt64
    }

    private static let table: [Row] = [
        // GPT-2
        Row(
            name: "gpt-2", tokenCount: 50_256, tokens: 0x0016_68B5_C964_BEF4, mergeCount: 50_000,
            merges: 0x9A1E_79AE_969A_B646),
        // Llama 3, also of BitNet b1.58 2B-4T
        Row(
            name: "llama-bpe", tokenCount: 128_000, tokens: 0x5AFD_D90C_F72E_BE99,
            mergeCount: 280_147, merges: 0x7490_45C6_E170_F53A),
        // Qwen 2 and 3
        Row(
            name: "qwen2", tokenCount: 151_643, tokens: 0x5809_A8F3_A7C5_3E95,
            mergeCount: 151_387, merges: 0x5A39_C4C6_7244_3F7B),
    ]

    /// The pre-tokenizer of a published vocabulary, or nil.
    static func preTokenizer(of definition: TokenizerDefinition) -> String? {
        guard let merges = definition.merges else { return nil }
        return table.first { row in
            definition.tokens.count >= row.tokenCount && merges.count == row.mergeCount
                && fingerprint(definition.tokens, count: row.tokenCount) == row.tokens
                && fingerprint(merges, count: row.mergeCount) == row.merges
        }?.name
    }

    /// FNV-1a of the first texts, with a byte 0xFF behind each.
    static func fingerprint(_ texts: TextList, count: Int) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<count {
            for byte in texts[index] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        return hash
    }
}
