// assay-load loading: the cost of each layer and each strategy of loading, on model files.

import ArgumentParser
import Console
import Foundation
import LoadMeasure
import PlainText

struct LoadingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loading",
        abstract: "The cost of each layer and strategy of loading, cold and warm.",
        discussion: """
            Cold means that the kernel was asked to forget the files, and did (posix_fadvise, \
            checked with mincore); caches below the kernel stay warm. Retries are measured against \
            a path that appears after --faults attempts, with the real pauses of 1 s, 2 s, 4 s … \
            With --beside, a server of its own serves that model, and the times between the tokens \
            of its answers are measured with and without a load, and while the loaded model is \
            dropped. Exit status: 0, 1 when a load adds more than --stall-max, 65 when a file was \
            refused (the layer is named), 70 when nothing could be measured.
            """)

    @Argument(
        help: "Model files, or folders with one.",
        completion: .file(extensions: ["gguf", "safetensors", "json"]))
    var path: [String]

    @Option(
        parsing: .unconditional,
        help: "Rounds of each measurement, of which the median counts, 1 to 1000.",
        transform: FlagValue.whole("--rounds", 1...1000))
    var rounds = 5

    @Option(
        parsing: .unconditional, help: "Attempts that find no file before it appears, 0 to 5.",
        transform: FlagValue.whole("--faults", 0...5))
    var faults = 2

    @Option(
        parsing: .unconditional,
        help: "Threads to compute with, 1 to 256 (default: one per processor).",
        transform: FlagValue.whole("--threads", 1...256))
    var threads: Int?

    @Option(
        parsing: .unconditional,
        help: "Model that serves: measure what loading the others does to its answers.",
        completion: .file(extensions: ["gguf", "safetensors", "json"]))
    var beside: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --beside: most that a load or its end may add to the longest time between two "
                + "tokens, such as 20ms.", valueName: "time"),
        transform: FlagValue.span("--stall-max", bare: .milliseconds, upTo: 60_000))
    var stallMax: UInt64?

    @Flag(help: "Print one JSON object.")
    var json = false

    private var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    func validate() throws {
        guard stallMax == nil || beside != nil else {
            throw ValidationError("--stall-max goes with --beside: name the model that serves")
        }
    }

    func run() async throws {
        if let beside { return try await runBeside(beside) }
        let measure = LoadMeasure(rounds: rounds, faultCount: faults, threads: threadCount)
        var all: [LoadFigures] = []
        do {
            for path in path {
                let figures = try measure.run(path: path)
                all.append(figures)
                if !json { Console.line(figures.table) }
            }
        } catch {
            Console.error("assay-load: \(error)")
            throw ExitCode(70)
        }
        if json { try printJSON(["files": all]) }
        for figures in all {
            guard let refusal = figures.refusal else { continue }
            Console.error(
                "assay-load: \(figures.path): refused at the \(refusal.layer) layer "
                    + "(\(refusal.code)): \(refusal.message)")
        }
        if all.contains(where: { $0.refusal != nil }) { throw ExitCode(65) }
    }

    private func runBeside(_ model: String) async throws {
        Interruption.watch()
        var all: [BesideFigures] = []
        let measure = LoadingBeside(model: model, rounds: rounds, threads: threads)
        try await measure.run(paths: path) { figures in
            all.append(figures)
            if !json { Console.line(figures.table) }
        }
        if json { try printJSON(["loads": all]) }
        guard let stallMax else { return }
        let bound = Double(stallMax) / 1e6
        let broken = all.filter { $0.added.map { $0 > bound } ?? true }
        for figures in broken {
            let found = figures.added.map { "\(Quantity.fixed($0, 2)) ms" } ?? "no tokens"
            Console.error(
                "assay-load: \(figures.path): added to the longest time between tokens: found "
                    + "\(found), allowed: \(Quantity.fixed(bound, 2)) ms (--stall-max)")
        }
        if !broken.isEmpty { throw ExitCode(1) }
    }

    private func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Console.line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
