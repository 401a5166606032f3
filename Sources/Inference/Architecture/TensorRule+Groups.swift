// Tensor rules that families share, in groups: tensors outside the blocks, inputs of attention,
// inputs of the feed-forward layer.
//
// A family is a list of groups, with rules of its own where the family differs. The names are the
// names in GGUF files. A bias belongs to a matrix, and is refused without the matrix.

extension [TensorRule] {
    /// Presence of bias vectors in a group.
    enum Bias { case none, optional, required }

    // MARK: Outside the blocks

    /// A table with one row of `width` values per token.
    static func table(_ role: TensorRole, _ pattern: String, _ width: TensorDimension) -> Self {
        [
            TensorRule(
                role: role, pattern: pattern, shape: [width, .vocabulary], use: .rows,
                presence: .required)
        ]
    }

    /// The output matrix. When an optional output matrix is absent, the embedding takes its place.
    static func head(_ presence: TensorRule.Presence, bias: Bias = .none) -> Self {
        linear(.output, "output", .embedding, .vocabulary, presence, bias, .outputBias)
    }

    /// Divisors of the rotary frequencies for all context lengths.
    static var ropeFactors: Self {
        vector(.ropeFactors, "rope_freqs.weight", .rotaryPairs, .optional)
    }

    /// Divisors of the rotary frequencies for long and for short contexts. A file has both or
    /// neither.
    static var ropeFactorsByContext: Self {
        vector(.ropeFactorsLong, "rope_factors_long.weight", .rotaryPairs, .optional)
            + vector(
                .ropeFactorsShort, "rope_factors_short.weight", .rotaryPairs,
                .with(.ropeFactorsLong))
    }

    // MARK: In every block

    /// Queries, keys and values: three matrices, or a fused matrix with the rows of all three.
    static func attentionInputs(bias: Bias = .none) -> Self {
        let apart = TensorRule.Presence.unless(.queryKeyValue)
        return [
            linear(
                .queryKeyValue, "blk.#.attn_qkv", .embedding, .queriesKeysValues, .optional,
                bias, .queryKeyValueBias),
            linear(.query, "blk.#.attn_q", .embedding, .queries, apart, bias, .queryBias),
            linear(.key, "blk.#.attn_k", .embedding, .keys, apart, bias, .keyBias),
            linear(.value, "blk.#.attn_v", .embedding, .values, apart, bias, .valueBias),
        ].flatMap { $0 }
    }

    /// The matrix from the result of attention back to the residual.
    static func attentionOutput(bias: Bias = .none) -> Self {
        linear(
            .attentionOutput, "blk.#.attn_output", .attended, .embedding, .required, bias,
            .attentionOutputBias)
    }

    /// Gate and up as two matrices.
    static func gateAndUp(bias: Bias = .none) -> Self {
        linear(.gate, "blk.#.ffn_gate", .embedding, .feedForward, .required, bias, .gateBias)
            + up(bias: bias)
    }

    /// The matrix to the feed-forward width. Stands alone in a layer without a gate.
    static func up(bias: Bias = .none) -> Self {
        linear(.up, "blk.#.ffn_up", .embedding, .feedForward, .required, bias, .upBias)
    }

    /// The matrix back from the feed-forward width.
    static func down(bias: Bias = .none) -> Self {
        linear(.down, "blk.#.ffn_down", .feedForward, .embedding, .required, bias, .downBias)
    }

    // MARK: Parts

    /// A vector of `length` values.
    static func vector(
        _ role: TensorRole, _ pattern: String, _ length: TensorDimension,
        _ presence: TensorRule.Presence = .required
    ) -> Self {
        [
            TensorRule(
                role: role, pattern: pattern, shape: [length], use: .vector, presence: presence)
        ]
    }

    /// A norm's weight and, for LayerNorm, its bias.
    static func norm(
        _ role: TensorRole, _ name: String, _ length: TensorDimension = .embedding,
        bias: TensorRole? = nil
    ) -> Self {
        vector(role, name + ".weight", length)
            + (bias.map { vector($0, name + ".bias", length) } ?? [])
    }

    /// A matrix whose products may be multiplied with a stored number.
    static func scaled(
        _ role: TensorRole, _ name: String, _ input: TensorDimension, _ output: TensorDimension,
        scale: TensorRole
    ) -> Self {
        linear(role, name, input, output, .required, .none, role)
            + vector(scale, name + ".scale", .one, .optional)
    }

    /// A matrix that turns `input` columns into `output` values, and its bias.
    private static func linear(
        _ role: TensorRole, _ name: String, _ input: TensorDimension, _ output: TensorDimension,
        _ presence: TensorRule.Presence, _ bias: Bias, _ biasRole: TensorRole
    ) -> Self {
        let matrix = TensorRule(
            role: role, pattern: name + ".weight", shape: [input, output], use: .matrix,
            presence: presence)
        switch bias {
        case .none: return [matrix]
        case .optional:
            return [matrix] + vector(biasRole, name + ".bias", output, .allowedWith(role))
        case .required: return [matrix] + vector(biasRole, name + ".bias", output, .with(role))
        }
    }
}
