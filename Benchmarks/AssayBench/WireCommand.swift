// assay-bench wire: Ping round trips of assayd beside the bare echo, in alternating blocks.

import ArgumentParser
import CPingPong
import Foundation
import RandomModels

struct WireCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wire", abstract: "Ping round trips beside a bare libuv echo.")

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
    var only = ""

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
        guard scale > 0, scale <= 100 else {
            throw ValidationError("--scale is \(scale); allowed is more than 0, up to 100")
        }
        let names = PingScenario.all(scale: scale).map(\.name)
        guard names.contains(where: { only.isEmpty || $0.contains(only) }) else {
            throw ValidationError(
                "--only: no scenario has \"\(only)\" in its name; there are "
                    + names.joined(separator: ", "))
        }
    }

    func run() throws {
        let comparisons = try withScratchDirectory { try measure(in: $0) }
        let report = WireReport(placement: placement.rawValue, scenarios: comparisons)
        print(json ? try jsonText(report) : report.text)
    }

    private func measure(in directory: URL) throws -> [PingComparison] {
        let model = directory.appendingPathComponent("tiny.gguf").path
        try RandomModel.tiny().write(to: model)
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
}

extension Placement: ExpressibleByArgument {}
