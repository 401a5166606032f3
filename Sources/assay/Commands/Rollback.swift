// assay rollback NAME: asks the server to return to the generation before the last swap.

import ArgumentParser
import AssayClient
import Wire

struct Rollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Return to the generation of a model that was held by the last swap.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "Name of the model; or --model NAME.")
    var name: String?

    func run() async throws {
        let name = try options.name(name)
        let reply = try await options.withClient(demandsReal: false) { client in
            try await client.rollback(
                RollbackRequest(name: name), deadlineMilliseconds: options.deadline)
        }
        let model = reply.message.model
        let held = model.heldGeneration.map { ", generation \($0) is held for a rollback" } ?? ""
        options.answer.show(model, reply.provenance, "\(ModelOutput.answering(model))\(held)")
    }
}
