// assay logits: the raw scores after a prompt, as a table, JSON or a file of f32.

import Console
import Loading
import ArgumentParser
import AssayClient
import PlainText
import Wire

struct LogitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logits", abstract: "Raw scores of the next token.")

    /// Entries of the table and of "top".
    private static let topCount = 10

    @OptionGroup var options: ServerOptions
    @OptionGroup var input: PromptOptions
    @OptionGroup var demands: RequirementOptions
    @OptionGroup var place: ContextOptions

    @Flag(help: "Scores after every token, not only after the last.")
    var allPositions = false

    @Option(
        help: "Write all scores to this file: float32, little-endian, row by row.",
        completion: .file())
    var raw: String?

    func run() async throws {
        var request = LogitsRequest(model: options.model, prompt: try input.chosen())
        request.parseSpecial = input.parseSpecial
        request.addSpecial = !input.noAddSpecial
        try input.template.apply(to: &request)
        request.allPositions = allPositions
        request.requirements = try demands.requirements()
        request.context = try place.context()
        let reply = try await options.withClient { client in
            try await client.logits(request, deadlineMilliseconds: options.deadline)
        }
        let message = reply.message
        options.announce(reply.provenance, model: message.answer.model)
        if let raw { try FloatFile.write(message.logits, to: raw) }
        let output = AnswerOutput(
            provenance: reply.provenance, generation: reply.generation, answer: message.answer)
        let top = Self.top(message)
        if options.json {
            Console.line(Self.json(message, top, output).text)
        } else {
            var table = TextTable([.number("RANK"), .number("TOKEN"), .number("LOGIT")])
            for (index, entry) in top.enumerated() {
                table.add([
                    .init("\(index + 1)"), .init("\(entry.token)"),
                    .init(LogprobsOutput.fixed(entry.logit)),
                ])
            }
            Console.lines(table.lines())
            Console.error(output.line)
        }
    }

    /// Returns the best tokens of the last position.
    private static func top(_ message: LogitsResponse) -> [(token: Int, logit: Float)] {
        let last = message.logits.suffix(Int(message.vocabulary))
        let order = last.enumerated().sorted { one, other in
            one.element == other.element ? one.offset < other.offset : one.element > other.element
        }
        return order.prefix(topCount).map { ($0.offset, $0.element) }
    }

    private static func json(
        _ message: LogitsResponse, _ top: [(token: Int, logit: Float)], _ output: AnswerOutput
    ) -> JSONText {
        let entries = top.map { entry -> JSONText in
            .object([
                ("token", .unsigned(UInt64(entry.token))), ("logit", .float(entry.logit)),
            ])
        }
        return .object(
            output.identity + [
                ("vocab", .unsigned(message.vocabulary)),
                ("positions", .unsigned(message.positions)),
                ("top", .array(entries)),
            ] + output.account)
    }
}
