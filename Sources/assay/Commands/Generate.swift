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

    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: "Tokens to make at most.",
        transform: FlagValue.whole("--max-tokens", 1...Limits.generateTokensMax))
    var maxTokens = Limits.generateTokensDefault

    @Option(
        parsing: .unconditional, help: "0 picks the best token every time; up to 100.",
        transform: FlagValue.number("--temperature", 0...Limits.temperatureMax))
    var temperature = 0.0

    @Option(
        name: .shortAndLong, parsing: .unconditional, help: "Seed of the sampler.",
        transform: FlagValue.whole("--seed", 0...UInt64.max))
    var seed: UInt64 = 0

    @Option(
        parsing: .unconditional, help: "Keep the K best tokens; 0 keeps all.",
        transform: FlagValue.whole("--top-k", 0...Limits.topKMax))
    var topK: UInt64 = 0

    @Option(
        parsing: .unconditional, help: "Keep the best tokens up to this share; 1 keeps all.",
        transform: FlagValue.number("--top-p", 0...1))
    var topP = 1.0

    @Option(
        parsing: .unconditional,
        help: "Keep tokens of at least this share of the best; 0 keeps all.",
        transform: FlagValue.number("--min-p", 0...1))
    var minP = 0.0

    @Option(
        help: "End before this text; may be given up to 16 times.",
        transform: FlagValue.text("--stop", 1...Limits.stopSizeMax))
    var stop: [String] = []

    @Flag(help: "Go on past end tokens, to --max-tokens or a stop string.")
    var ignoreEos = false

    @Option(
        parsing: .unconditional,
        help: "Choose no end token and look for no stop string before so many tokens.",
        transform: FlagValue.whole("--min-tokens", 0...Limits.generateTokensMax))
    var minTokens: UInt64 = 0

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
                Self.printTables(reply.message)
                guard !quiet else { return }
                Console.error(output.line)
                Console.error(Self.summary(reply.message))
            }
        }
    }

    /// Checks relations that no single range can state.
    private func check() throws {
        guard stop.count <= Limits.stopCountMax else {
            throw Failure.usage(
                "--stop: found \(stop.count) of them, allowed: up to \(Limits.stopCountMax)")
        }
        guard topP > 0 || temperature == 0 else {
            throw Failure.usage(
                "--top-p: found 0, allowed: above 0 to 1, or 0 with --temperature 0")
        }
        guard minTokens <= maxTokens else {
            throw Failure.usage(
                "--min-tokens: found \(minTokens), allowed: at most --max-tokens, which is "
                    + "\(maxTokens)")
        }
    }

    private func request() throws -> GenerateRequest {
        try check()
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

    private static func printTables(_ message: GenerateResponse) {
        let tables = [
            ("prompt token\tlogprob\tbest", message.promptLogprobs),
            ("token\tlogprob\tbest", message.logprobs),
        ]
        for case (let title, let logprobs?) in tables {
            Console.line(LogprobsOutput.table(logprobs, title: title))
        }
    }

    private static func summary(_ message: GenerateResponse) -> String {
        let timing = message.answer.timing
        let decodeRate = rate(message.completionTokens, timing.decode)
        let prefillRate = rate(message.promptTokens, timing.prefill)
        return "[\(message.promptTokens) prompt tokens\(prefillRate), "
            + "\(message.completionTokens) made\(decodeRate), "
            + "\(Double(timing.total) / 1000) ms, finished by \(message.finishReason.rawValue)]"
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
