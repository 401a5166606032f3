// The `bitnet` families: ternary weights, with a norm in front of each output matrix.
//
// The families are like llama, with these differences:
// - A norm stands between attention and its output matrix, and between the gate and the down
//   matrix.
// - Heads rotate by halves.
// - The token embedding always serves as output matrix.
// - A matrix may come with a number by which its products are multiplied.
//
// The 1bitLLM models (`bitnet`) gate with SiLU. The 2B-4T models (`bitnet-b1.58`, in some files
// `bitnet-25`) gate with the squared ReLU.
//
// The 2B-4T models were trained with the input of each of a block's seven matrices rounded to eight
// bits per token, and their own runtimes round the input. So the rounding applies unless the file
// or the caller says otherwise (`activation_rounding`). The reference of the 1bitLLM models rounds
// nothing.

import Compute

extension ArchitectureDescription {
    /// The models of 1bitLLM.
    static let bitnet = bitnetLike(name: "bitnet", activation: .silu, roundings: [.none])
    /// The 2B-4T models.
    static let bitnetB158 = bitnetLike(
        name: "bitnet-b1.58", activation: .reluSquared, roundings: [.int8PerToken, .none])
    /// Another name in circulation for the 2B-4T models.
    static let bitnet25 = bitnetLike(
        name: "bitnet-25", activation: .reluSquared, roundings: [.int8PerToken, .none])

    private static func bitnetLike(
        name: String, activation: Activation, roundings: [ActivationRounding]
    ) -> ArchitectureDescription {
        ArchitectureDescription(
            name: name,
            norm: .rms,
            rope: RopeRule(style: .halves),
            activation: activation,
            activationRoundings: roundings,
            refusals: [],
            tensors: [
                .table(.tokenEmbedding, "token_embd.weight", .embedding),
                .norm(.outputNorm, "output_norm"),
                .norm(.attentionNorm, "blk.#.attn_norm"),
                .scaled(.query, "blk.#.attn_q", .embedding, .queries, scale: .queryScale),
                .scaled(.key, "blk.#.attn_k", .embedding, .keys, scale: .keyScale),
                .scaled(.value, "blk.#.attn_v", .embedding, .values, scale: .valueScale),
                .norm(.attentionSubNorm, "blk.#.attn_sub_norm", .attended),
                .scaled(
                    .attentionOutput, "blk.#.attn_output", .attended, .embedding,
                    scale: .attentionOutputScale),
                .norm(.feedForwardNorm, "blk.#.ffn_norm"),
                .scaled(.gate, "blk.#.ffn_gate", .embedding, .feedForward, scale: .gateScale),
                .scaled(.up, "blk.#.ffn_up", .embedding, .feedForward, scale: .upScale),
                .norm(.feedForwardSubNorm, "blk.#.ffn_sub_norm", .feedForward),
                .scaled(.down, "blk.#.ffn_down", .feedForward, .embedding, scale: .downScale),
            ])
    }
}
