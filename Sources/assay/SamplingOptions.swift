// How the tokens of an answer are chosen, and where the answer ends.

import ArgumentParser
import Wire

struct SamplingOptions: ParsableArguments {
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

    /// Puts the options into a request.
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
