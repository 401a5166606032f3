// Models whose keys and shapes are right and whose numbers are not: only running them can tell.

extension MalformedFile {
    /// NaN, infinities, and a model that always says the same.
    static let weights: [MalformedFile] = [
        poisoned("NaN in a query matrix", "blk.0.attn_q.weight", .nan, at: 17),
        poisoned("infinity in the last matrix", "output.weight", .infinity, at: 5),
        poisoned("negative infinity in a value matrix", "blk.1.attn_v.weight", -.infinity, at: 0),
        poisoned("NaN in a norm", "blk.1.ffn_norm.weight", .nan, at: 63),
        poisoned("NaN in the output norm", "output_norm.weight", .nan, at: 0),
        // Row 1: a token that a short forward pass has no reason to touch.
        poisoned("NaN in one row of the embedding", "token_embd.weight", .nan, at: 64 + 3),
        poisoned(
            "NaN in the last row of the embedding", "token_embd.weight", .nan,
            at: GGUFBuilder.tinyVocabulary.count * 64 - 1),
        llama(
            "overflowing weights", layer: "validation", code: "non_finite_logits"
        ) { builder in
            for name in ["blk.0.ffn_up.weight", "blk.0.ffn_gate.weight", "blk.0.ffn_down.weight"] {
                builder.change(name) { tensor in
                    let count = tensor.data.count / 4
                    tensor.data = WeightEncoding.f32.encode(
                        [Float](repeating: 3e38, count: count))
                }
            }
        },
        llama("output matrix of zeros", layer: "validation", code: "constant_logits") {
            $0.change("output.weight") { $0.data = zeros($0.data.count) }
        },
        llama("output norm of zeros", layer: "validation", code: "constant_logits") {
            $0.change("output_norm.weight") { $0.data = zeros($0.data.count) }
        },
        llama(
            "NaN scale in a Q8_0 block", layer: "validation", code: "non_finite_logits",
            encoding: .q8_0
        ) {
            $0.change("blk.0.attn_k.weight") { $0.data.replaceSubrange(34..<36, with: [0, 0x7E]) }
        },
        llama(
            "infinite scale in a Q4_0 block", layer: "validation", code: "non_finite_logits",
            encoding: .q4_0
        ) {
            $0.change("blk.1.ffn_up.weight") { $0.data.replaceSubrange(0..<2, with: [0, 0x7C]) }
        },
        llama(
            "NaN in an F16 matrix", layer: "validation", code: "non_finite_logits", encoding: .f16
        ) {
            $0.change("blk.0.attn_output.weight") {
                $0.data.replaceSubrange(2..<4, with: [1, 0x7C])
            }
        },
        llama(
            "NaN in a BF16 matrix", layer: "validation", code: "non_finite_logits",
            encoding: .bf16
        ) {
            $0.change("blk.0.ffn_gate.weight") {
                $0.data.replaceSubrange(0..<2, with: [0xC0, 0x7F])
            }
        },
    ]

    private static func poisoned(
        _ name: String, _ tensor: String, _ value: Float, at index: Int
    ) -> MalformedFile {
        llama(name, layer: "validation", code: "non_finite_logits", mention: tensor) {
            $0.change(tensor) { tensor in
                tensor.data.replaceSubrange(
                    index * 4..<index * 4 + 4, with: WeightEncoding.f32.encode([value]))
            }
        }
    }
}
