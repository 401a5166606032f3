// assay pin NAME: asks the server to keep a model in memory, or to let it go.

import ArgumentParser
import AssayClient
import Wire

struct Pin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep a model in memory, or let it go with --off.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "Name of the model; or --model NAME.")
    var name: String?

    @Flag(help: "Let the model go again: it may be evicted and unloaded.")
    var off = false

    func run() async throws {
        let name = try options.name(name)
        let reply = try await options.withClient(demandsReal: false) { client in
            try await client.pin(
                PinRequest(name: name, pinned: !off), deadlineMilliseconds: options.deadline)
        }
        let model = reply.message.model
        options.answer.show(
            model, reply.provenance,
            model.pinned == true
                ? "\(model.name) is pinned: it is neither evicted nor unloaded"
                : "\(model.name) is not pinned")
    }
}
