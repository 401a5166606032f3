// assay-bench: round trips beside a bare libuv echo, tokens per second of the engine, the time to
// the first answer of a server, and the times of choosing a token and of rendering a conversation.
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
            WireCommand.self, EngineCommand.self, StartCommand.self, SamplingCommand.self,
            TemplatesCommand.self,
            WriteModelCommand.self,
        ])
}

/// assay-bench write-model: a generated model as a file, for other tools.
struct WriteModelCommand: ParsableCommand {
    /// A shape by the name of a model that has it.
    enum Shape: String, CaseIterable, ExpressibleByArgument {
        case tiny
        case fifteenMillion = "15m"
        case halfBillion = "qwen2-0.5b"
        case bitNet = "bitnet-2b"

        /// Weights that the shape's columns divide into, or that such a model has.
        var weights: [RandomModel.Weights] {
            switch self {
            case .tiny, .fifteenMillion: [.q80]
            case .halfBillion: [.q80, .q40, .q4KM]
            case .bitNet: [.tq10, .tq20]
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "write-model",
        abstract: "Writes a model of a real shape with random weights.",
        discussion: """
            Shapes: tiny (70 kB, which the round-trip benchmark serves), 15m (288 wide, 6 blocks, \
            32000 tokens) as q8_0; qwen2-0.5b as q8_0, q4_0 or q4_k_m; bitnet-2b as tq1_0 or tq2_0.
            """)

    @Argument(help: "Where to write it.")
    var path: String

    @Option(help: "Shape of the model.")
    var shape = Shape.fifteenMillion

    @Option(help: "Formats of its weights, by llama.cpp's name.")
    var weights = RandomModel.Weights.q80

    @Option(help: "Seed of every random number in the file.")
    var seed: UInt64 = 1

    func validate() throws {
        guard !shape.weights.contains(weights) else { return }
        let allowed = shape.weights.map(\.rawValue).joined(separator: ", ")
        throw ValidationError(
            "--weights is \(weights.rawValue); allowed for \(shape.rawValue): \(allowed)")
    }

    func run() throws {
        let model: RandomModel =
            switch shape {
            case .tiny: .tiny(seed: seed)
            case .fifteenMillion: .fifteenMillion(seed: seed)
            case .halfBillion: .halfBillion(weights, seed: seed)
            case .bitNet: .bitNet(weights, seed: seed)
            }
        try model.write(to: path)
    }
}

extension RandomModel.Weights: ExpressibleByArgument {}

/// A directory for the duration of `body`.
func withScratchDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("assay-bench-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory)
}
