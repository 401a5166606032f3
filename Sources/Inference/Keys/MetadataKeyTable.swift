// The keys of GGUF files outside the model's own namespace.
//
// The names are those of llama.cpp's converters and tools, of bitnet.cpp's, and of Ollama's. A
// family's own keys are in MetadataKeyTable+Family.swift.

enum MetadataKeyTable {
    /// Returns the rule of a key outside the model's namespace, or nil for an unknown key.
    static func rule(_ key: String) -> KeyRule? {
        if let rule = shared[key] { return rule }
        if let rule = numbered(key) { return rule }
        // Templates under names of their own. Only the template without a name is served.
        return key.hasPrefix("tokenizer.chat_template.") ? .withoutEffect(.word) : nil
    }

    /// Returns true for an unknown key that may change the numbers.
    static func carriesMeaning(_ key: String) -> Bool {
        meaningful.contains { key.hasPrefix($0) }
    }

    /// Namespaces in which every key may change the numbers: rotated bases, adapters, encoders of
    /// images, activations, the vocabulary.
    private static let meaningful = [
        "prism.", "adapter.", "clip.", "xielu.", "tokenizer.", "split.", "rope.", "attention.",
    ]

    /// Keys with a number inside: models and data sets that a model was made from.
    private static func numbered(_ key: String) -> KeyRule? {
        let parts = key.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "general",
            parts[1] == "base_model" || parts[1] == "dataset", Int(parts[2]) != nil
        else { return nil }
        return .withoutEffect(.word)
    }

    private static let shared: [String: KeyRule] = [
        general, tokenizer, foreign, suggestions,
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    private static let general: [String: KeyRule] = {
        var rules: [String: KeyRule] = [
            "general.architecture": .applied,
            "general.alignment": .applied,
            "general.name": .withoutEffect(.word),
            // Adapters, encoders of images and bare vocabularies are other files.
            "general.type": .only(.words(["model"])),
            "general.quantization_version": .only(.numbers([2])),
            "general.file_type": .withoutEffect(.whole),
            "general.base_model.count": .withoutEffect(.whole),
            "general.dataset.count": .withoutEffect(.whole),
            "general.parameter_count": .withoutEffect(.whole),
            "general.tags": .withoutEffect(.words),
            "general.languages": .withoutEffect(.words),
            "general.datasets": .withoutEffect(.words),
        ]
        for name in [
            "author", "version", "organization", "finetune", "basename", "description",
            "quantized_by", "size_label", "license", "license.name", "license.link", "url", "doi",
            "uuid", "repo_url", "source.url", "source.doi", "source.uuid", "source.repo_url",
            "source.huggingface.repository", "source.hf.repository",
        ] {
            rules["general.\(name)"] = .withoutEffect(.word)
        }
        return rules
    }()

    private static let tokenizer: [String: KeyRule] = {
        var rules: [String: KeyRule] = [
            "tokenizer.chat_template": .applied,
            "tokenizer.chat_templates": .withoutEffect(.words),
            "tokenizer.huggingface.json": .withoutEffect(.word),
            "tokenizer.ggml.token_type_count": .only(.numbers([0, 1])),
            "tokenizer.ggml.remove_extra_whitespaces": .only(.off),
            "tokenizer.ggml.add_sep_token": .only(.off),
            "tokenizer.ggml.add_unknown_token": .only(.off),
            "tokenizer.ggml.add_padding_token": .only(.off),
            "tokenizer.ggml.normalizer.lowercase": .only(.off),
            "tokenizer.ggml.normalizer.strip_accents": .only(.off),
            "tokenizer.ggml.precompiled_charsmap": .only(.off),
            "tokenizer.ggml.added_tokens": .only(.off),
        ]
        for name in [
            "model", "pre", "tokens", "token_type", "scores", "merges", "vocab_size",
            "add_bos_token", "add_eos_token", "add_space_prefix", "suppress_tokens",
            "eos_token_ids",
        ] {
            rules["tokenizer.ggml.\(name)"] = .applied
        }
        for role in ["bos", "eos", "eot", "eom", "unknown"] {
            rules["tokenizer.ggml.\(role)_token_id"] = .applied
        }
        for role in [
            "padding", "seperator", "separator", "cls", "mask", "prefix", "suffix", "middle",
            "fim_pre", "fim_suf", "fim_mid", "fim_pad", "fim_rep", "fim_sep",
        ] {
            rules["tokenizer.ggml.\(role)_token_id"] = .withoutEffect(.whole)
        }
        return rules
    }()

    /// Keys of splitters and quantisers. The parts of a split model are joined before.
    private static let foreign: [String: KeyRule] = [
        "split.no": .applied, "split.count": .applied, "split.tensors.count": .applied,
        "quantize.imatrix.file": .withoutEffect(.word),
        "quantize.imatrix.dataset": .withoutEffect(.word),
        "quantize.imatrix.entries_count": .withoutEffect(.whole),
        "quantize.imatrix.chunks_count": .withoutEffect(.whole),
    ]

    private static let suggestions: [String: KeyRule] = {
        var rules: [String: KeyRule] = ["general.sampling.sequence": .suggestion(.word)]
        for name in [
            "temp", "top_k", "top_p", "min_p", "xtc_probability", "xtc_threshold",
            "penalty_last_n", "penalty_repeat", "mirostat", "mirostat_tau", "mirostat_eta",
        ] {
            rules["general.sampling.\(name)"] = .suggestion(.number)
        }
        return rules
    }()
}
