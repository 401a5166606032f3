// assay generate: continues a prompt and shows the text as it comes.

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

    @Option(name: [.customShort("n"), .long], help: "Tokens to make at most.")
    var maxTokens = Limits.generateTokensDefault

    @Option(help: "0 picks the best token every time; up to 100.")
    var temperature = 0.0

    @Option(name: .shortAndLong, help: "Seed of the sampler.")
    var seed: UInt64 = 0

    @Option(help: "Keep the K best tokens; 0 keeps all.")
    var topK: UInt64 = 0

    @Option(help: "Keep the best tokens up to this share; 1 keeps all.")
    var topP = 1.0

    @Option(help: "Keep tokens of at least this share of the best; 0 keeps all.")
    var minP = 0.0

    @Option(help: "End before this text; may be given up to 16 times.")
    var stop: [String] = []

    @Flag(help: "Go on past end tokens, to --max-tokens or a stop string.")
    var ignoreEos = false

    @Option(help: "Choose no end token and look for no stop string before so many tokens.")
    var minTokens: UInt64 = 0

    @Flag(help: "Drop the beginning of a prompt that does not fit, instead of refusing it.")
    var truncatePrompt = false

    @Option(help: "Log-probability of each token made, and of the N best beside it; 0 to 64.")
    var logprobs: UInt64?

    @Option(help: "The same for the tokens of the prompt, from the second on.")
    var promptLogprobs: UInt64?

    @Flag(name: .shortAndLong, help: "Print the text alone; a mock is announced all the same.")
    var quiet = false

    func run() async throws {
        let request = try request()
        let json = options.json
        try await options.withClient { client in
            var shown = Shown(isQuiet: json)
            var whole: Reply<GenerateResponse>?
            let stream = client.generateStream(
                request, deadlineMilliseconds: options.deadline)
            for try await part in stream {
                whole = part.answer
                if whole == nil { shown.show(part.chunk, provenance: part.provenance) }
            }
            // The last part has the whole answer. A stream without an answer throws.
            guard let reply = whole else { return }
            shown.finish(reply)
            let output = AnswerOutput(
                provenance: reply.provenance, generation: reply.generation,
                answer: reply.message.answer)
            if json {
                options.announce(reply.provenance, model: reply.message.answer.model)
                Console.line(Self.json(reply.message, output).text)
            } else {
                printTables(reply.message)
                guard !quiet else { return }
                Console.error(output.line)
                Console.error(Self.summary(reply.message))
            }
        }
    }

    private func request() throws -> GenerateRequest {
        var request = GenerateRequest(model: options.model, prompt: try input.chosen())
        request.parseSpecial = input.parseSpecial
        request.addSpecial = !input.noAddSpecial
        try input.template.apply(to: &request)
        request.maxTokens = maxTokens
        request.temperature = temperature
        request.seed = seed
        request.topK = topK
        request.topP = topP
        request.minP = minP
        request.stop = stop
        request.truncatePrompt = truncatePrompt
        request.ignoreEos = ignoreEos
        request.minTokens = minTokens
        try LogprobsOutput.check(logprobs, of: "--logprobs")
        try LogprobsOutput.check(promptLogprobs, of: "--prompt-logprobs")
        request.logprobs = logprobs
        request.promptLogprobs = promptLogprobs
        request.requirements = try demands.requirements()
        request.context = try place.context()
        return request
    }

    private static func json(_ message: GenerateResponse, _ output: AnswerOutput) -> JSONText {
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

    private static func summary(_ message: GenerateResponse) -> String {
        let timing = message.answer.timing
        let decodeRate = rate(message.completionTokens, timing.decode)
        let prefillRate = rate(message.promptTokens, timing.prefill)
        return "[\(message.promptTokens) prompt tokens\(prefillRate), "
            + "\(message.completionTokens) made\(decodeRate), "
            + "\(Quantity.time(microseconds: timing.total)), "
            + "finished by \(message.finishReason.rawValue)]"
    }

    private static func rate(_ tokens: UInt64, _ microseconds: UInt64) -> String {
        guard microseconds > 0, tokens > 0 else { return "" }
        return " at \(Int(Double(tokens) * 1e6 / Double(microseconds)))/s"
    }
}

/// The part of an answer printed so far.
private struct Shown {
    let isQuiet: Bool
    private var progress = Progress()
    private var textSize = 0
    private var isAnnounced = false

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    mutating func show(_ chunk: GenerateChunk, provenance: Provenance) {
        if chunk.tokens.isEmpty, let done = chunk.promptDone, let total = chunk.promptTotal {
            progress.show("reading the prompt: \(done) of \(total) tokens")
        }
        guard !isQuiet, !chunk.text.isEmpty else { return }
        announce(provenance, nil)
        progress.clear()
        Console.output(chunk.text)
        textSize += chunk.text.utf8.count
    }

    /// Prints the text that the chunks did not hold.
    mutating func finish(_ reply: Reply<GenerateResponse>) {
        progress.clear()
        guard !isQuiet else { return }
        announce(reply.provenance, reply.message.answer.model)
        let rest = reply.message.text.utf8.dropFirst(textSize)
        Console.output(String(decoding: rest, as: UTF8.self) + "\n")
    }

    private mutating func announce(_ provenance: Provenance, _ model: String?) {
        guard !isAnnounced, provenance == .mock else { return }
        isAnnounced = true
        progress.clear()
        Terminal.mockBanner(model: model)
    }
}
