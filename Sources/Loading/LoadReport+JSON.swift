// The report as one JSON object: the contract of `assay inspect --json`.
//
// {"accepted", "provenance", "layers": [{"layer","ok","ms"}], "error": {...} | null, "model":
// {...} | null, ...}
// Guarantees: field order and names are fixed; text is escaped; numbers are finite.
// Does not: use a general encoder: the order of fields is part of what people read.

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
            ("seal", seal.map(Self.json) ?? .null),
            ("overrides", .array(overrides.map(Self.json))),
            ("degradations", .array(degradations.map { .string($0) })),
            ("attempts", .array(attempts.map(Self.json))),
            ("ms", .number(duration.milliseconds)),
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
            ("device", device.map { .string($0) } ?? .null),
            ("device_reason", deviceReason.map { .string($0) } ?? .null),
            ("instruction_set", kernels.map { .string($0.instructionSet.rawValue) } ?? .null),
            ("kernels_disabled", .array(disabledKernels)),
            ("fingerprint", fingerprint.map { .string($0.hex) } ?? .null),
        ])
    }

    private var disabledKernels: [JSONText] {
        (kernels?.disabled ?? []).map { .string($0.kernel) }
    }

    private static func json(_ verdict: LayerVerdict) -> JSONText {
        .object([
            ("layer", .string(verdict.layer.rawValue)), ("ok", .bool(verdict.ok)),
            ("ms", .number(verdict.duration.milliseconds)),
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
            .object([("state", .string("matched")), ("largest_difference", .exact(difference))])
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
            ("pause_ms", .number(attempt.pause.milliseconds)),
            ("ms", .number(attempt.duration.milliseconds)),
            ("code", attempt.rejection.map { .string($0.code.name) } ?? .null),
            ("layer", attempt.rejection.map { .string($0.layer.rawValue) } ?? .null),
        ])
    }
}

/// A JSON value on its way to text.
package indirect enum JSONText {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case exact(Double)
    case string(String)
    case array([JSONText])
    case object([(String, JSONText)])

    package var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        // Three decimals are enough for milliseconds; JSON has no infinity.
        case .number(let value): value.isFinite ? "\((value * 1000).rounded() / 1000)" : "null"
        case .exact(let value): value.isFinite ? "\(value)" : "null"
        case .string(let value): Self.quoted(value)
        case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
        case .object(let fields):
            "{" + fields.map { Self.quoted($0.0) + ":" + $0.1.text }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
