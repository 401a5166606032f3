// The `llama` family: Llama 1 to 3, Mistral, SmolLM2 and everything else converted to that name.
//
// RMS norms, rotary embedding over neighbouring pairs, grouped-query attention, a gated SiLU
// feed-forward layer. Output matrix optional (then the token embedding serves), rotary factors
// optional (Llama 3's context extension exists only as that tensor), biases optional.

extension ArchitectureDescription {
    /// See the opening comment of this file.
    static let llama = ArchitectureDescription(
        name: "llama",
        normEpsilon: .rmsEpsilon,
        ropeStyle: .interleaved,
        allowsPartialRotary: false,
        ropeScalings: ["none", "linear"],
        activation: .silu,
        refusals: [
            Refusal(
                parameter: .expertCount, countMax: 0,
                meaning: "a mixture of experts, which is not supported")
        ],
        tensors: [
            TensorRule.table(.tokenEmbedding, "token_embd.weight", .embedding),
            TensorRule.vector(.outputNorm, "output_norm.weight", .embedding),
            TensorRule.linear(.output, "output", .embedding, .vocabulary, isRequired: false),
            TensorRule.vector(.ropeFactors, "rope_freqs.weight", .rotaryPairs, isRequired: false),
            TensorRule.vector(.attentionNorm, "blk.#.attn_norm.weight", .embedding),
            TensorRule.linear(
                .query, "blk.#.attn_q", .embedding, .queries, optionalBias: .queryBias),
            TensorRule.linear(.key, "blk.#.attn_k", .embedding, .keys, optionalBias: .keyBias),
            TensorRule.linear(
                .value, "blk.#.attn_v", .embedding, .values, optionalBias: .valueBias),
            TensorRule.linear(
                .attentionOutput, "blk.#.attn_output", .attended, .embedding,
                optionalBias: .attentionOutputBias),
            TensorRule.vector(.feedForwardNorm, "blk.#.ffn_norm.weight", .embedding),
            TensorRule.linear(
                .gate, "blk.#.ffn_gate", .embedding, .feedForward, optionalBias: .gateBias),
            TensorRule.linear(
                .up, "blk.#.ffn_up", .embedding, .feedForward, optionalBias: .upBias),
            TensorRule.linear(
                .down, "blk.#.ffn_down", .feedForward, .embedding, optionalBias: .downBias),
        ].flatMap { $0 })
}
