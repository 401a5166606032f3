// assay health: exits with 0 when work is accepted, 75 when not, and with --verify 65 when the
// model has drifted.

import Console
import Loading
import ArgumentParser
import AssayClient
import PlainText
import Wire

struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Is the server, or one model, ready? 0 yes, 75 not now.")

    @OptionGroup var options: ServerOptions
    @OptionGroup var demands: RequirementOptions
    @OptionGroup var place: ContextOptions
    @OptionGroup var form: TableOptions

    @Argument(help: "Name of the model; or --model NAME.")
    var name: String?

    @Flag(help: "Compare the model with its seal now; 65 when it has drifted.")
    var verify = false

    func run() async throws {
        let requirements = try demands.requirements()
        let name = name == nil ? options.model : try options.name(name)
        let request = HealthRequest(
            model: name, verify: verify, context: try place.context(),
            requirements: requirements)
        let reply = try await options.withClient(demandsReal: false) { client in
            try await client.health(request, deadlineMilliseconds: options.deadline)
        }
        options.announce(reply.provenance, model: name)
        let message = reply.message
        if options.json {
            Console.line(
                JSONText.object([
                    ("provenance", .string(reply.provenance.description)),
                    ("ready", .bool(message.ready)),
                    ("state", .string(message.state.rawValue)),
                    ("reason", .string(message.reason)),
                    ("seal", .string(message.seal?.rawValue)),
                    ("largest_difference", message.largestDifference.map { .number($0) } ?? .null),
                    ("file", .string(message.file?.rawValue)),
                ]).text)
        } else {
            Console.lines(lines(message))
        }
        if verify, message.state == .failed { exitProcess(.rejected) }
        if !message.ready { exitProcess(.tryAgain) }
    }

    /// Returns the state with its reason, the seal and the file, a line each.
    private func lines(_ message: HealthResponse) -> [StyledText] {
        let reason = message.reason.map { ": \(escaped($0))" } ?? ""
        let words = message.ready ? "ready" : "not ready"
        let state = "\(words) (\(message.state.rawValue))\(reason)"
        let first = form.verbose ? state : shortened(state, to: TextTable.widthMax)
        let others = [Self.sealLine(message), Self.fileLine(message)].compactMap(\.self)
        return [StyledText(first)] + others.map { StyledText($0) }
            + (first == state ? [] : [TextTable.hint])
    }

    private static func fileLine(_ message: HealthResponse) -> String? {
        switch message.file {
        case .unchanged: "file unchanged"
        case .changed: "file changed: another one lies on disk than the one that is served"
        case .missing: "file missing: the one that is served is gone from disk"
        case nil: nil
        }
    }

    private static func sealLine(_ message: HealthResponse) -> String? {
        switch message.seal {
        case .matched: "seal matched (largest difference \(message.largestDifference ?? 0))"
        case .drifted: "the model is not the one that was sealed"
        case .absent: "no seal: the model was run twice and gave the same bits each time"
        case nil: nil
        }
    }
}
