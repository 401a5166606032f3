// assay models: lists the served models and the state of their files on disk.

import Console
import Loading
import ArgumentParser
import AssayClient
import PlainText
import Wire

struct Models: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the models being served.")

    @OptionGroup var options: ConnectionOptions
    @OptionGroup var chosen: ModelOption
    @OptionGroup var form: TableOptions

    func run() async throws {
        let reply = try await options.withClient { client in
            try await client.models(deadlineMilliseconds: options.deadline)
        }
        let models = reply.message.models.filter {
            chosen.model == nil || $0.name == chosen.model
        }
        if let name = chosen.model, models.isEmpty {
            throw Failure(
                code: .usage, message: "--model: found no model \(name.shellWord) on the server",
                advice: Failure.unknown(name, among: reply.message.models.map(\.name)))
        }
        if options.json {
            let list = models.map { JSONText.object(ModelOutput.fields($0)) }
            Console.line(
                JSONText.object([
                    ("provenance", .string(reply.provenance.description)), ("models", .array(list)),
                ]).text)
            return
        }
        guard !models.isEmpty else { return Console.error("no models are being served") }
        Console.lines(ModelOutput.lines(models, isWhole: form.verbose))
    }
}

/// Models as JSON, as a table, and as a list of all facts.
enum ModelOutput {
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
        ] + (model.file.map { [("file", .string($0.rawValue))] } ?? [])
    }

    /// Returns the table of `models`, or all facts of each below another when `isWhole`.
    static func lines(_ models: [ModelInfo], isWhole: Bool) -> [StyledText] {
        guard !isWhole else {
            return Array(models.map(facts).joined(separator: [""]))
        }
        var table = TextTable([
            .text("NAME"), .text("FINGERPRINT"), .text("FAMILY"), .number("PARAMS"),
            .number("SIZE"), .text("MARK"), .text("STATE"), .text("DEVICE"), .reason("NOTE"),
        ])
        for model in models {
            table.add([
                .init(model.name), .init(fingerprint(model, size: 6)), .init(model.architecture),
                .init(Quantity.count(model.parameters)), .init(Quantity.bytes(model.bytes)),
                mark(model), .init(model.state.rawValue), .init(model.device),
                .init(note(model)),
            ])
        }
        return table.lines()
    }

    private static func facts(_ model: ModelInfo) -> [StyledText] {
        var table = TextTable([.text(""), .text("")])
        let rows: [(StyledText, StyledText)] = [
            ("name", .init(model.name)), ("mark", mark(model)),
            ("state", .init(model.state.rawValue)), ("family", .init(model.architecture)),
            ("parameters", .init("\(model.parameters)")), ("bytes", .init("\(model.bytes)")),
            ("vocabulary", .init("\(model.vocabulary)")),
            ("context", .init("\(model.context)")),
            ("fingerprint", .init(fingerprint(model, size: Limits.fingerprintSize))),
            ("generation", .init("\(model.generation)")), ("device", .init(model.device)),
            ("device reason", .init(model.deviceReason ?? "")),
            ("file", .init(model.file?.rawValue ?? "")),
        ]
        for (name, value) in rows { table.add([name, value]) }
        return table.lines(isWhole: true)
    }

    private static func mark(_ model: ModelInfo) -> StyledText {
        model.provenance == .mock ? StyledText("MOCK", .alarm) : "real"
    }

    private static func fingerprint(_ model: ModelInfo, size: Int) -> String {
        model.fingerprint.map { hexText($0.prefix(size)) } ?? ""
    }

    /// The file on disk where it differs from the loaded one, and why the device was chosen.
    private static func note(_ model: ModelInfo) -> String {
        let file: String? =
            switch model.file {
            case .changed: "file changed"
            case .missing: "file missing"
            case .unchanged, nil: nil
            }
        return [file, model.deviceReason].compactMap(\.self).joined(separator: "; ")
    }
}
