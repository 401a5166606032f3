// assay-bench start: from the start of assayd to the first answer, build beside build.
//
// A round starts each server once, in turn, waits for `listening on`, has `assay generate` ask for
// one token, and ends the server. Times count from just before the server's exec. The layers are
// those of the report that assayd prints.

import ArgumentParser
import Foundation
import RandomModels

struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Milliseconds from the start of assayd to its first answer, by part.",
        discussion: """
            New memory costs a virtual machine most when its host has to find it. Before each \
            start as much memory as the model needs is touched and given back, so that each server \
            finds it in the same state; --memory as-is leaves that out.
            """)

    /// The memory of the machine at a start.
    enum Memory: String, ExpressibleByArgument, CaseIterable { case warm, asIs = "as-is" }

    @Argument(help: "A model file. Without one, a generated one of half a billion parameters.")
    var model: String?

    @Option(
        help: "A folder with assayd and assay; repeatable, to compare builds (default: this one).")
    var bin: [String] = []

    @Option(help: "Starts of each build. The median counts.")
    var rounds = 7

    @Option(help: "A flag for assayd, for example --assayd-flag=--threads=1. May be repeated.")
    var assaydFlag: [String] = []

    @Option(help: "warm: the memory was in use a moment ago. as-is: whatever it is.")
    var memory = Memory.warm

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(rounds) else {
            throw ValidationError("--rounds is \(rounds); allowed are 1 to 1000")
        }
    }

    func run() throws {
        let folders = bin.isEmpty ? [ownFolder] : bin
        let report = try withScratchDirectory { directory in
            let path: String
            if let model {
                path = model
            } else {
                path = directory.appendingPathComponent("half-billion.gguf").path
                try RandomModel.halfBillion(.q80).write(to: path)
            }
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            var starts = folders.map { _ in [StartTimes]() }
            for _ in 0..<rounds {
                for (index, folder) in folders.enumerated() {
                    if memory == .warm { warmMemory(2 * size + (256 << 20)) }
                    starts[index].append(
                        try StartRun(folder: folder, model: path, flags: assaydFlag, directory)
                            .run())
                }
            }
            return StartReport(
                model: URL(fileURLWithPath: path).lastPathComponent, memory: memory.rawValue,
                builds: zip(folders, starts).map { StartReport.Build(folder: $0, starts: $1) })
        }
        print(json ? try jsonText(report) : report.text)
    }

    private var ownFolder: String {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().path
    }

    /// Touches `size` bytes of new memory and gives them back.
    private func warmMemory(_ size: Int) {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let start = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let start, start != MAP_FAILED else { return }
        madvise(start, size, MADV_HUGEPAGE)
        for offset in stride(from: 0, to: size, by: 4096) {
            start.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
        }
        munmap(start, size)
    }
}

/// One start: milliseconds, but for the sizes.
struct StartTimes: Codable {
    /// From exec to `bound`: connections are answered.
    var bound = 0.0
    /// Layers of the report, by name.
    var layers: [String: Double] = [:]
    /// From exec to `listening on`: the model is served.
    var listening = 0.0
    /// From `listening on` to the end of `assay generate`.
    var answer = 0.0
    /// From exec to the end of `assay generate`.
    var total = 0.0
    /// CPU time of the server until then, user and system.
    var processor = 0.0
    /// Largest resident set of the server, bytes.
    var peakSize = 0
    /// Bytes of the server in huge pages.
    var hugePageSize = 0
}

/// Starts a server and asks it once.
struct StartRun {
    let folder: String
    let model: String
    let flags: [String]
    let address: String

    init(folder: String, model: String, flags: [String], _ directory: URL) {
        (self.folder, self.model, self.flags) = (folder, model, flags)
        address = "unix://" + directory.appendingPathComponent("start.sock").path
    }

    func run() throws -> StartTimes {
        let server = Process()
        server.executableURL = URL(fileURLWithPath: folder + "/assayd")
        server.arguments =
            ["--model", "bench=\(model)", "--listen", address, "--admin", "none"]
            + ["--log-level", "warning"] + flags
        server.standardInput = FileHandle.nullDevice
        server.standardOutput = FileHandle.nullDevice
        let log = Pipe()
        server.standardError = log
        let clock = ContinuousClock()
        let began = clock.now
        func elapsed() -> Double { (clock.now - began) / .milliseconds(1) }
        try server.run()
        defer {
            server.terminate()
            server.waitUntilExit()
        }
        var times = StartTimes()
        var words = ""
        while times.listening == 0 {
            let data = log.fileHandleForReading.availableData
            guard !data.isEmpty else { throw BenchError("\(folder)/assayd ended: \(words)") }
            words += String(decoding: data, as: UTF8.self)
            if times.bound == 0, words.contains("bound ") { times.bound = elapsed() }
            if words.contains("\nlistening on ") { times.listening = elapsed() }
        }
        times.layers = Self.layers(in: words)
        try ask()
        times.total = elapsed()
        times.answer = times.total - times.listening
        measure(server.processIdentifier, &times)
        return times
    }

    private func ask() throws {
        let client = Process()
        client.executableURL = URL(fileURLWithPath: folder + "/assay")
        client.arguments = [
            "generate", "--server", address, "--max-tokens", "1", "--temperature", "0", "--prompt",
            "hello",
        ]
        client.standardInput = FileHandle.nullDevice
        client.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        client.standardError = errors
        try client.run()
        client.waitUntilExit()
        guard client.terminationStatus == 0 else {
            let words = errors.fileHandleForReading.availableData
            throw BenchError(
                "\(folder)/assay ended with status \(client.terminationStatus): "
                    + String(decoding: words, as: UTF8.self))
        }
    }

    /// Milliseconds of the lines `  placement      ok      161.6 ms`.
    static func layers(in words: String) -> [String: Double] {
        var layers: [String: Double] = [:]
        for line in words.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 4, fields[1] == "ok", fields[3] == "ms" else { continue }
            layers[String(fields[0])] = Double(fields[2])
        }
        return layers
    }

    private func measure(_ pid: Int32, _ times: inout StartTimes) {
        func text(_ name: String) -> String {
            (try? String(contentsOfFile: "/proc/\(pid)/\(name)", encoding: .utf8)) ?? ""
        }
        func size(_ key: String, in text: String) -> Int {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
            let number = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            return (number ?? 0) * 1024
        }
        times.peakSize = size("VmHWM", in: text("status").replacing("\t", with: " "))
        times.hugePageSize = size("AnonHugePages", in: text("smaps_rollup"))
        // Behind the name in parentheses; utime and stime are fields 14 and 15.
        let fields = text("stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12])
        else { return }
        times.processor = (user + system) * 1000 / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

/// The times of the starts of one or more builds.
struct StartReport: Codable {
    struct Build: Codable {
        let folder: String
        let starts: [StartTimes]

        func median(_ value: (StartTimes) -> Double) -> Double {
            Statistics.median(starts.map(value))
        }
    }

    let model: String
    /// State of the memory: `warm` or `as-is`.
    let memory: String
    let builds: [Build]

    private static let layers = ["file", "parse", "compatibility", "placement", "validation"]

    private typealias Row = (name: String, value: (StartTimes) -> Double)

    private static var rows: [Row] {
        var rows: [Row] = [("bound", { $0.bound })]
        rows += layers.map { layer in ("  " + layer, { $0.layers[layer] ?? 0 }) }
        rows += [("listening", { $0.listening }), ("answer", { $0.answer })]
        rows += [("total", { $0.total }), ("CPU", { $0.processor })]
        return rows
    }

    private static var sizes: [Row] {
        [
            ("peak MB", { Double($0.peakSize) / 1e6 }),
            ("huge MB", { Double($0.hugePageSize) / 1e6 }),
        ]
    }

    /// A row per part: the median of each build, and its ratio to the first build's, round by
    /// round, as median and range.
    var text: String {
        let count = builds.first?.starts.count ?? 0
        var lines = ["Start on \(model), memory \(memory), ms, medians of \(count)"]
        lines += builds.enumerated().map { "  build \($0 + 1): \($1.folder)" }
        for (name, value) in Self.rows + Self.sizes {
            var line = "  " + name.padding(toLength: 16, withPad: " ", startingAt: 0)
            for build in builds { line += cell(build.median(value)) }
            for build in builds.dropFirst() { line += ratio(of: build, to: builds[0], value) }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }

    private func cell(_ value: Double) -> String {
        let text = String(format: value < 10 ? "%.2f" : "%.0f", value)
        return String(repeating: " ", count: max(1, 10 - text.count)) + text
    }

    private func ratio(
        of build: Build, to first: Build, _ value: (StartTimes) -> Double
    ) -> String {
        let ratios = zip(build.starts, first.starts).compactMap { pair in
            value(pair.1) > 0 ? value(pair.0) / value(pair.1) : nil
        }
        guard let least = ratios.min(), let most = ratios.max() else { return "" }
        return String(
            format: "   x %.2f (%.2f to %.2f)", Statistics.median(ratios), least, most)
    }
}
