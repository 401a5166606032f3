// Words for a person about a refusal: the complaint of each code of the assay's own, and advice, a
// sentence per code, or else a sentence per layer.
//
// Guarantees: every rejection has advice.
// Does not: depend on the single case. The message does.

extension AssayRejection {
    /// Subject and fault by code, the beginning of the rejection's sentence.
    static let complaints: [String: String] = [
        "timed_out": "loading takes too long",
        "fingerprint_mismatch": "file is not the one that was asked for",
        "memory_budget_exceeded": "model needs more memory than there is",
        "resources_exhausted": "system has no thread for loading",
        "seal_invalid": "seal is not readable",
        "seal_fingerprint_mismatch": "seal was made of another file",
        "seal_tokens_differ": "tokenizer gives other tokens than were sealed",
        "seal_logits_differ": "model gives other logits than were sealed",
    ]

    /// Advice in a sentence.
    public var advice: String { Self.adviceByCode[code.name] ?? Self.advice(for: layer) }

    private static func advice(for layer: Layer) -> String {
        switch layer {
        case .file: "Check the path and the rights on it."
        case .parse: "The file is damaged or was written wrongly: fetch or convert it again."
        case .compatibility:
            "This model needs something the engine does not have, or its converter left keys out: "
                + "use a supported model, or override the named key."
        case .placement: "Choose another device, or give the process more memory."
        case .validation: "The weights are damaged: fetch or convert the file again."
        }
    }

    private static let adviceByCode: [String: String] = [
        "not_found": "Check the path for spelling, and that the volume is mounted.",
        "dangling_link": "Fetch the file the link points to, or remove the link.",
        "is_directory": "Name the model file, or the directory that holds it.",
        "several_models": "Name the file of the model you mean.",
        "permission_denied": "Grant this process read access to the file and its folders.",
        "extension_unsupported":
            "Give the path of a .gguf or .safetensors file, or of the model's folder.",
        "empty_file": "Fetch the file again: the download or copy did not happen.",
        "changed_while_read": "Wait until the copy has finished, then load again.",
        "git_lfs_pointer": "Run `git lfs pull` in the checkout the file came from.",
        "html_page": "Fetch the file again, with the login or token the site asks for.",
        "gzip_archive": "Unpack it with gunzip and load the result.",
        "zip_archive": "Unpack it, or convert the checkpoint to SafeTensors or GGUF.",
        "not_safetensors": "Give the file the extension of what it is, or fetch it again.",
        "split_name_invalid":
            "Give every part back the name it was written with, NAME-00001-of-0000N.gguf.",
        "parts_inconsistent": "The files are of different models: fetch all of them again.",
        "shard_name_invalid": "The index was written wrongly: fetch it again.",
        "json_invalid": "The text is damaged or was edited wrongly: fetch it again.",
        "big_endian": "Convert the file to little-endian.",
        "version_unsupported": "Convert the model again with a current converter.",
        "tensor_outside_file": "The file is cut short: fetch it again and compare its size.",
        "truncated": "The file is cut short: fetch it again and compare its size.",
        "timed_out": "See whether the file system answers, or allow more time.",
        "fingerprint_mismatch": "This is not the file that was asked for: fetch the right one.",
        "seal_invalid": "Restore the seal, or make a new one with `assay inspect --seal --force`.",
        "seal_fingerprint_mismatch":
            "Fetch the file that was sealed, or seal this one with `assay inspect --seal --force`.",
        "seal_tokens_differ":
            "The tokenizer has changed: use the version that sealed it, or seal it again.",
        "seal_logits_differ":
            "Computing has changed: look at overrides and device first, then seal it again.",
        "unsupported_architecture": "Use a model of a family that docs/formats.md lists.",
        "unsupported_tensor_format":
            "Convert or quantise the model to a format that docs/models.md lists.",
        "unknown_key": "If the key changes nothing, vouch for it by an override, KEY=ignore.",
        "missing_tensor": "The converter left a tensor out: fetch or convert the model again.",
        "tokenizer_rejected": "Use a model with a tokenizer that docs/formats.md lists.",
        "template_unsupported":
            "Use a model whose chat template keeps to the language of docs/templates.md.",
        "out_of_memory": "Stop other programs, or raise the memory limit of this process.",
        "threads_unavailable": "Stop other programs, or raise the thread limit of this process.",
        "resources_exhausted": "Stop other programs, or raise the thread limit of this process.",
        "device_unavailable": "Ask for `auto` or `cpu`, or install the driver.",
        "memory_budget_exceeded": "Free memory, raise the budget, or use a smaller model.",
    ]
}
