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
        if models.isEmpty { Console.error("no models are being served") }
        for model in models { Console.line(ModelOutput.line(model)) }
    }
}

/// One model as JSON and as a line.
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

    /// Returns a line for people. The line mentions the file on disk only if it differs from the
    /// loaded file.
    static func line(_ model: ModelInfo) -> String {
        let mark = model.provenance == .mock ? "MOCK" : "real"
        let reason = model.deviceReason.map { " (\($0))" } ?? ""
        let file =
            switch model.file {
            case .changed, .missing: "  file \(model.file?.rawValue ?? "")"
            case .unchanged, nil: ""
            }
        return "\(model.name)  \(mark)  \(model.state.rawValue)  \(model.architecture)  "
            + "\(model.parameters) parameters  vocabulary \(model.vocabulary)  "
            + "context \(model.context)  generation \(model.generation)  "
            + "\(model.device)\(reason)\(file)"
    }
}
