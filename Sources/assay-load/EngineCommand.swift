// assay-load engine: tokens per second of the engine alone, on one model file.

import ArgumentParser
import Console
import EngineMeasure
import Foundation
import PlainText

struct EngineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Tokens per second on a GGUF file, prompt and generation timed apart.")

    @Argument(
        help: "The model file.", completion: .file(extensions: ["gguf", "safetensors", "json"]))
    var path: String

    @Option(
        parsing: .unconditional,
        help: "Threads to compute with, 1 to 256 (default: one per processor).",
        transform: FlagValue.whole("--threads", 1...256))
    var threads: Int?

    @Option(
        parsing: .unconditional, help: "Prompt tokens per run.",
        transform: FlagValue.whole("--prompt", 1...1_048_576))
    var prompt = 256

    @Option(
        parsing: .unconditional, help: "Generated tokens per run.",
        transform: FlagValue.whole("--generate", 1...1_048_576))
    var generate = 128

    @Option(
        parsing: .unconditional, help: "Runs, of which the median counts.",
        transform: FlagValue.whole("--repetitions", 1...1000))
    var repetitions = 3

    @Flag(help: "Print one JSON object.")
    var json = false

    private var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

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
