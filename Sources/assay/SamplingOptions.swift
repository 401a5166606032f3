// How the tokens of an answer are chosen, and where the answer ends.

import ArgumentParser
import PlainText
import Wire

struct SamplingOptions: ParsableArguments {
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

    /// Checks relations that no single range can state.
    func check() throws {
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

    /// Puts the options into a request. See `check`.
    func apply(to request: inout GenerateRequest) {
        request.maxTokens = maxTokens
        request.temperature = temperature
        request.seed = seed
        request.topK = topK
        request.topP = topP
        request.minP = minP
        request.stop = stop
        request.ignoreEos = ignoreEos
        request.minTokens = minTokens
    }
}
