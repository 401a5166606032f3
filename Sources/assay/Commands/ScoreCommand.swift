// assay score: log-probabilities of given continuations of a prompt.

import Console
import Loading
import ArgumentParser
import AssayClient
import PlainText
import Wire

struct ScoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Log-probabilities of given continuations of a prompt.")

    @OptionGroup var options: ServerOptions
    @OptionGroup var input: PromptOptions
    @OptionGroup var demands: RequirementOptions
    @OptionGroup var place: ContextOptions
    @OptionGroup var form: TableOptions

    @Option(
        name: .customLong("continuation"),
        help: ArgumentHelp("Text to score after the prompt; repeatable.", valueName: "text"))
    var continuations: [String] = []

    @Option(
        help: ArgumentHelp(
            "Token ids to score after the prompt; repeatable, after the texts.", valueName: "ids"))
    var continuationTokens: [String] = []

    @Option(
        parsing: .unconditional, help: "List the N best tokens beside each one; 0 to 64.",
        transform: FlagValue.whole("--top-logprobs", 0...Limits.topLogprobsMax))
    var topLogprobs: UInt64 = 0

    func run() async throws {
        let inputs = try InputList.inputs(
            texts: continuations, tokens: continuationTokens,
            of: ("--continuation", "--continuation-tokens"), max: Limits.continuationCountMax)
        var request = ScoreRequest(
            model: options.model, prompt: try input.chosen(), continuations: inputs)
        request.parseSpecial = input.parseSpecial
        request.addSpecial = !input.noAddSpecial
        try input.template.apply(to: &request)
        request.topLogprobs = topLogprobs
        request.requirements = try demands.requirements()
        request.context = try place.context()
        let reply = try await options.withClient { client in
            try await client.score(request, deadlineMilliseconds: options.deadline)
        }
        let message = reply.message
        options.announce(reply.provenance, model: message.answer.model)
        let output = AnswerOutput(
            provenance: reply.provenance, generation: reply.generation, answer: message.answer)
        if options.json {
            Console.line(Self.json(message, inputs, output).text)
        } else {
            printTables(message, inputs)
            Console.error(output.line)
        }
    }

    private static func json(
        _ message: ScoreResponse, _ inputs: [Input], _ output: AnswerOutput
    ) -> JSONText {
        let scores = zip(inputs, message.scores).map { input, score -> JSONText in
            .object([
                ("continuation", InputList.json(input)),
                ("tokens", .tokens(score.logprobs.tokens)),
                ("logprobs", .array(score.logprobs.logprobs.map { .float($0) })),
                ("logprob", .number(score.logprob)),
                ("greedy", .bool(score.greedy)),
                ("top", LogprobsOutput.top(score.logprobs)),
            ])
        }
        let scored = message.scores.reduce(0) { $0 + $1.logprobs.count }
        return .object(
            output.identity + [
                ("scores", .array(scores)),
                (
                    "usage",
                    .object([
                        ("prompt_tokens", .unsigned(message.promptTokens)),
                        ("continuation_tokens", .unsigned(UInt64(scored))),
                    ])
                ),
            ] + output.account)
    }

    /// Prints a row per continuation, the most probable first: sum, sum per token, number of
    /// tokens, "greedy" if each token was the model's own choice, and the continuation. With
    /// --top-logprobs, a table of the tokens of each follows.
    private func printTables(_ message: ScoreResponse, _ inputs: [Input]) {
        let ranked = zip(inputs, message.scores).enumerated().sorted { one, other in
            let (first, second) = (one.element.1.logprob, other.element.1.logprob)
            return first == second ? one.offset < other.offset : first > second
        }
        var table = TextTable([
            .number("RANK"), .number("LOGPROB"), .number("PER-TOKEN"), .number("TOKENS"),
            .text("CHOICE"), .reason("CONTINUATION"),
        ])
        for (index, entry) in ranked.enumerated() {
            let (input, score) = entry.element
            let count = score.logprobs.count
            table.add([
                .init("\(index + 1)"), .init(LogprobsOutput.fixed(score.logprob)),
                .init(LogprobsOutput.fixed(score.logprob / Double(count))), .init("\(count)"),
                score.greedy ? "greedy" : "", .init(InputList.json(input).text),
            ])
        }
        Console.lines(table.lines(isWhole: form.verbose))
        for (index, entry) in ranked.enumerated() where entry.element.1.logprobs.topCount > 0 {
            let tokens = LogprobsOutput.table(entry.element.1.logprobs)
            let title = StyledText("tokens of rank \(index + 1):")
            Console.lines(["", title] + tokens.lines(isWhole: form.verbose))
        }
    }
}
