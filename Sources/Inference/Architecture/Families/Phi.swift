// The `phi2` and `phi3` families (Phi-4 is a `phi3`).
//
// Phi-2 has one LayerNorm per block. Attention and a feed-forward layer without gate both read the
// normed values, and both results are added to the residual. Every matrix and norm has a bias.
// Phi-3 is sequential with RMS norms. Queries, keys and values stand in a single matrix, gate and
// up in another. The rotary frequencies are divided by one of two lists, chosen by the context
// length. Both families may rotate only the first part of a head.

extension ArchitectureDescription {
    /// Phi-1, 1.5 and 2.
    static let phi2 = ArchitectureDescription(
        name: "phi2",
        norm: .layer,
        rope: RopeRule(style: .halves, mayBePartial: true),
        activation: .gelu,
        refusals: [],
        tensors: [
            .table(.tokenEmbedding, "token_embd.weight", .embedding),
            .norm(.outputNorm, "output_norm", bias: .outputNormBias),
            .head(.required, bias: .required),
            .norm(.attentionNorm, "blk.#.attn_norm", bias: .attentionNormBias),
            .attentionInputs(bias: .required),
            .attentionOutput(bias: .required),
            .up(bias: .required),
            .down(bias: .required),
        ])

    /// Phi-3, 3.5 and 4, the dense models.
    static let phi3 = ArchitectureDescription(
        name: "phi3",
        norm: .rms,
        rope: RopeRule(
            style: .halves, mayBePartial: true,
            scalings: RopeRule.usualScalings + [.longrope]),
        activation: .silu,
        statesWindow: true,
        refusals: [.expertsRefused],
        tensors: [
            .table(.tokenEmbedding, "token_embd.weight", .embedding),
            .norm(.outputNorm, "output_norm"),
            .head(.optional),
            .ropeFactorsByContext,
            .norm(.attentionNorm, "blk.#.attn_norm"),
            .attentionInputs(bias: .optional),
            .attentionOutput(),
            .norm(.feedForwardNorm, "blk.#.ffn_norm"),
            .fusedGateAndUp,
            .down(),
        ])
}

extension [TensorRule] {
    /// Gate and up in one matrix, under the usual name of `up`.
    fileprivate static var fusedGateAndUp: Self {
        [
            TensorRule(
                role: .gateUp, pattern: "blk.#.ffn_up.weight",
                shape: [.embedding, .twiceFeedForward], use: .matrix, presence: .required)
        ]
    }
}
