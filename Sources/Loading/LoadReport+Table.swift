// The report as text for a terminal.
//
// Guarantees: a plain ASCII frame, a line per layer, and at the end the reason with advice.
// Does not: colour, wrap or translate.

import Inference

extension LoadReport: CustomStringConvertible {
    /// Equal to `table`.
    public var description: String { table }

    /// Several lines: outcome, layers, facts, reason and advice.
    public var table: String {
        var lines = ["\(headline): \(path)", ""]
        lines += layers.map { row($0.layer.rawValue, verdict($0)) }
        let reached = layers.last?.layer
        for layer in Layer.allCases where reached.map({ layer > $0 }) ?? true {
            lines.append(row(layer.rawValue, accepted ? "skipped" : "not reached"))
        }
        lines += facts
        if attempts.count > 1 { lines += ["", "attempts:"] + attempts.map(Self.line) }
        if let rejection {
            lines += [
                "", "refused at the \(rejection.layer) layer (\(rejection.code))",
                "  \(rejection.message)", "  \(rejection.advice)",
            ]
        }
        return lines.joined(separator: "\n")
    }

    private var headline: String {
        switch provenance {
        case .real: "accepted"
        case .mock: "REFUSED, A MOCK STANDS IN"
        case nil: "refused"
        }
    }

    private var facts: [String] {
        var rows: [(String, String)] = []
        if let model {
            let name = model.name.map { "\"\($0)\"" } ?? "without a name"
            rows.append(("model", "\(model.architecture), \(name)"))
            rows.append(
                (
                    "size",
                    "\(model.parameterCount) parameters, \(model.weightBytes) bytes of weights, "
                        + "\(model.blockCount) blocks of width \(model.embeddingLength)"
                ))
            rows.append(
                (
                    "files",
                    "\(model.container), \(model.fileSize) bytes in \(model.fileCount) "
                        + (model.fileCount == 1 ? "file" : "files")
                ))
            rows.append(
                (
                    "tokens",
                    "\(model.vocabularySize) in the vocabulary (\(model.tokenizer)), "
                        + "context \(model.contextLength)"
                ))
            if let template = model.chatTemplate {
                rows.append(("conversations", template.summary))
            }
            if model.activationRounding != .none {
                rows.append(("activations", model.activationRounding.rawValue))
            }
            rows += Self.uses(model)
        }
        if let device {
            rows.append(("device", device + (deviceReason.map { " (\($0))" } ?? "")))
        }
        if let kernels { rows.append(("kernels", kernels.summary)) }
        if let fingerprint { rows.append(("sha256", fingerprint.hex)) }
        if let seal { rows.append(("seal", seal.description)) }
        rows += overrides.map {
            ("override", "\($0.key) = \($0.replacement) (file: \($0.original ?? "nothing"))")
        }
        if !degradations.isEmpty {
            rows.append(("degraded", degradations.joined(separator: ", ")))
        }
        return rows.isEmpty ? [] : [""] + rows.map { row($0.0, $0.1) }
    }

    /// End tokens, pooling, and the keys that are applied or not understood.
    private static func uses(_ model: ModelFacts) -> [(String, String)] {
        var rows: [(String, String)] = []
        let ends = model.endTokens.map { "\($0.id) \"\($0.text)\"" }
        rows.append(("ends with", ends.isEmpty ? "no token" : ends.joined(separator: ", ")))
        if let pooling = model.pooling { rows.append(("pooling", pooling.rawValue)) }
        if !model.isCausal { rows.append(("attention", "not causal, a whole text at once")) }
        if let reason = model.textRefusal { rows.append(("no text", reason)) }
        func row(_ name: String, _ keys: [String]) {
            guard !keys.isEmpty else { return }
            rows.append((name, keys.sorted().joined(separator: ", ")))
        }
        row("keys applied", model.keys.applied)
        row("not understood", model.keys.notUnderstood)
        row("suggestions", model.keys.suggestions.map { "\($0.key) = \($0.value)" })
        return rows
    }

    private func verdict(_ verdict: LayerVerdict) -> String {
        (verdict.ok ? "ok     " : "REFUSED") + " " + Self.milliseconds(verdict.duration)
    }

    private func row(_ name: String, _ text: String) -> String {
        "  " + name + String(repeating: " ", count: max(1, 15 - name.count)) + text
    }

    private static func line(_ attempt: LoadAttempt) -> String {
        let outcome =
            attempt.rejection.map { "\($0.layer)/\($0.code): \($0.found)" } ?? "accepted"
        return "  \(attempt.number). after a pause of \(milliseconds(attempt.pause)), "
            + "\(milliseconds(attempt.duration)): \(outcome)"
    }

    /// Milliseconds with at most three decimals, independent of the locale.
    static func milliseconds(_ duration: Duration) -> String {
        "\((duration.milliseconds * 1000).rounded() / 1000) ms"
    }
}
