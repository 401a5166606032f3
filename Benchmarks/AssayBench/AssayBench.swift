// assay-bench: round trips beside a bare libuv echo, tokens per second of the engine, and the times
// of choosing a token and of rendering a conversation.
//
// Wiring only. Absolute figures belong to the machine and the hour; the ratios are what the
// project's goals are about. scripts/bench.sh runs the parts one after another.

import ArgumentParser
import Foundation
import RandomModels

@main
struct AssayBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay-bench",
        abstract: "Measures Assay beside a bare libuv echo server, and the engine on model files.",
        subcommands: [
            WireCommand.self, EngineCommand.self, SamplingCommand.self, TemplatesCommand.self,
            WriteModelCommand.self,
        ])
}

/// assay-bench write-model: the generated model as a file, for other tools.
struct WriteModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "write-model",
        abstract: "Writes a random 15M-parameter llama (288 wide, 6 blocks, 32000 tokens, Q8_0).")

    @Argument(help: "Where to write it.")
    var path: String

    @Option(help: "Seed of every random number in the file.")
    var seed: UInt64 = 1

    @Flag(help: "Write the 70 kB model instead that the round-trip benchmark serves.")
    var tiny = false

    func run() throws {
        try (tiny ? RandomLlama.tiny(seed: seed) : .fifteenMillion(seed: seed)).write(to: path)
    }
}

/// A directory for the duration of `body`.
func withScratchDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("assay-bench-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory)
}
