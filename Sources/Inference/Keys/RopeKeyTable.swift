// The keys inside `rope_scaling` and `rope_parameters`, by type of scaling: a closed list.
//
// Every key there was meant to change angles. A key that the type does not use is refused unless
// the value changes nothing.

enum RopeKeyTable {
    /// Returns the rules for a type of scaling, in lower case.
    static func rules(_ type: String) -> [String: KeyRule] {
        var rules = neutral
        for key in everyType + (read[type] ?? []) { rules[key] = .applied }
        return rules
    }

    private static let everyType = [
        "rope_type", "type", "rope_theta", "partial_rotary_factor",
    ]

    private static let read: [String: [String]] = [
        "linear": ["factor"],
        "yarn": [
            "factor", "original_max_position_embeddings", "attention_factor", "beta_fast",
            "beta_slow", "mscale", "mscale_all_dim", "truncate",
        ],
        "llama3": [
            "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings",
        ],
        "longrope": longrope, "su": longrope,
    ]

    private static let longrope = [
        "short_factor", "long_factor", "short_mscale", "long_mscale", "attention_factor", "factor",
        "original_max_position_embeddings",
    ]

    /// Keys of other types with the values that change nothing.
    private static let neutral: [String: KeyRule] = [
        "factor": .only(.one), "attention_factor": .only(.one), "attn_factor": .only(.one),
        "alpha": .only(.one), "extrapolation_factor": .only(.one), "mscale": .only(.off),
        "mscale_all_dim": .only(.off), "beta_fast": .only(.numbers([32])),
        "beta_slow": .only(.numbers([1])), "finetuned": .withoutEffect(.flag),
        "original_max_position_embeddings": .withoutEffect(.whole),
        "mrope_section": .only(.off), "mrope_interleaved": .only(.off),
        "llama_4_scaling_beta": .only(.off),
    ]
}
