// assay health: 0 when work is accepted, 75 when not.

import ArgumentParser
import AssayClient

struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Is the server, or one model, ready? 0 yes, 75 not now.")

    @OptionGroup var options: ServerOptions
    @OptionGroup var demands: RequirementOptions

    func run() throws {
        let requirements = try demands.requirements()
        let reply = try options.withClient { client in
            try client.health(
                model: options.model, requirements: requirements,
                deadlineMilliseconds: options.deadline)
        }
        options.announce(reply.provenance, model: options.model)
        let message = reply.message
        if options.json {
            print(
                JSONValue.object([
                    ("provenance", .string(reply.provenance.description)),
                    ("ready", .bool(message.ready)),
                    ("state", .string(message.state.rawValue)),
                    ("reason", .string(message.reason)),
                ]).text)
        } else {
            let reason = message.reason.map { ": \($0)" } ?? ""
            print("\(message.ready ? "ready" : "not ready") (\(message.state.rawValue))\(reason)")
        }
        if !message.ready { exitProcess(.tryAgain) }
    }
}
