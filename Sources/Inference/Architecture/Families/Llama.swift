// The `llama` family: Llama 1 to 3, Mistral, SmolLM2 and everything else converted to that name;
// and `smollm3`, which is the same without rotation in every fourth block.
//
// RMS norms, rotary embedding over neighbouring pairs, grouped-query attention, a gated SiLU
// feed-forward layer. Output matrix optional (then the token embedding serves), rotary factors
// optional (Llama 3's context extension exists only as that tensor), biases optional.

extension ArchitectureDescription {
    /// See the opening comment of this file.
    static let llama = llamaLike(name: "llama")

    /// The step is a property of the architecture: no key holds it.
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
