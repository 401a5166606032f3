// What people read: tables that fit and stay aligned, the same on a pipe as on a terminal; colour
// only where it is wanted; ping until Ctrl-C.

import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite struct TablesTests {
    private static let widthMax = 100
    private static let hint = "(shortened: --verbose shows all of it)"
    private static let longName = "Distilled-Llama-7B-Q4_K_M-32k"
    private static let longText = String(repeating: " twelve words", count: 12)

    private let directory: TemporaryDirectory
    private let model: String

    init() throws {
        directory = try TemporaryDirectory()
        model = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
    }

    private func assay(_ arguments: [String], _ server: ServerProcess) throws -> Program.Outcome {
        let outcome = try Program.run(
            "assay", arguments, environment: ["ASSAY_SERVER": server.addresses[0]])
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return outcome
    }

    /// Lines from the one with `heading` to the next empty line or hint.
    private func table(_ heading: String, in output: String) -> [String] {
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let start = lines.firstIndex { $0.contains(heading) } ?? lines.endIndex
        return Array(lines[start...].prefix { !$0.isEmpty && $0 != Self.hint })
    }

    /// Columns of a table: groups of positions between two blank ones in every line.
    private func columnCount(_ lines: [String]) -> Int {
        let rows = lines.map(Array.init)
        let width = rows.map(\.count).max() ?? 0
        let marks = (0..<width).map { index in
            rows.allSatisfy { index >= $0.count || $0[index] == " " } ? " " : "x"
        }
        return marks.joined().split(separator: "  ").filter { $0.contains("x") }.count
    }

    @Test func everyTableFitsAndIsAligned() throws {
        let server = try ServerProcess(model: nil)
        let ask = ["--prompt", "317+485="]
        let score = ["score", "--continuation", "802", "--continuation", Self.longText]
        let rows: [(command: [String], heading: String, columns: Int)] = [
            (["load", "\(Self.longName)=\(model)"], "LAYER", 3),
            (["models"], "NAME", 10),
            (["stats"], "COUNTER", 3),
            (score + ask + ["--model", "demo"], "RANK", 6),
            (score + ask + ["--model", "demo", "--top-logprobs", "64"], "BEST", 3),
            (["logits", "--model", "demo"] + ask, "RANK", 3),
            (["embed", "--model", "demo", "--text", "one", "--text", "two"], "INPUT", 8),
            (["generate", "--model", "demo", "--logprobs", "64"] + ask, "TOKEN", 3),
        ]
        for row in rows {
            let output = try assay(row.command, server).output
            let lines = table(row.heading, in: output)
            #expect(lines.count > 1, "\(row.command): \(output)")
            #expect(columnCount(lines) == row.columns, "\(row.command): \(output)")
            for line in output.split(separator: "\n") {
                #expect(line.count <= Self.widthMax && line.last != " ", "\(row.command): \(line)")
            }
        }
    }

    @Test func whatIsShortenedIsWholeWithVerbose() throws {
        let server = try ServerProcess(model: nil)
        let ask = ["--prompt", "317+485=", "--model", "demo"]
        let rows: [(command: [String], whole: String)] = [
            (["score", "--continuation", Self.longText] + ask, "\"\(Self.longText)\""),
            (["generate", "--logprobs", "64"] + ask, "TOKEN"),
            (["embed", "--text", "one"], "[255]"),
        ]
        for row in rows {
            let short = try assay(row.command, server).output
            #expect(short.hasSuffix(Self.hint + "\n"), "\(short)")
            let whole = try assay(row.command + ["--verbose"], server).output
            #expect(whole.contains(row.whole) && !whole.contains("…"), "\(whole)")
            #expect(!whole.contains(Self.hint) && whole.count > short.count)
        }
    }

    @Test func namesAndFingerprintsAreWholeWhereTheyAreCopied() throws {
        let server = try ServerProcess(model: nil)
        _ = try assay(["load", "\(Self.longName)=\(model)"], server)
        let digest = String(try Program.run("/usr/bin/sha256sum", [model]).output.prefix(64))
        let short = try assay(["models"], server).output
        let line = try #require(short.split(separator: "\n").first { $0.contains(Self.longName) })
        let cells = line.split(separator: " ")
        #expect(cells[0] == Self.longName && cells[1] == digest.prefix(12))
        let whole = try assay(["models", "--verbose"], server).output
        #expect(whole.contains("\nfingerprint    \(digest)\n"))
        #expect(whole.contains("name           \(Self.longName)\n"))
        let report = try Program.run("assay", ["inspect", model]).output
        #expect(report.contains("\n  sha256         \(digest)\n"))
        #expect(table("LAYER", in: report).count == 6)
    }

    // MARK: On a terminal

    /// Runs a shell command on a terminal of its own.
    private func terminal(
        _ command: String, _ environment: [String: String]
    ) throws -> Program.Outcome {
        try Program.run(
            "/usr/bin/script", ["-qec", command, "/dev/null"], environment: environment)
    }

    @Test func aTableIsTheSameOnATerminalAndOnAPipe() throws {
        let server = try ServerProcess(model: nil)
        let piped = try assay(["models"], server).output
        let shown = try terminal(
            "\(Program.path("assay")) models",
            ["ASSAY_SERVER": server.addresses[0], "TERM": "xterm"])
        #expect(shown.output.replacingOccurrences(of: "\r\n", with: "\n") == piped)
    }

    @Test func colourIsForTerminalsThatHaveItAndForPeopleWhoWantIt() throws {
        let broken = try directory.write("no model".utf8, as: "broken.gguf")
        let inspect = "\(Program.path("assay")) inspect \(broken)"
        let script = Fixtures.checkout.appendingPathComponent("scripts/demo.sh").path
        let say = "eval \"$(sed -n '/^bold=/,/^say()/p' '\(script)')\"; say heading"
        let demo = "bash -c '\(say.replacingOccurrences(of: "'", with: "'\\''"))'"
        for (command, code) in [
            (inspect, "\u{1B}[1;31mREFUSED\u{1B}[0m"), (demo, "\u{1B}[1m== heading\u{1B}[0m"),
        ] {
            let coloured = try terminal(command, ["TERM": "xterm"]).output
            #expect(coloured.contains(code), "\(coloured)")
            let plain = try terminal(command, ["TERM": "xterm", "NO_COLOR": "1"]).output
            #expect(!plain.contains("\u{1B}[1") && plain.count > 10, "\(plain)")
            let dumb = try terminal(command, ["TERM": "dumb"]).output
            #expect(!dumb.contains("\u{1B}") && dumb.count > 10, "\(dumb)")
            let piped = try Program.run(
                "/bin/sh", ["-c", command], environment: ["TERM": "xterm"])
            #expect(!piped.output.contains("\u{1B}") && piped.output.count > 10)
        }
    }

    /// Starts ping on a terminal. What is written to the second value is typed.
    private func ping(_ socket: String) throws -> (ChildProcess, FileHandle) {
        let keys = directory.path("keys")
        guard mkfifo(keys, 0o600) == 0 else { throw POSIXError(.EIO) }
        let handle = FileHandle(fileDescriptor: open(keys, O_RDWR), closeOnDealloc: true)
        let command = "exec \(Program.path("assay")) ping --interval 0.05 --server \(socket)"
        let process = try ChildProcess(
            "/usr/bin/script", ["-qec", command, "/dev/null"], ["TERM": "xterm"],
            try TemporaryDirectory(), input: keys)
        return (process, handle)
    }

    /// Waits up to a minute: a server starts in the meantime.
    private static func eventually(_ condition: () -> Bool) -> Bool {
        (0..<6).contains { _ in ProcessFacts.eventually(condition) }
    }

    private func server(_ socket: String) throws -> ChildProcess {
        try ChildProcess(
            Program.path("assayd"), ["--model", "m=" + model, "--listen", socket], [:],
            try TemporaryDirectory())
    }

    @Test func pingGoesOnUntilCtrlCWhateverTheServerDoes() throws {
        let socket = "unix://" + directory.path("s")
        let (ping, keys) = try ping(socket)
        func waits(for last: String) -> Bool {
            Self.eventually {
                let lines = ping.output.split(separator: "\r\n").dropFirst()
                return lines.last?.contains(last) == true || !ping.isRunning
            }
        }
        #expect(waits(for: "lost, connecting to"))
        let first = try server(socket)
        #expect(waits(for: " ms"))
        first.signal(SIGKILL)
        _ = first.waitUntilExit()
        #expect(waits(for: "lost, "))
        let second = try server(socket)
        #expect(waits(for: " ms"))
        try keys.write(contentsOf: Data([3]))
        #expect(ping.waitUntilExit() == 0)
        let summary = try #require(ping.output.split(separator: "\r\n").last)
        #expect(summary.contains("lost: min ") && summary.contains(", p50 "), "\(summary)")
        #expect(!summary.contains("p99"))
        second.signal(SIGKILL)
    }

    @Test func pingThatNobodyAnsweredIsStatus69() throws {
        let (ping, keys) = try ping("unix://" + directory.path("nobody"))
        #expect(Self.eventually { ping.output.contains("round trip 2: lost") })
        try keys.write(contentsOf: Data([3]))
        #expect(ping.waitUntilExit() == 69)
        #expect(ping.output.contains("round trips, "), "\(ping.output)")
    }

    @Test func theLogOfTheStartTellsWhatDiffersFromTheDefaults() throws {
        let server = try ServerProcess(model: nil, threads: 1)
        let lines = server.errors.split(separator: "\n")
        let line = try #require(lines.first { $0.contains("configuration: ") })
        #expect(line.contains("listen = ") && line.contains("; threads = 1 (flag)"))
        #expect(line.contains("admin = none (ASSAY_ADMIN)"), "\(line)")
        #expect(!line.contains("default") && !line.contains("drain-seconds"))
    }
}
