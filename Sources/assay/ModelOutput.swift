// Served models as JSON, as a table, as a list of all facts, and in sentences.
//
// Guarantees: the table fits its width whatever a model has: a label has a row of its own, and the
// rest that not every model has stands in the note, the urgent first. A model without any of it has
// no word about it.

import AssayClient
import Console
import Loading
import PlainText
import Wire

/// See the head of the file.
enum ModelOutput {
    // MARK: JSON

    static func fields(_ model: ModelInfo) -> [(String, JSONText)] {
        [
            ("name", .string(model.name)),
            ("state", .string(model.state.rawValue)),
            ("provenance", .string(model.provenance.description)),
            ("architecture", .string(model.architecture)),
            ("parameters", .unsigned(model.parameters)),
            ("vocab", .unsigned(model.vocabulary)),
            ("context", .unsigned(model.context)),
            ("fingerprint", .string(model.fingerprint.map { hexText($0) })),
            ("generation", .unsigned(model.generation)),
            ("device", .string(model.device)),
            ("device_reason", .string(model.deviceReason)),
            ("bytes", .unsigned(model.bytes)),
        ] + (model.file.map { [("file", .string($0.rawValue))] } ?? []) + state(model)
    }

    /// What changes while a model serves. Null where a server of an older revision says nothing.
    static func state(_ model: ModelInfo) -> [(String, JSONText)] {
        [
            ("labels", .array(model.labels.map(label))),
            ("pinned", .bool(model.pinned ?? false)),
            ("held_generation", model.heldGeneration.map { .unsigned($0) } ?? .null),
            ("evicted", .bool(model.evicted ?? false)),
            ("breaker", .string(model.breaker?.rawValue)),
            ("breaker_reason", .string(model.breakerReason)),
            ("breaker_s", model.breakerSeconds.map { .number($0) } ?? .null),
            ("seal_age_s", model.sealAgeSeconds.map { .number($0) } ?? .null),
            ("load_failure", .string(model.loadFailure)),
        ]
    }

    private static func label(_ label: ModelLabel) -> JSONText {
        .object([
            ("label", .string(label.label)), ("generation", .unsigned(label.generation)),
            ("share", label.share.map { .number($0) } ?? .null),
        ])
    }

    /// First fields of what a verb prints about its model, named as those of an answer.
    static func identity(_ model: ModelInfo) -> [(String, JSONText)] {
        [
            ("provenance", .string(model.provenance.description)),
            ("model", .string(model.name)),
            ("fingerprint", .string(model.fingerprint.map { hexText($0) })),
            ("generation", .unsigned(model.generation)),
            ("device", .string(model.device)),
        ]
    }

    // MARK: Sentences

    /// The generation that answers, as the beginning of a sentence.
    static func answering(_ model: ModelInfo) -> String {
        "\(model.name): generation \(model.generation) answers"
    }

    /// The origin of the answers of a model, on a line.
    static func origin(_ model: ModelInfo) -> String {
        let digest = model.fingerprint.map { hexText($0.prefix(6)) + "…" } ?? "none"
        return "[provenance: \(model.provenance) | model: \(model.name) | fingerprint: \(digest) | "
            + "generation: \(model.generation) | device: \(model.device)]"
    }

    /// A share with the digits that a person gave, such as `12.5 %`.
    static func percent(_ share: Double) -> String {
        "\(FlagValue.short((share * 1e6).rounded() / 1e4)) %"
    }

    // MARK: Table

    /// Returns the table of `models`, or all facts of each below another when `isWhole`.
    static func lines(_ models: [ModelInfo], isWhole: Bool) -> [StyledText] {
        guard !isWhole else {
            return Array(models.map(facts).joined(separator: [""]))
        }
        var table = TextTable([
            .text("NAME"), .text("FINGERPRINT"), .text("FAMILY"), .number("PARAMS"),
            .number("SIZE"), .text("MARK"), .text("STATE"), .number("GEN"), .text("DEVICE"),
            .reason("NOTE"),
        ])
        for model in models {
            table.add([
                .init(model.name), .init(fingerprint(model, size: 6)), .init(model.architecture),
                .init(Quantity.count(model.parameters)), .init(Quantity.bytes(model.bytes)),
                mark(model), .init(stateWord(model)), generation(model.generation),
                .init(model.device), .init(note(model)),
            ])
            for label in model.labels { table.add(row(label, of: model)) }
        }
        return table.lines()
    }

    /// The row of a label. Only the generation that answers the plain name has known facts.
    private static func row(_ label: ModelLabel, of model: ModelInfo) -> [StyledText] {
        let isActive = label.generation == model.generation
        return [
            .init("\(model.name):\(label.label)"),
            .init(isActive ? fingerprint(model, size: 6) : ""), "", "", "", "", "",
            generation(label.generation), "",
            .init(label.share.map { "\(percent($0)) of \(model.name)" } ?? ""),
        ]
    }

    private static func generation(_ number: UInt64) -> StyledText {
        StyledText(number > 0 ? "\(number)" : "")
    }

    private static func stateWord(_ model: ModelInfo) -> String {
        model.evicted == true ? "evicted" : model.state.rawValue
    }

    private static func mark(_ model: ModelInfo) -> StyledText {
        model.provenance == .mock ? StyledText("MOCK", .alarm) : "real"
    }

    private static func fingerprint(_ model: ModelInfo, size: Int) -> String {
        model.fingerprint.map { hexText($0.prefix(size)) } ?? ""
    }

    /// What differs from a plain model in service, the urgent first: a breaker that is not closed,
    /// the last failure, the file on disk, then what an operator has set, then the device.
    private static func note(_ model: ModelInfo) -> String {
        let file: String? =
            switch model.file {
            case .changed: "file changed"
            case .missing: "file missing"
            case .unchanged, nil: nil
            }
        return [
            breaker(model), model.loadFailure == nil ? nil : "last load failed", file,
            model.pinned == true ? "pinned" : nil, model.heldGeneration.map { "\($0) held" },
            model.deviceReason,
        ].compactMap(\.self).joined(separator: "; ")
    }

    private static func breaker(_ model: ModelInfo) -> String? {
        switch model.breaker {
        case .open: "breaker open"
        case .halfOpen: "breaker half open"
        case .closed, nil: nil
        }
    }

    // MARK: All facts

    private static func facts(_ model: ModelInfo) -> [StyledText] {
        var table = TextTable([.text(""), .text("")])
        let rows: [(StyledText, StyledText)] = [
            ("name", .init(model.name)), ("mark", mark(model)),
            ("state", .init(stateWord(model))), ("family", .init(model.architecture)),
            ("parameters", .init("\(model.parameters)")), ("bytes", .init("\(model.bytes)")),
            ("vocabulary", .init("\(model.vocabulary)")),
            ("context", .init("\(model.context)")),
            ("fingerprint", .init(fingerprint(model, size: Limits.fingerprintSize))),
            ("generation", .init("\(model.generation)")), ("device", .init(model.device)),
            ("device reason", .init(model.deviceReason ?? "")),
            ("file", .init(model.file?.rawValue ?? "")),
        ]
        for (name, value) in rows + poolFacts(model) { table.add([name, value]) }
        return table.lines(isWhole: true)
    }

    /// Rows of what a model has only sometimes.
    private static func poolFacts(_ model: ModelInfo) -> [(StyledText, StyledText)] {
        let labels = model.labels.map { label in
            let share = label.share.map { ", \(percent($0)) of the requests" } ?? ""
            return ("label \(label.label)", "generation \(label.generation)\(share)")
        }
        let state = model.breakerSeconds.map { " for \(Quantity.fixed($0, 1)) s" } ?? ""
        let facts: [(String, String?)] = [
            ("held", model.heldGeneration.map { "generation \($0)" }),
            ("pinned", model.pinned == true ? "yes" : nil),
            ("breaker", breaker(model) == nil ? nil : model.breaker.map { $0.rawValue + state }),
            ("breaker reason", model.breakerReason),
            ("seal age", model.sealAgeSeconds.map { "\(Quantity.fixed($0, 1)) s" }),
            ("load failure", model.loadFailure),
        ]
        return (labels + facts.compactMap { name, value in value.map { (name, $0) } })
            .map { (StyledText($0.0), StyledText($0.1)) }
    }
}

extension AnswerOptions {
    /// Shows what a verb did to a model: a sentence and the origin, or JSON.
    func show(_ model: ModelInfo, _ provenance: Provenance, _ sentence: String) {
        announce(provenance, model: model.name)
        guard !json else {
            let rest = ModelOutput.fields(model).filter { field in
                field.0 != "name" && !ModelOutput.identity(model).contains { $0.0 == field.0 }
            }
            return Console.line(JSONText.object(ModelOutput.identity(model) + rest).text)
        }
        Console.lines([
            StyledText(escaped(sentence)), StyledText(escaped(ModelOutput.origin(model))),
        ])
    }
}
