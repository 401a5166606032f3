// The `qwen2` and `qwen3` families: RMS norms, rotation of the two halves of a head, a gated SiLU
// feed-forward layer. `qwen2` has biases on queries, keys and values. `qwen3` instead has an RMS
// norm for every query and key head, and a head length of its own.

extension ArchitectureDescription {
    /// Qwen 2 and 2.5.
    static let qwen2 = ArchitectureDescription(
        name: "qwen2",
        norm: .rms,
        rope: RopeRule(style: .halves),
        activation: .silu,
        refusals: [.expertsRefused],
        tensors: [
            .table(.tokenEmbedding, "token_embd.weight", .embedding),
            .norm(.outputNorm, "output_norm"),
            .head(.optional, bias: .optional),
            .norm(.attentionNorm, "blk.#.attn_norm"),
            .attentionInputs(bias: .required),
            .attentionOutput(),
            .norm(.feedForwardNorm, "blk.#.ffn_norm"),
            .gateAndUp(),
            .down(),
        ])

    /// Qwen 3, the dense models.
    static let qwen3 = ArchitectureDescription(
        name: "qwen3",
        norm: .rms,
        rope: RopeRule(style: .halves),
        activation: .silu,
        refusals: [.expertsRefused],
        tensors: [
            .table(.tokenEmbedding, "token_embd.weight", .embedding),
            .norm(.outputNorm, "output_norm"),
            .head(.optional),
            .norm(.attentionNorm, "blk.#.attn_norm"),
            .attentionInputs(bias: .optional),
            .norm(.queryNorm, "blk.#.attn_q_norm", .keyHead),
            .norm(.keyNorm, "blk.#.attn_k_norm", .keyHead),
            .attentionOutput(),
            .norm(.feedForwardNorm, "blk.#.ffn_norm"),
            .gateAndUp(),
            .down(),
        ])
}
