// assay-load engine: tokens per second of the engine alone, on one model file.

import ArgumentParser
import Console
import EngineMeasure
import Foundation

struct EngineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Tokens per second on a GGUF file, prompt and generation timed apart.")

    @Argument(
        help: "The model file.", completion: .file(extensions: ["gguf", "safetensors", "json"]))
    var path: String

    @Option(help: "Threads to compute with, 1 to 256 (default: one per processor).")
    var threads: Int?

    @Option(help: "Prompt tokens per run.")
    var prompt = 256

    @Option(help: "Generated tokens per run.")
    var generate = 128

    @Option(help: "Runs, of which the median counts.")
    var repetitions = 3

    @Flag(help: "Print one JSON object.")
    var json = false

    private var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    func validate() throws {
        try check(threadCount, "--threads", 1...256)
        try check(prompt, "--prompt", 1...1_048_576)
        try check(generate, "--generate", 1...1_048_576)
        try check(repetitions, "--repetitions", 1...1000)
    }

    func run() throws {
        let figures: EngineFigures
        do {
            figures = try EngineMeasure(
                threads: threadCount, promptCount: prompt, generateCount: generate,
                repetitionCount: repetitions
            ).run(path: path)
        } catch let error as EngineMeasureError {
            // The counts do not fit the model. The file itself is fine.
            throw ValidationError(error.description)
        } catch {
            throw ModelRefused(description: "assay-load: \(error)")
        }
        guard json else { return Console.line(figures.summary) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        Console.line(String(decoding: try encoder.encode(figures), as: UTF8.self))
    }
}

/// The file cannot be loaded or measured.
struct ModelRefused: Error, CustomStringConvertible {
    let description: String
}

/// Refuses a number outside its range, as wrong usage.
func check(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws {
    guard !range.contains(value) else { return }
    throw ValidationError(
        "\(name) is \(value); allowed are \(range.lowerBound) to \(range.upperBound)")
}
