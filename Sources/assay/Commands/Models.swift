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
