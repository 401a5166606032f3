// assay-load loading: the cost of each layer and each strategy of loading, on model files.

import ArgumentParser
import Console
import Foundation
import LoadMeasure
import PlainText

struct LoadingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loading",
        abstract: "The cost of each layer and strategy of loading, cold and warm.",
        discussion: """
            Cold means that the kernel was asked to forget the files, and did (posix_fadvise, \
            checked with mincore); caches below the kernel stay warm. Retries are measured against \
            a path that appears after --faults attempts, with the real pauses of 1 s, 2 s, 4 s … \
            Exit status: 0, or 65 when a file was refused (the layer is named), 70 when nothing \
            could be measured.
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

    @Flag(help: "Print one JSON object.")
    var json = false

    private var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    func run() throws {
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
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            Console.line(String(decoding: try encoder.encode(["files": all]), as: UTF8.self))
        }
        for figures in all {
            guard let refusal = figures.refusal else { continue }
            Console.error(
                "assay-load: \(figures.path): refused at the \(refusal.layer) layer "
                    + "(\(refusal.code)): \(refusal.message)")
        }
        if all.contains(where: { $0.refusal != nil }) { throw ExitCode(65) }
    }
}
