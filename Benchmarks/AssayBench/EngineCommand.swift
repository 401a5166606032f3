// assay-bench engine: tokens per second on model files, with one and with several threads.

import ArgumentParser
import EngineMeasure
import Foundation
import RandomModels

struct EngineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Tokens per second on GGUF files; without one, on a generated 15M model.")

    @Argument(help: "Model files.")
    var models: [String] = []

    @Option(help: "Numbers of threads to measure with, separated by commas.")
    var threads = "1,2"

    @Option(help: "Prompt tokens per run.")
    var prompt = 256

    @Option(help: "Generated tokens per run.")
    var generate = 128

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
        _ = try threadCounts()
        guard (1...65_536).contains(prompt), (1...65_536).contains(generate) else {
            throw ValidationError("--prompt and --generate are 1 to 65536")
        }
    }

    func run() throws {
        let reports = try withScratchDirectory { directory in
            var paths = models
            if paths.isEmpty {
                paths = [directory.appendingPathComponent("random-15m-q8_0.gguf").path]
                try RandomModel.fifteenMillion().write(to: paths[0])
            }
            return try paths.map(measure)
        }
        print(json ? try jsonText(reports) : reports.map(\.text).joined(separator: "\n"))
    }

    private func measure(_ path: String) throws -> EngineReport {
        let runs = try threadCounts().map { count in
            try EngineMeasure(threads: count, promptCount: prompt, generateCount: generate)
                .run(path: path)
        }
        // The hash is over the token ids: more threads may be faster, never different.
        guard Set(runs.map(\.tokenHash)).count == 1 else {
            throw BenchError("\(path): the tokens depend on the number of threads")
        }
        return EngineReport(model: URL(fileURLWithPath: path).lastPathComponent, runs: runs)
    }

    private func threadCounts() throws -> [Int] {
        let counts = threads.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        return try counts.map { count in
            guard let count, (1...256).contains(count) else {
                throw ValidationError(
                    "--threads is \"\(threads)\"; allowed are numbers from 1 to 256 and commas")
            }
            return count
        }
    }
}
