// The report as a JSON object: the contract of `assay inspect --json`.
//
// {"accepted", "provenance", "layers": [{"layer","ok","ms"}], "error": {...} | null, "model":
// {...} | null, "keys": {"applied": [...], "without_effect": [...], "not_understood": [...],
// "suggestions": {...}} | null, ...}
// Guarantees: field order and names are fixed. Text is escaped. Numbers are finite.
// Does not: use a general encoder, because people read the fields in a fixed order.

import Inference

extension LoadReport {
    /// The report as JSON text, on one line.
    public var json: String {
        JSONText.object([
            ("accepted", .bool(accepted)),
            ("provenance", .string((provenance ?? .real).rawValue)),
            ("path", .string(path)),
            ("strategy", .string(strategy.rawValue)),
            ("layers", .array(layers.map(Self.json))),
            ("error", rejection.map(Self.json) ?? .null),
            ("model", modelJSON),
            ("keys", model.map { Self.json($0.keys) } ?? .null),
            ("seal", seal.map(Self.json) ?? .null),
            ("overrides", .array(overrides.map(Self.json))),
            ("degradations", .array(degradations.map { .string($0) })),
            ("attempts", .array(attempts.map(Self.json))),
            ("ms", .rounded(duration.milliseconds)),
        ]).text
    }

    private var modelJSON: JSONText {
        guard let model else { return .null }
        let formats = model.formats.sorted { $0.key < $1.key }
        return .object([
            ("architecture", .string(model.architecture)),
            ("name", model.name.map { .string($0) } ?? .null),
            ("parameters", .integer(model.parameterCount)),
            ("vocab", .integer(model.vocabularySize)),
            ("embedding", .integer(model.embeddingLength)),
            ("blocks", .integer(model.blockCount)),
            ("context", .integer(model.contextLength)),
            ("weight_bytes", .integer(model.weightBytes)),
            ("container", .string(model.container)),
            ("files", .integer(model.fileCount)),
            ("file_bytes", .integer(model.fileSize)),
            ("formats", .object(formats.map { ($0.key, .integer($0.value)) })),
            ("tokenizer", .string(model.tokenizer)),
            (
                "activation_rounding",
                model.activationRounding == .none
                    ? .null : .string(model.activationRounding.rawValue)
            ),
            ("chat_template", model.chatTemplate?.json ?? .null),
            ("chat_template_tool_use", model.toolTemplate?.json ?? .null),
            ("end_tokens", .array(model.endTokens.map(Self.json))),
            ("pooling", model.pooling.map { .string($0.rawValue) } ?? .null),
            ("causal", .bool(model.isCausal)),
            ("text_refusal", model.textRefusal.map { .string($0) } ?? .null),
            ("device", device.map { .string($0) } ?? .null),
            ("device_reason", deviceReason.map { .string($0) } ?? .null),
            ("instruction_set", kernels.map { .string($0.instructionSet.rawValue) } ?? .null),
            ("kernels_disabled", .array(disabledKernels)),
            ("fingerprint", fingerprint.map { .string($0.hex) } ?? .null),
            ("memory", memory.map(Self.json) ?? .null),
            ("shared_with", sharedWith.map { .string($0) } ?? .null),
        ])
    }

    private static func json(_ memory: MemoryUse) -> JSONText {
        let estimate = memory.estimate
        return .object([
            ("total", .integer(estimate.total)), ("weights", .integer(estimate.weights)),
            ("cache", .integer(estimate.cache)), ("cache_positions", .integer(memory.positions)),
            ("scratch", .integer(estimate.scratch)), ("texts", .integer(estimate.texts)),
            ("loading", .integer(estimate.staging)), ("resident", .integer(memory.resident)),
            ("limit", memory.limit.map { .integer($0) } ?? .null),
        ])
    }

    private static func json(_ keys: ModelKeys) -> JSONText {
        func list(_ names: [String]) -> JSONText { .array(names.sorted().map { .string($0) }) }
        let suggestions = keys.suggestions.sorted { $0.key < $1.key }
        return .object([
            ("applied", list(keys.applied)), ("without_effect", list(keys.withoutEffect)),
            ("not_understood", list(keys.notUnderstood)),
            ("suggestions", .object(suggestions.map { ($0.key, .string($0.value)) })),
        ])
    }

    private static func json(_ token: NamedToken) -> JSONText {
        .object([("id", .integer(Int(token.id))), ("text", .string(token.text))])
    }

    private var disabledKernels: [JSONText] {
        (kernels?.disabled ?? []).map { .string($0.kernel) }
    }

    private static func json(_ verdict: LayerVerdict) -> JSONText {
        .object([
            ("layer", .string(verdict.layer.rawValue)), ("ok", .bool(verdict.ok)),
            ("ms", .rounded(verdict.duration.milliseconds)),
        ])
    }

    private static func json(_ rejection: AssayRejection) -> JSONText {
        .object([
            ("layer", .string(rejection.layer.rawValue)),
            ("code", .string(rejection.code.name)),
            ("message", .string(rejection.message)),
            ("tried", .string(rejection.tried)),
            ("found", .string(rejection.found)),
            ("allowed", .string(rejection.allowed)),
            ("where", .string(rejection.location)),
            ("advice", .string(rejection.advice)),
            ("transient", .bool(rejection.isTransient)),
        ])
    }

    private static func json(_ seal: SealVerdict) -> JSONText {
        switch seal {
        case .absent:
            .object([("state", .string("absent"))])
        case .matched(let difference):
            .object([("state", .string("matched")), ("largest_difference", .number(difference))])
        case .written(let path):
            .object([("state", .string("written")), ("path", .string(path))])
        }
    }

    private static func json(_ override: AppliedOverride) -> JSONText {
        .object([
            ("key", .string(override.key)),
            ("original", override.original.map { .string($0) } ?? .null),
            ("replacement", .string(override.replacement)),
        ])
    }

    private static func json(_ attempt: LoadAttempt) -> JSONText {
        .object([
            ("number", .integer(attempt.number)),
            ("pause_ms", .rounded(attempt.pause.milliseconds)),
            ("ms", .rounded(attempt.duration.milliseconds)),
            ("code", attempt.rejection.map { .string($0.code.name) } ?? .null),
            ("layer", attempt.rejection.map { .string($0.layer.rawValue) } ?? .null),
        ])
    }
}
