// A token file that changes while the server runs: who is greeted, who loses the connection, and
// what the log says.

import Console
import Credentials
import Foundation
import Logging
import Server
import ServerTestSupport
import Synchronization
import TestSupport
import Testing
import Wire

@Suite struct TokenReloadTests {
    /// Everything logged.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var logger: Logger {
            var logger = Logger(label: "test") { label in
                LineLogHandler(label: label) { text, _ in self.lines.withLock { $0.append(text) } }
            }
            logger.logLevel = .info
            return logger
        }

        var text: String { lines.withLock { $0.joined(separator: "\n") } }
        func count(_ words: String) -> Int {
            lines.withLock { $0.count { $0.contains(words) } }
        }
    }

    private let directory: TemporaryDirectory
    private let lines = Lines()
    private let server: TestServer

    init() throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        try Self.write([Self.entry("a"), Self.entry("b")], in: directory)
        server = try TestServer(logger: lines.logger) {
            $0.tokenFile = directory.path("tokens.json")
        }
    }

    private static func entry(_ token: String, _ scopes: Set<TokenScope> = [.infer]) -> TokenEntry {
        TokenEntry(name: "name of \(token)", hash: AccessToken.hash(token), scopes: scopes)
    }

    private static func write(_ entries: [TokenEntry], in directory: TemporaryDirectory) throws {
        try write(TokenTable(entries).text, in: directory)
    }

    /// Writes the file whole, whatever the process's mask is.
    private static func write(_ text: String, in directory: TemporaryDirectory) throws {
        let draft = try directory.write(text.utf8, as: "draft")
        chmod(draft, 0o644)
        try #require(rename(draft, directory.path("tokens.json")) == 0)
    }

    private func hello(_ token: String?, _ address: String? = nil) throws -> (
        RawClient, AnswerFrame
    ) {
        let client = try RawClient(address ?? server.unix)
        return (client, try client.call(HelloRequest(client: "test", token: token)))
    }

    /// The client of a token that the server knows.
    private func greeted(_ token: String) throws -> RawClient {
        let (client, answer) = try hello(token)
        try #require(answer.status == .ok)
        return client
    }

    @Test func everyTransportDemandsAToken() throws {
        for address in [server.unix, server.tcp] {
            let (client, answer) = try hello(nil, address)
            #expect(answer.error?.code == "token_required" && answer.status == .unauthenticated)
            #expect(try client.next() == nil, "the connection ends")
            let (other, refusal) = try hello("x", address)
            #expect(refusal.error?.code == "token_invalid")
            #expect(try other.next() == nil)
            #expect(try hello("a", address).1.status == .ok)
        }
    }

    @Test func aWithdrawnTokenLosesItsConnectionAndANewOneIsTaken() throws {
        let (gone, stays) = (try greeted("a"), try greeted("b"))
        let id = try gone.request(GenerateRequest.stream(tokens: 400))
        let other = try stays.request(GenerateRequest.stream(tokens: 400))
        try Self.write([Self.entry("b"), Self.entry("c")], in: directory)
        var last: AnswerFrame?
        while let frame = try gone.next() { last = frame }
        let end = try #require(last)
        // The stream may have ended before the file was looked at.
        #expect(end.header.requestID == 0 && end.header.kind == .goAway, "after request \(id)")
        #expect(end.error?.code == "token_invalid" && end.status == .unauthenticated)
        #expect(try hello("a").1.error?.code == "token_invalid")
        #expect(try hello("c").1.status == .ok)
        #expect(try stays.answers(to: other).last?.status == .ok)
        #expect(try stays.call(PingRequest()).status == .ok)
        #expect(lines.count("the token file was read again") == 1)
    }

    @Test func aChangedScopeLosesTheConnection() throws {
        let client = try greeted("a")
        #expect(try client.call(ModelsRequest()).error?.code == "scope_missing")
        try Self.write([Self.entry("a", [.observe]), Self.entry("b")], in: directory)
        var last: AnswerFrame?
        while let frame = try client.next() { last = frame }
        #expect(last?.error?.code == "token_invalid")
        #expect(try greeted("a").call(ModelsRequest()).status == .ok)
    }

    @Test func aBadFileChangesNothingAndIsLoggedOnce() throws {
        let client = try greeted("a")
        try Self.write("{", in: directory)
        #expect(ProcessFacts.eventually { lines.count("the token file is refused") == 1 })
        #expect(try greeted("b").call(PingRequest()).status == .ok)
        // Another state of the file is another line, and the refused one had no second.
        unlink(directory.path("tokens.json"))
        #expect(ProcessFacts.eventually { lines.count("the token file is refused") == 2 })
        #expect(try client.call(PingRequest()).status == .ok)
        #expect(try hello("c").1.error?.code == "token_invalid")
        try Self.write([Self.entry("a"), Self.entry("c")], in: directory)
        #expect(try ProcessFacts.eventually { try hello("c").1.status == .ok })
        #expect(try client.call(PingRequest()).status == .ok)
        #expect(lines.count("the token file is refused") == 2)
    }

    @Test func noLineHoldsAToken() throws {
        let token = AccessToken.make()
        try Self.write(token, in: directory)
        #expect(ProcessFacts.eventually { lines.count("the token file is refused") == 1 })
        #expect(try hello(token).1.error?.code == "token_invalid")
        #expect(ProcessFacts.eventually { lines.count("code=token_invalid") == 1 })
        #expect(!lines.text.contains(token.dropFirst(10)))
    }

    @Test func theAuditNamesTheToken() throws {
        let client = try greeted("a")
        _ = try client.call(UnloadRequest(name: "tiny"))
        #expect(ProcessFacts.eventually { lines.count("audit=unload") == 1 })
        #expect(lines.count("token=\"name of a\"") == 1)
    }

    @Test func aServerDoesNotStartWithoutItsTokens() throws {
        let missing = directory.path("none.json")
        #expect(throws: ServerStartError.self) {
            _ = try TestServer { $0.tokenFile = missing }
        }
    }
}
