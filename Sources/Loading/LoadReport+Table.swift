// The report as text for a terminal.
//
// Guarantees: a row per layer, and at the end the reason with advice. The whole form has every text
// and every digit. The short form has rounded numbers and fits a terminal: rows are cut, and the
// reason is wrapped, never cut.
// Does not: translate.

import Inference
import PlainText

extension LoadReport: CustomStringConvertible {
    /// Equal to `table`.
    public var description: String { table }

    /// Several lines: outcome, layers, facts, reason and advice, whole.
    public var table: String { lines(true).map(\.plain).joined(separator: "\n") }

    /// The lines of `table`, with their styles, or the short form.
    package func lines(_ isWhole: Bool) -> [StyledText] {
        var lines = [headline + StyledText(": \(path)"), ""] + layerTable.lines()
        lines += factLines(isWhole)
        if attempts.count > 1 { lines += ["", "attempts:"] + attemptLines(isWhole) }
        guard let rejection else { return lines }
        lines += ["", StyledText("refused at the \(rejection.layer) layer (\(rejection.code))")]
        for text in [rejection.message, rejection.advice] {
            let width = TextTable.widthMax - 2
            lines += (isWhole ? [text] : wrapped(text, to: width)).map { StyledText("  \($0)") }
        }
        return lines
    }

    private var headline: StyledText {
        switch provenance {
        case .real: "accepted"
        case .mock: StyledText("REFUSED, A MOCK STANDS IN", .alarm)
        case nil: StyledText("refused", .alarm)
        }
    }

    /// Columns of the first column in both tables.
    private static let nameWidth = 13

    private var layerTable: TextTable {
        var table = TextTable(
            [.text("LAYER", widthMin: Self.nameWidth), .text("VERDICT"), .number("TIME")],
            indentation: 2)
        for verdict in layers {
            table.add([
                .init(verdict.layer.rawValue), verdict.ok ? "ok" : StyledText("REFUSED", .alarm),
                .init(Self.time(verdict.duration)),
            ])
        }
        let reached = layers.last?.layer
        for layer in Layer.allCases where reached.map({ layer > $0 }) ?? true {
            table.add([.init(layer.rawValue), accepted ? "skipped" : "not reached", ""])
        }
        return table
    }

    /// Rows that the short form leaves whole: paths, digests and keys, for people to copy.
    private static let wholeRows = ["override", "seal", "sha256", "shared"]

    private func factLines(_ isWhole: Bool) -> [StyledText] {
        let rows = facts(isWhole)
        guard !rows.isEmpty else { return [] }
        var table = TextTable([.text("", widthMin: Self.nameWidth), .text("")], indentation: 2)
        var isCut = false
        for (name, text) in rows {
            let text = escaped(text)
            // Indentation and gap take four columns, and a name of 14 is the longest.
            let width = TextTable.widthMax - 14 - 4
            let shown = Self.wholeRows.contains(name) ? text : shortened(text, to: width)
            isCut = isCut || (!isWhole && shown != text)
            table.add([.init(name), .init(isWhole ? text : shown)])
        }
        return [""] + table.lines() + (isCut ? [TextTable.hint] : [])
    }

    private func facts(_ isWhole: Bool) -> [(String, String)] {
        var rows: [(String, String)] = []
        func bytes(_ size: Int) -> String {
            isWhole ? "\(size) bytes" : Quantity.bytes(UInt64(clamping: size))
        }
        if let model {
            let name = model.name.map { "\"\($0)\"" } ?? "without a name"
            rows.append(("model", "\(model.architecture), \(name)"))
            rows.append(
                (
                    "size",
                    (isWhole
                        ? "\(model.parameterCount)"
                        : Quantity.count(UInt64(clamping: model.parameterCount)))
                        + " parameters, \(bytes(model.weightBytes)) of weights, "
                        + "\(model.blockCount) blocks of width \(model.embeddingLength)"
                ))
            rows.append(
                (
                    "files",
                    "\(model.container), \(bytes(model.fileSize)) in \(model.fileCount) "
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
        if let memory { rows.append(("memory", memory.summary(bytes))) }
        if let sharedWith { rows.append(("shared", "packing and assay of \(sharedWith)")) }
        if let fingerprint { rows.append(("sha256", fingerprint.hex)) }
        if let seal { rows.append(("seal", seal.description)) }
        rows += overrides.map {
            ("override", "\($0.key) = \($0.replacement) (file: \($0.original ?? "nothing"))")
        }
        if !degradations.isEmpty {
            rows.append(("degraded", degradations.joined(separator: ", ")))
        }
        return rows
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

    private func attemptLines(_ isWhole: Bool) -> [StyledText] {
        let whole = attempts.map(Self.line)
        let shown = isWhole ? whole : whole.map { shortened($0, to: TextTable.widthMax) }
        return shown.map { StyledText($0) } + (shown == whole ? [] : [TextTable.hint])
    }

    private static func line(_ attempt: LoadAttempt) -> String {
        let outcome =
            attempt.rejection.map { "\($0.layer)/\($0.code): \($0.found)" } ?? "accepted"
        return "  \(attempt.number). after a pause of \(time(attempt.pause)), "
            + "\(time(attempt.duration)): \(outcome)"
    }

    private static func time(_ duration: Duration) -> String {
        Quantity.time(milliseconds: duration.milliseconds)
    }
}

extension MemoryUse {
    /// The estimate in one line, with sizes as `bytes` writes them.
    fileprivate func summary(_ bytes: (Int) -> String) -> String {
        let rest = estimate.total - estimate.weights - estimate.cache
        let own =
            "\(bytes(estimate.total)): weights \(bytes(estimate.weights)), cache "
            + "\(bytes(estimate.cache)), other \(bytes(rest))"
        guard let limit else { return own }
        return own + "; other models \(bytes(resident)) of \(bytes(limit))"
    }
}
