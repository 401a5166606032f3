// The `llama` family: Llama 1 to 3, Mistral, SmolLM2 and all models converted to the name `llama`.
// Also `smollm3`: like llama, but without rotation in every fourth block.
//
// RMS norms, rotary embedding over neighbouring pairs, grouped-query attention, a gated SiLU
// feed-forward layer. The output matrix is optional (the token embedding then serves), as are
// biases and rotary factors. Llama 3's context extension exists only as rotary factors.

extension ArchitectureDescription {
    /// See the opening comment of this file.
    static let llama = llamaLike(name: "llama")

    /// The step is a property of the architecture, and no key holds it.
    static let smolLM3 = llamaLike(name: "smollm3", unrotatedBlockStep: 4)

    private static func llamaLike(
        name: String, unrotatedBlockStep: Int? = nil
    ) -> ArchitectureDescription {
        ArchitectureDescription(
            name: name,
            norm: .rms,
            rope: RopeRule(style: .interleaved, unrotatedBlockStep: unrotatedBlockStep),
            activation: .silu,
            refusals: [.expertsRefused],
            tensors: [
                .table(.tokenEmbedding, "token_embd.weight", .embedding),
                .norm(.outputNorm, "output_norm"),
                .head(.optional),
                .ropeFactors,
                .norm(.attentionNorm, "blk.#.attn_norm"),
                .attentionInputs(bias: .optional),
                .attentionOutput(bias: .optional),
                .norm(.feedForwardNorm, "blk.#.ffn_norm"),
                .gateAndUp(bias: .optional),
                .down(bias: .optional),
            ])
    }
}
