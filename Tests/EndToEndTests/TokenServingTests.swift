// Tokens as an operator and a client use them: made, given, refused with exit status 77, withdrawn.

import Foundation
import ServerTestSupport
import TestSupport
import Testing

@Suite(.serialized) struct TokenServingTests {
    private let directory: TemporaryDirectory
    private let table: String

    init() throws {
        directory = try TemporaryDirectory()
        table = directory.path("tokens.json")
    }

    /// Makes a token with `assay token new` and returns the path of the client's file.
    private func make(_ name: String, _ arguments: String...) throws -> String {
        let outcome = try Program.run(
            "assay", ["token", "new", "--name", name, "--file", table] + arguments)
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.wholeMatch(of: /assay_[0-9a-f]{64}\n/) != nil)
        #expect(!outcome.errors.contains(/assay_[0-9a-f]/))
        let path = try directory.write(outcome.output.utf8, as: name + ".token")
        chmod(path, 0o600)
        return path
    }

    private func server() throws -> ServerProcess {
        try ServerProcess(
            model: nil,
            ["--token-file", table, "--admin", "none", "--drain-grace-seconds", "0"])
    }

    private func assay(
        _ arguments: [String], _ server: ServerProcess, token: String?, program: String = "assay"
    ) throws -> Program.Outcome {
        var environment = ["ASSAY_SERVER": server.addresses[0]]
        environment["ASSAY_TOKEN_FILE"] = token
        return try Program.run(program, arguments, environment: environment)
    }

    @Test func eachScopeOpensItsPartAndTheRestIsRefusedWith77() throws {
        let (infer, observe) = (
            try make("infer", "--scope", "infer"), try make("observe", "--scope", "observe")
        )
        let admin = try make("admin", "--scope", "admin,observe")
        let server = try server()
        let rows: [(arguments: [String], token: String?, status: Int32, words: String)] = [
            (["generate", "-q", "317+485="], infer, 0, ""),
            (["generate", "-q", "317+485="], observe, 77, "scope infer"),
            (["models"], observe, 0, ""), (["models"], infer, 77, "scope observe"),
            (["ping", "--count", "1"], infer, 0, ""), (["health"], infer, 0, ""),
            (["unload", "demo"], infer, 77, "scope admin"),
            (["models"], nil, 77, "found no token"),
            (["models", "--token-file", observe], nil, 0, ""),
            (["models", "--token-file", infer], observe, 77, "scope observe"),
            (["models"], table, 2, "a table of hashed tokens, which is assayd's"),
            (["unload", "demo"], admin, 0, ""),
        ]
        for row in rows {
            let outcome = try assay(row.arguments, server, token: row.token)
            #expect(outcome.status == row.status, "\(row.arguments): \(outcome.errors)")
            #expect(row.words.isEmpty || outcome.errors.contains(row.words), "\(outcome.errors)")
        }
        #expect(server.errors.contains("token=\"admin\""), "the audit names the token")
        #expect(!server.errors.contains(/assay_[0-9a-f]{16}/), "no line of the log has a token")
    }

    @Test func theLoadTesterShowsItsToken() throws {
        let both = try make("both", "--scope", "infer", "--scope", "observe")
        let server = try server()
        let words = ["rpc", "--mix", "ping", "--requests", "5", "--connections", "1"]
        let outcome = try assay(words, server, token: both, program: "assay-load")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let refused = try assay(words, server, token: nil, program: "assay-load")
        #expect(refused.status == 77 && refused.errors.contains("--token-file"))
    }

    @Test func aWithdrawnTokenIsRefusedSoonAndAtOnceAfterHangUp() throws {
        let (first, second) = (
            try make("first", "--scope", "observe"), try make("second", "--scope", "observe")
        )
        let server = try server()
        #expect(try assay(["models"], server, token: first).status == 0)
        let text = try String(contentsOfFile: table, encoding: .utf8)
        let lines = text.split(separator: "\n").filter { !$0.contains("\"first\"") }
        try directory.write(lines.joined(separator: "\n").utf8, as: "tokens.json")
        chmod(table, 0o644)
        server.signal(SIGHUP)
        #expect(
            try ProcessFacts.eventually {
                try assay(["models"], server, token: first).status == 77
            })
        #expect(try assay(["models"], server, token: second).status == 0)
        let third = try make("third", "--scope", "observe")
        #expect(
            try ProcessFacts.eventually {
                try assay(["models"], server, token: third).status == 0
            })
        server.signal(SIGTERM)
        #expect(server.waitUntilExit() == 0)
    }

    @Test func anAddressThatOthersReachNeedsTokensOrInsecure() throws {
        _ = try make("a", "--scope", "infer")
        func check(_ arguments: String...) throws -> Program.Outcome {
            try Program.run(
                "assayd", arguments + ["--check-config"], environment: ["ASSAY_ADMIN": "none"])
        }
        let open = try check("--listen", "tcp://0.0.0.0:0")
        #expect(open.status == 78 && open.errors.contains("--token-file"))
        #expect(try check("--listen", "tcp://0.0.0.0:0", "--token-file", table).status == 0)
        let admin = try check("--admin", "0.0.0.0:0", "--token-file", table)
        #expect(admin.status == 78 && admin.errors.contains("admin"))
        chmod(table, 0o666)
        let writable = try check("--token-file", table)
        #expect(writable.status == 78 && writable.errors.contains("chmod go-w"))
    }

    @Test func theTokenIsToldOnceAndWrittenNowhere() throws {
        let outcome = try Program.run(
            "assay",
            [
                "token", "new", "--name", "n", "--scope", "infer", "--tenant", "t",
                "--priority-max", "3", "--share", "2.5", "--file", table, "--json",
            ])
        struct Made: Decodable {
            struct Entry: Decodable, Equatable {
                let name: String
                let sha256: String
                let scopes: [String]
                let tenant: String
                let priority_max: Int
                let share: Double
            }
            let token: String
            let entry: Entry
            let file: String?
        }
        let made = try JSONDecoder().decode(Made.self, from: Data(outcome.output.utf8))
        #expect(made.entry.tenant == "t" && made.entry.priority_max == 3 && made.entry.share == 2.5)
        struct Table: Decodable { let tokens: [Made.Entry] }
        let data = try Data(contentsOf: URL(fileURLWithPath: table))
        #expect(try JSONDecoder().decode(Table.self, from: data).tokens == [made.entry])
        #expect(!String(decoding: data, as: UTF8.self).contains(made.token))
        #expect(outcome.errors.isEmpty && made.file == table)
    }
}
