// assay swap [NAME=]PATH: asks the server to assay a file beside a served model, and to switch to
// it. Ctrl-C gives the swap up, and the old generation goes on.

import ArgumentParser
import AssayClient
import Console
import Loading
import PlainText
import Wire

struct Swap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have the server assay a model file, and switch a served model to it.",
        discussion: """
            Requests in flight end on the generation they began with, new ones get the new \
            generation. Until the switch, and when the new model fails, the old one answers. \
            Afterwards the old one is held: assay rollback NAME returns to it.
            """)

    @OptionGroup var options: ServerOptions

    @Argument(
        help: "NAME=PATH, or PATH with --model NAME; the path is the server's.",
        completion: .model)
    var target: String

    @Option(
        help: ArgumentHelp(
            "Live requests to compute by both generations and compare before the switch.",
            valueName: "n"),
        transform: FlagValue.whole("--shadow", 0...Limits.shadowCountMax))
    var shadow: UInt64 = 0

    @Flag(help: "End the swap when --shadow finds a difference; the old generation goes on.")
    var requireEqual = false

    @Option(
        help: "strict, graceful or development; the server's setting by default.",
        completion: .strategy, transform: FlagValue.word("--strategy"))
    var strategy: LoadStrategy?

    @Option(
        help: "auto, cpu, cuda or cuda:N; the server's setting by default.", completion: .device,
        transform: FlagValue.text("--device", 1...Limits.deviceNameSizeMax))
    var device: String?

    func run() async throws {
        let request = try request()
        let reply = try await interruptible { [self] in
            try await options.withClient { client in try await swap(request, client) }
        }
        guard let reply else {
            Console.error(
                "the swap of \(request.name.shellWord) was given up by Ctrl-C; assay models shows "
                    + "the generation that answers")
            exitProcess(.interrupted)
        }
        options.announce(reply.provenance, model: request.name)
        if options.json {
            Console.line(Self.json(reply.message).text)
        } else {
            Console.lines(Self.lines(reply.message))
        }
    }

    private func request() throws -> SwapRequest {
        let place = try NamedPath(target, model: options.model)
        guard !requireEqual || shadow > 0 else {
            throw Failure.usage("--require-equal: found no --shadow, allowed: beside --shadow N")
        }
        return SwapRequest(
            name: place.name, path: place.path, strategy: strategy, device: device, progress: true,
            shadow: shadow, requireEqual: requireEqual)
    }

    private func swap(
        _ request: SwapRequest, _ client: Client
    ) async throws -> Reply<SwapResponse> {
        var output = LayerOutput("swapping \(request.name)", isQuiet: options.json)
        defer { output.clear() }
        do {
            return try await client.swap(request, deadlineMilliseconds: options.deadline) { part in
                if let layer = part.layer {
                    output.show(layer)
                } else if let step = part.step {
                    output.show(step, done: part.done ?? 0, total: part.total ?? 0)
                }
            }
        } catch {
            guard error.code == .givenUp, Task.isCancelled else { throw error }
            await settle(client)
            throw CancellationError()
        }
    }

    private static func lines(_ message: SwapResponse) -> [StyledText] {
        let (model, previous) = (message.model, message.previousGeneration)
        let past =
            model.heldGeneration == previous
            ? "generation \(previous) is held for a rollback"
            : "generation \(previous) ends with its requests"
        var lines = ["", "warm-up: \(message.warmed) requests"]
        if let shadow = message.shadow { lines += shadow.lines }
        lines += ["\(ModelOutput.answering(model)), \(past)", ModelOutput.origin(model)]
        return lines.map { StyledText(escaped($0)) }
    }

    private static func json(_ message: SwapResponse) -> JSONText {
        .object(
            ModelOutput.identity(message.model) + [
                ("previous_generation", .unsigned(message.previousGeneration)),
                ("layers", LayerOutput.json(message.layers)),
                ("warmed", .unsigned(message.warmed)),
                ("shadow", message.shadow.map(\.json) ?? .null),
                ("overrides", .array(message.overrides.map { .string($0) })),
                ("attempts", .array(message.attempts.map { .string($0) })),
            ] + ModelOutput.state(message.model))
    }
}

extension ShadowReport {
    /// The report for people. The comparison has found nothing unless it has compared something.
    fileprivate var lines: [String] {
        guard compared > 0 else { return ["shadow: no live request came to compare"] }
        let counts = "shadow: \(equal) of \(compared) live requests answered alike"
        guard equal < compared else { return [counts] }
        return ["\(counts), largest divergence \(divergenceMax)"]
            + (firstDifference.map { ["  first difference: \($0)"] } ?? [])
    }

    fileprivate var json: JSONText {
        .object([
            ("compared", .unsigned(compared)), ("equal", .unsigned(equal)),
            ("divergence_max", .number(divergenceMax)),
            ("first_difference", .string(firstDifference)),
        ])
    }
}
