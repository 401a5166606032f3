// Wrong inputs and the whole answer to each: what was tried, what was found, what is allowed, and
// what to do next, with the exit status of its kind. The table is wrong-inputs.txt.

import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite(.serialized) struct WrongInputTests {
    /// A command line, all of standard error, and the status.
    struct Row {
        /// The line without its `$ `.
        let line: String
        var errors: [Substring] = []
        var status: Int32 = -1

        /// The words of the line. Quotes hold spaces, and `<` stands before a file for input.
        var words: [String] {
            line.split(separator: "'", omittingEmptySubsequences: false).enumerated()
                .flatMap { index, part in
                    index % 2 == 0 ? part.split(separator: " ").map(String.init) : [String(part)]
                }
        }
    }

    /// The rows of a group of the table.
    private static func rows(_ group: String) throws -> [Row] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("wrong-inputs.txt")
        var rows: [Row] = []
        var isWanted = false
        for line in try String(contentsOf: path, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        {
            if line.hasPrefix("== ") {
                isWanted = line.hasPrefix("== \(group):")
            } else if isWanted, line.hasPrefix("$ ") {
                rows.append(Row(line: String(line.dropFirst(2))))
            } else if isWanted, let last = rows.indices.last, rows[last].status < 0 {
                if line.hasPrefix("=> ") {
                    rows[last].status = try #require(Int32(line.dropFirst(3)))
                } else {
                    rows[last].errors.append(line)
                }
            }
        }
        return rows
    }

    private let directory: TemporaryDirectory
    private let model: String

    init() throws {
        directory = try TemporaryDirectory()
        model = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        for (name, text) in [
            ("broken.gguf", "no model"), ("plain", "x"), ("folder/file", ""),
            ("tools.json", "tools"), ("a.yaml", "# threads\nthreads: many\n"), ("b.toml", ""),
            ("c.yaml", "threads: 2\ntheads: 1\nthreads: 3\n"), ("d.json", "{\"thraeds\": 1}"),
            ("talk.json", #"{"messages": 3}"#), ("cut.json", #"{"messages": [{"role": "user"}]"#),
            ("role.json", #"[{"role": "usr", "content": "x"}]"#),
            ("tokens.json", #"{"tokens": [{"nam": "a"}]}"#), ("own.token", "assay_0a"),
            ("key.json", #"[{"role": "user", "text": "x"}]"#),
        ] {
            try directory.write(text.utf8, as: name)
        }
        try directory.write([0x61, 0xFF], as: "bytes")
    }

    // MARK: - Tests

    @Test func theTableHasItsForty() throws {
        let all = try ["usage", "strangers", "server", "servers"].flatMap(Self.rows)
        #expect(all.count >= 40)
        #expect(all.allSatisfy { $0.status > 0 && !$0.errors.isEmpty })
        #expect(Set(all.map(\.line)).count == all.count)
    }

    @Test func usageIsRefusedInOneVoice() throws { try check("usage", server: "/nowhere/s") }

    @Test func whateverElseAnswersIsNamed() throws {
        let listeners: [(String, StrangerListener)] = [
            ("HTTP", try StrangerListener(.answers(Array("HTTP/1.1 400 Bad Request\r\n".utf8)))),
            ("TLS", try StrangerListener(.answers([21, 3, 3, 0, 2, 2, 70]))),
            ("SSH", try StrangerListener(.greets(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)))),
            ("FTP", try StrangerListener(.greets(Array("220 ready\u{7}\r\n".utf8)))),
            ("CLOSES", try StrangerListener(.closes)),
            ("SILENT", try StrangerListener(.isSilent)),
        ]
        let names = listeners.map { ($0.0, "127.0.0.1:\($0.1.port)") }
        try withExtendedLifetime(listeners) {
            try check("strangers", server: "/nowhere/s", names)
        }
    }

    @Test func aServersRefusalsSayWhatToDo() throws {
        let server = try ServerProcess(
            model: nil, ["--model", "alpha=" + model, "--model", "beta=" + model])
        let mock = try ServerProcess(
            model: directory.path("broken.gguf"),
            ["--strategy", "development", "--allow-mock-fallback"])
        try withExtendedLifetime((server, mock)) {
            try check(
                "server", server: server.addresses[0],
                [
                    ("UNIX", server.addresses[0]), ("SERVER", Self.bare(server.addresses[1])),
                    ("MOCK", Self.bare(mock.addresses[1])),
                ])
        }
    }

    @Test func aServerThatCannotStartSaysWhy() throws {
        let server = try ServerProcess(model: model)
        let listener = try StrangerListener(.isSilent)
        try withExtendedLifetime((server, listener)) {
            try check(
                "servers", server: "/nowhere/s",
                [
                    ("UNIX", server.addresses[0]), ("HTTP", "127.0.0.1:\(listener.port)"),
                ])
        }
    }

    /// A frame of ours at the admin port, and the way back: HTTP at the port of the frames.
    @Test func theAdminPortIsNamedToo() throws {
        let server = try ServerProcess(model: model, ["--admin", "127.0.0.1:0"])
        #expect(ProcessFacts.eventually { server.errors.contains("admin: http://") })
        let line = try #require(
            server.errors.split(separator: "\n").first { $0.hasPrefix("admin: http://") })
        let admin = String(line.dropFirst("admin: http://".count))
        let outcome = try Program.run("assay", ["ping", "--server", admin])
        #expect(outcome.status == 76)
        #expect(outcome.errors.contains("the peer at tcp://\(admin) speaks HTTP"))
        let page = try RawHTTP.get("/", Self.bare(server.addresses[1]))
        #expect(page.status == 400)
        let said = "speaks HTTP, not Assay's protocol"
        #expect(ProcessFacts.eventually { server.errors.contains(said) })
    }

    // MARK: - Running a row

    private static func bare(_ address: String) -> String {
        String(address.dropFirst("tcp://".count))
    }

    /// Runs the rows of a group and compares the whole of standard error.
    private func check(
        _ group: String, server: String, _ names: [(String, String)] = []
    ) throws {
        let long = (0..<3000).map { "\($0)" }.joined(separator: " ")
        let places = [("MODEL", model), ("LONG", long)] + names + [("DIR", directory.path)]
        for row in try Self.rows(group) {
            var words = row.words.map { Self.filled($0, places) }
            var input = ""
            if words.count > 2, words[words.count - 2] == "<" {
                input = words.removeLast()
                words.removeLast()
            }
            let outcome = try run(words, input: input, server: server)
            #expect(outcome.status == row.status, Comment(rawValue: row.line))
            #expect(
                Self.masked(outcome.errors, places) == row.errors.joined(separator: "\n"),
                Comment(rawValue: row.line))
        }
    }

    /// Runs a program with a file as its standard input.
    private func run(
        _ words: [String], input: String, server: String
    ) throws -> Program.Outcome {
        let process = try ChildProcess(
            Program.path(words[0]), Array(words.dropFirst()), ["ASSAY_SERVER": server],
            try TemporaryDirectory(), input: input.isEmpty ? "/dev/null" : input)
        let status = process.waitUntilExit()
        return Program.Outcome(status: status, output: process.output, errors: process.errors)
    }

    private static func filled(_ text: String, _ places: [(String, String)]) -> String {
        places.reduce(text) { $0.replacing("{\($1.0)}", with: $1.1) }
    }

    private static func masked(_ text: String, _ places: [(String, String)]) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { $0.prefixMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}T/) == nil }
        let whole = places.filter { $0.0 != "LONG" }
            .reduce(lines.joined(separator: "\n")) { $0.replacing($1.1, with: "{\($1.0)}") }
            .replacing(/[ ]{2,}[0-9.]+ m?s/, with: "  N ms")
            // A longer time makes its column wider.
            .replacing(/(\S)[ ]{2,}/) { "\($0.output.1)  " }
        return whole.trimmingCharacters(in: .newlines)
    }
}
