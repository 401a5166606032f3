// The texts of sentence-transformers beside a checkpoint: how the hidden states become one vector.
//
// Facts, from sentence-transformers: modules.json lists the stages, by class and folder. Pooling
// comes after the transformer, with its switches in 1_Pooling/config.json. Normalize divides the
// vector by its length, as an embedding does unless the caller asks otherwise. Dense is a further
// matrix. A prompt goes in front of the text, on its own only where `default_prompt_name` is set.
//
// Guarantees: every stage is applied or refused by name, and so is every key of these texts.

import ModelFiles

/// The stages after the transformer.
struct SentenceModules: Sendable {
    /// Pooling in the numbers of GGUF's `pooling_type`, and the key that says so, or nil when no
    /// text says how.
    private(set) var pooling: (key: String, value: HyperParameterValue)?

    private let files: SentenceFiles
    private static let modulesName = "modules.json"
    private static let poolingPlace = "1_Pooling/config.json:"

    init(_ files: SentenceFiles) throws(InferenceError) {
        self.files = files
        let pools = try checkStages()
        guard let root = files.pooling else {
            guard !pools else {
                throw InferenceError(
                    .missingKey, tried: "reading \"\(Self.poolingPlace)\"", found: "no such file",
                    allowed: "the settings of the pooling in \(Self.modulesName)",
                    location: Self.modulesName)
            }
            return
        }
        pooling = try Self.pooling(CheckpointKeys(root: root))
    }

    // MARK: Stages

    /// Checks the classes of the stages. Returns true where pooling is among them.
    private func checkStages() throws(InferenceError) -> Bool {
        guard let list = files.modules else { return false }
        guard list.isArray else {
            throw InferenceError(
                .keyType, tried: "reading \"\(Self.modulesName)\"", found: list.typeName,
                allowed: "an array of stages", location: Self.modulesName)
        }
        var pools = false
        for (index, stage) in list.elements.enumerated() {
            let type = stage["type"]?.asString ?? "(none)"
            let path = stage["path"]?.asString ?? ""
            switch (index, type.split(separator: ".").last) {
            case (0, "Transformer") where path.isEmpty || path == ".": continue
            case (1, "Pooling") where path == "1_Pooling": pools = true
            case (2..., "Normalize"): continue
            default:
                throw InferenceError(
                    .unsupportedFeature, tried: "reading stage \(index) of \(Self.modulesName)",
                    found: "\"\(type.clipped)\" in \"\(path.clipped)\"",
                    allowed: "Transformer, then Pooling in 1_Pooling, then Normalize",
                    location: Self.modulesName)
            }
        }
        return pools
    }

    // MARK: Pooling

    private static let modes: [(key: String, word: String, number: Int)] = [
        ("pooling_mode_mean_tokens", "mean", 1), ("pooling_mode_cls_token", "cls", 2),
        ("pooling_mode_lasttoken", "lasttoken", 3),
    ]

    private static func pooling(
        _ keys: CheckpointKeys
    ) throws(InferenceError) -> (key: String, value: HyperParameterValue) {
        if let word = try keys.word("pooling_mode") {
            guard let mode = modes.first(where: { $0.word == word }) else {
                throw unsupported("pooling_mode", "\"\(word.clipped)\"")
            }
            return (poolingPlace + "pooling_mode", .whole(mode.number))
        }
        var chosen: [(key: String, number: Int)] = []
        for mode in modes where try keys.bool(mode.key) == true {
            chosen.append((mode.key, mode.number))
        }
        // Several modes give several vectors, one behind the other.
        guard chosen.count == 1 else {
            throw unsupported("pooling_mode", "\(chosen.count) modes of those served")
        }
        return (poolingPlace + chosen[0].key, .whole(chosen[0].number))
    }

    private static func unsupported(_ key: String, _ found: String) -> InferenceError {
        InferenceError(
            .unsupportedFeature, tried: "reading \"\(poolingPlace)\(key)\"", found: found,
            allowed: "one of mean, cls, lasttoken", location: poolingPlace + key)
    }

    // MARK: Keys

    /// Sorts the keys of the three objects. Their lists are closed.
    func sortKeys(_ check: inout KeyCheck) throws(InferenceError) {
        if let root = files.pooling {
            try check.sort(Self.poolingPlace, root, Self.poolingRules, isClosed: true)
        }
        if let root = files.encoder {
            try check.sort("sentence_bert_config.json:", root, Self.encoderRules, isClosed: true)
        }
        guard let root = files.prompts else { return }
        try check.sort("config_sentence_transformers.json:", root, Self.promptRules)
    }

    private static let poolingRules: [String: KeyRule] = [
        "pooling_mode": .applied, "pooling_mode_mean_tokens": .applied,
        "pooling_mode_cls_token": .applied, "pooling_mode_lasttoken": .applied,
        "word_embedding_dimension": .only(.width), "embedding_dimension": .only(.width),
        "pooling_mode_max_tokens": .only(.off),
        "pooling_mode_mean_sqrt_len_tokens": .only(.off),
        "pooling_mode_weightedmean_tokens": .only(.off), "include_prompt": .only(.on),
    ]

    /// A text that is too long is refused, never cut.
    private static let encoderRules: [String: KeyRule] = [
        "max_seq_length": .withoutEffect(.whole), "do_lower_case": .only(.off),
        "transformer_task": .only(.words(["feature-extraction"])),
        "modality_config": .withoutEffect(.object), "module_output_name": .withoutEffect(.word),
        "model_args": .only(.off), "tokenizer_args": .only(.off), "config_args": .only(.off),
        "processing_kwargs": .only(.off),
    ]

    private static let promptRules: [String: KeyRule] = [
        "prompts": .withoutEffect(.object), "default_prompt_name": .only(.nothing),
        "similarity_fn_name": .withoutEffect(.word), "__version__": .withoutEffect(.object),
        "model_type": .only(.words(["SentenceTransformer"])),
        "truncate_dim": .only(.width),
    ]
}
