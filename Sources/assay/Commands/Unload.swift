// assay unload NAME: asks the server to stop serving a model.

import Console
import Loading
import ArgumentParser
import AssayClient

struct Unload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop serving a model once its requests are done.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "Name of the model; or --model NAME.")
    var name: String?

    func run() async throws {
        let name = try options.name(name)
        let reply = try await options.withClient { client in
            try await client.unload(
                UnloadRequest(name: name), deadlineMilliseconds: options.deadline)
        }
        options.announce(reply.provenance, model: name)
        if options.json {
            Console.line(
                JSONText.object([
                    ("provenance", .string(reply.provenance.description)),
                    ("unloaded", .string(name)),
                ]).text)
        } else {
            Console.line("unloaded \(name)")
        }
    }
}
