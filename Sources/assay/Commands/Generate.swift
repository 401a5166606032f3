// assay generate: continues a prompt and shows the text as it comes. Ctrl-C ends the answer.

import Console
import Loading
import ArgumentParser
import AssayClient
import PlainText
import Wire

struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Continue a prompt, streaming the text.")

    @OptionGroup var options: ServerOptions
    @OptionGroup var input: PromptOptions
    @OptionGroup var demands: RequirementOptions
    @OptionGroup var place: ContextOptions
    @OptionGroup var form: TableOptions

    @OptionGroup var sampling: SamplingOptions

    @Flag(help: "Drop the beginning of a prompt that does not fit, instead of refusing it.")
    var truncatePrompt = false

    @Option(
        parsing: .unconditional,
        help: "Log-probability of each token made, and of the N best beside it; 0 to 64.",
        transform: FlagValue.whole("--logprobs", 0...Limits.topLogprobsMax))
    var logprobs: UInt64?

    @Option(
        parsing: .unconditional,
        help: "The same for the tokens of the prompt, from the second on.",
        transform: FlagValue.whole("--prompt-logprobs", 0...Limits.topLogprobsMax))
    var promptLogprobs: UInt64?

    @Flag(name: .shortAndLong, help: "Print the text alone; a mock is announced all the same.")
    var quiet = false

    func run() async throws {
        let request = try request()
        let json = options.json
        let ending = try await interruptible { [self] in
            try await options.withClient { client in
                var shown = ShownAnswer(isQuiet: json)
                let ending = try await shown.take(
                    client.generateStream(request, deadlineMilliseconds: options.deadline))
                if case .cut = ending { await settle(client) }
                return ending
            }
        }
        switch ending ?? .cut(CutAnswer()) {
        case .whole(let reply): finish(reply)
        case .cut(let cut):
            if !quiet { Console.error(cut.line(model: options.model)) }
            exitProcess(.interrupted)
        }
    }

    private func finish(_ reply: Reply<GenerateResponse>) {
        let message = reply.message
        let output = AnswerOutput(
            provenance: reply.provenance, generation: reply.generation, answer: message.answer)
        guard !options.json else {
            options.announce(reply.provenance, model: message.answer.model)
            return Console.line(Self.json(message, output).text)
        }
        printTables(message)
        guard !quiet else { return }
        Console.error(output.line)
        Console.error(message.summary)
    }

    private func request() throws -> GenerateRequest {
        try sampling.check()
        var request = GenerateRequest(model: options.model, prompt: try input.chosen())
        request.parseSpecial = input.parseSpecial
        request.addSpecial = !input.noAddSpecial
        try input.template.apply(to: &request)
        sampling.apply(to: &request)
        request.truncatePrompt = truncatePrompt
        request.logprobs = logprobs
        request.promptLogprobs = promptLogprobs
        request.requirements = try demands.requirements()
        request.context = try place.context()
        return request
    }

    static func json(_ message: GenerateResponse, _ output: AnswerOutput) -> JSONText {
        .object(
            output.identity + [
                ("tokens", .tokens(message.tokens)),
                ("text", .string(message.text)),
                ("finish_reason", .string(message.finishReason.rawValue)),
                ("stop_matched", .string(message.stopMatched)),
            ] + lists(message) + [("usage", usage(message))] + output.account)
    }

    private static func usage(_ message: GenerateResponse) -> JSONText {
        .object([
            ("prompt_tokens", .unsigned(message.promptTokens)),
            ("completion_tokens", .unsigned(message.completionTokens)),
        ])
    }

    /// Returns the requested log-probabilities.
    private static func lists(_ message: GenerateResponse) -> [(String, JSONText)] {
        [("prompt_logprobs", message.promptLogprobs), ("logprobs", message.logprobs)]
            .filter { $0.1 != nil }.map { ($0.0, LogprobsOutput.json($0.1)) }
    }

    private func printTables(_ message: GenerateResponse) {
        let tables = [("PROMPT-TOKEN", message.promptLogprobs), ("TOKEN", message.logprobs)]
        for case (let heading, let logprobs?) in tables {
            let table = LogprobsOutput.table(logprobs, heading: heading)
            Console.lines(table.lines(isWhole: form.verbose))
        }
    }
}
