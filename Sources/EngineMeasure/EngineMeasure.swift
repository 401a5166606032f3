// Tokens per second of the engine alone: no server, no wire, no sampling worth speaking of.
//
// Reading the prompt and generating are timed apart, each on an empty cache, as llama-bench does,
// so that the figures can be laid side by side. The same file, counts and instruction set give
// the same token ids on every run and with any number of threads. `tokenHash` shows it.

import Compute
import Inference
import ModelFiles

/// Counts of a measurement.
package struct EngineMeasure: Sendable {
    /// Threads of the back end, the caller's included.
    package var threads: Int
    /// Tokens of prompt per run.
    package var promptCount: Int
    /// Tokens generated per run.
    package var generateCount: Int
    /// Runs. The median counts.
    package var repetitionCount: Int

    /// Prompt tokens given to the engine per step, as a server under a token budget would.
    private static let chunkSizeMax = 512

    /// A measurement with these counts.
    package init(threads: Int, promptCount: Int, generateCount: Int, repetitionCount: Int = 3) {
        precondition(threads > 0 && promptCount > 0 && generateCount > 0 && repetitionCount > 0)
        self.threads = threads
        self.promptCount = promptCount
        self.generateCount = generateCount
        self.repetitionCount = repetitionCount
    }

    /// Loads the model at `path` and measures it on this thread, after one short unmeasured run.
    ///
    /// - Throws: whatever the layers of loading throw, or `EngineMeasureError` when the model's
    ///   context is shorter than the counts.
    package func run(path: String) throws -> EngineFigures {
        let clock = ContinuousClock()
        let start = clock.now
        let backend = try CPUBackend(threads: threads)
        let plan = try ModelPlan(ParsedModel(ModelFileSet(path: path)))
        let model = try TransformerModel(plan: plan, backend: backend)
        let loading = clock.now - start

        let longest = max(promptCount, generateCount)
        guard longest <= model.contextLength else {
            throw EngineMeasureError(
                description: "measuring \(path): \(longest) tokens do not fit the model's context "
                    + "of \(model.contextLength)")
        }
        let runner = try model.makeRunner(maxSequences: 1, tokenBudget: longest)
        let session = Session(runner: runner, vocabularySize: model.vocabularySize)
        let prompt = session.prompt(count: promptCount)

        _ = try session.read(Array(prompt.prefix(32)), chunkSize: Self.chunkSizeMax)
        _ = try session.generate(count: min(8, generateCount))
        var prefill: [Double] = []
        var decode: [Double] = []
        var hash = TokenHash()
        for _ in 0..<repetitionCount {
            hash = TokenHash()
            let first = clock.now
            hash.add(try session.read(prompt, chunkSize: Self.chunkSizeMax))
            let middle = clock.now
            let tokens = try session.generate(count: generateCount)
            prefill.append(Double(promptCount) / (middle - first).seconds)
            decode.append(Double(generateCount) / (clock.now - middle).seconds)
            for token in tokens { hash.add(token) }
        }
        return EngineFigures(
            threads: threads, instructionSet: backend.instructionSet.rawValue,
            architecture: plan.architecture.name, parameterCount: plan.parameterCount,
            promptCount: promptCount, generateCount: generateCount,
            loadMilliseconds: loading.seconds * 1000, prefillTokensPerSecond: median(prefill),
            decodeTokensPerSecond: median(decode), tokenHash: hash.text)
    }
}

/// A measurement that cannot be made.
package struct EngineMeasureError: Error, CustomStringConvertible {
    /// One sentence.
    package let description: String
}

/// One sequence at a time on one runner.
private struct Session {
    let runner: any ModelRunner
    let vocabularySize: Int

    /// Fixed pseudo-random ids. The engine's cost does not depend on them.
    func prompt(count: Int) -> [Int32] {
        var state: UInt64 = 0x5EED
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int32((state >> 33) % UInt64(vocabularySize))
        }
    }

    /// Reads a prompt into an empty sequence, and returns the most likely next token.
    func read(_ prompt: [Int32], chunkSize: Int) throws -> Int32 {
        let sequence = try runner.open(capacity: prompt.count)
        defer { runner.close(sequence) }
        var best: Int32?
        var offset = 0
        while offset < prompt.count {
            let end = min(offset + chunkSize, prompt.count)
            let item = StepItem(
                sequence: sequence, tokens: Array(prompt[offset..<end]),
                wants: end == prompt.count ? .last : .none, choice: Self.greedy)
            best = try step([item])
            offset = end
        }
        return best ?? 0
    }

    /// Generates greedily from a single first token, past end tokens.
    func generate(count: Int) throws -> [Int32] {
        let sequence = try runner.open(capacity: count)
        defer { runner.close(sequence) }
        var items = [StepItem(sequence: sequence, tokens: [1], wants: .last, choice: Self.greedy)]
        var tokens: [Int32] = []
        tokens.reserveCapacity(count)
        for _ in 0..<count {
            let next = try step(items) ?? 0
            tokens.append(next)
            items[0].tokens[0] = next
        }
        return tokens
    }

    private static let greedy = TokenChoice(SamplingParameters(), random: 0)

    /// The token that a step chooses, if its item wants values.
    private func step(_ items: [StepItem]) throws -> Int32? {
        var token: Result<Int32, InferenceError>?
        try runner.step(items) { (row: StepRow) in token = row.token }
        return try token?.get()
    }
}

private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

extension Duration {
    fileprivate var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
