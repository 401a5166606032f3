// assay-bench: round trips beside a bare libuv echo, tokens per second, in one run.
//
// Wiring only: flags in, servers started, parts run, one report out. Absolute figures belong to
// the machine and the hour; the ratios are what the project's goals are about.

import ArgumentParser
import CPingPong
import Foundation
import RandomModels

@main
struct AssayBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay-bench",
        abstract: "Measures Assay beside a bare libuv echo server, and the engine on a model file.")

    @Option(help: "The assayd to measure (default: $ASSAYD, else the one beside this program).")
    var assayd: String?

    @Option(help: "The bare echo server (default: $BARE_ECHO, else the one beside this program).")
    var echo: String?

    @Option(help: "A flag for assayd, for example --assayd-flag=--threads=1. May be repeated.")
    var assaydFlag: [String] = []

    @Option(help: "Where client and servers run: cross (two CPUs), same (one CPU) or free.")
    var placement: Placement = ProcessInfo.processInfo.activeProcessorCount > 1 ? .cross : .free

    @Option(help: "Multiplies the number of round trips per block.")
    var scale: Double = 1

    @Option(help: "Only scenarios whose name contains this text, for example \"1x1\".")
    var only: String = ""

    @Option(help: "A GGUF file for the engine part, besides the generated one. May be repeated.")
    var model: [String] = []

    @Option(help: "Threads for the engine part, separated by commas.")
    var threads: String = "1,2"

    @Flag(help: "Leave the round trips out.")
    var skipPing = false

    @Flag(help: "Leave the engine out.")
    var skipEngine = false

    @Flag(help: "Print JSON instead of text.")
    var json = false

    @Option(help: "Write the generated 15M-parameter model to this path and end.")
    var writeModel: String?

    @Option(help: "Seed of the generated model.")
    var seed: UInt64 = 1

    func validate() throws {
        guard scale > 0, scale <= 100 else { throw ValidationError("--scale is 0 to 100") }
        _ = try threadCounts()
    }

    func run() throws {
        if let writeModel {
            try RandomLlama.fifteenMillion(seed: seed).write(to: writeModel)
            return
        }
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("assay-bench-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }

        var report = BenchReport(placement: placement.rawValue)
        if !skipPing { report.ping = try pings(in: directory) }
        if !skipEngine { report.engine = try engine(in: directory) }
        print(json ? try report.jsonText() : report.text)
    }

    // MARK: Parts

    private func pings(in directory: URL) throws -> [PingComparison] {
        let model = directory.appendingPathComponent("tiny.gguf").path
        try RandomLlama.tiny(seed: seed).write(to: model)
        let bare = try BenchServer.bareEcho(
            executable("bare-echo", given: echo, variable: "BARE_ECHO"), in: directory)
        defer { bare.stop() }
        let ours = try BenchServer.assayd(
            executable("assayd", given: assayd, variable: "ASSAYD"), model: model,
            extra: assaydFlag, in: directory)
        defer { ours.stop() }
        if let server = placement.serverMask, let client = placement.clientMask {
            try bare.pin(server)
            try ours.pin(server)
            try BenchError.check(pp_pin(0, client), "pinning the client")
        }
        defer { pp_pin(0, ~0) }
        return try PingScenario.all(scale: scale)
            .filter { only.isEmpty || $0.name.contains(only) }
            .map { try PingBench.run($0, echo: bare, assay: ours) }
    }

    private func executable(_ name: String, given: String?, variable: String) -> String {
        if let path = given ?? ProcessInfo.processInfo.environment[variable] { return path }
        return URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent(name).path
    }

    func threadCounts() throws -> [Int] {
        let counts = threads.split(separator: ",").compactMap { Int($0) }
        guard !counts.isEmpty, counts.allSatisfy({ (1...256).contains($0) }) else {
            throw ValidationError("--threads takes numbers from 1 to 256, separated by commas")
        }
        return counts
    }
}

extension Placement: ExpressibleByArgument {}
