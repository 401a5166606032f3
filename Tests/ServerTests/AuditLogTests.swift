// The audit in the log of a real server: who asked, for what, how it ended, at every log level.

import Console
import Foundation
import Logging
import Server
import ServerTestSupport
import Synchronization
import Testing
import Wire

@Suite struct AuditLogTests {
    /// Log lines with their kinds.
    private final class Lines: Sendable {
        private let lines = Mutex<[(text: String, kind: LineSink.Kind)]>([])

        var logger: Logger {
            var logger = Logger(label: "test") { label in
                LineLogHandler(label: label) { text, kind in
                    self.lines.withLock { $0.append((text, kind)) }
                }
            }
            logger.logLevel = .critical
            return logger
        }

        /// The lines since the last call.
        func take() -> [(text: String, kind: LineSink.Kind)] {
            lines.withLock { lines in
                defer { lines = [] }
                return lines
            }
        }
    }

    @Test func loadsUnloadsAndRefusedRightsHaveALineEach() throws {
        let lines = Lines()
        let server = try TestServer(logger: lines.logger)
        let start = lines.take()
        #expect(start.map(\.kind) == [.change])
        #expect(start.first?.text.contains("peer=\"start\"") == true)
        let (owner, stranger) = (try server.client(), try server.client(server.tcp))
        let path = try TestServer.writeTiny(in: server.directory, name: "two.gguf", seed: 2)

        _ = try stranger.call(LoadRequest(name: "x\" outcome=loaded", path: "/etc/passwd"))
        // The loop writes a line before it reads the next request.
        _ = try stranger.call(PingRequest())
        let refused = try #require(lines.take().first)
        #expect(refused.kind == .refusal)
        for part in [
            " audit=load ", " changed=false ", " connection=2 ", " outcome=loading_not_allowed ",
            " model=\"x\\\" outcome=loaded\" ", " path=\"/etc/passwd\" ", " peer=\"127.0.0.1:",
            " before=none ", " after=none ",
        ] { #expect(refused.text.contains(part), "\(part) in \(refused.text)") }

        _ = try owner.answers(to: try owner.request(LoadRequest(name: "two", path: path)))
        _ = try owner.call(UnloadRequest(name: "two"))
        _ = try owner.call(PingRequest())
        let changes = lines.take()
        #expect(changes.map(\.kind) == [.change, .change])
        let (loaded, unloaded) = (changes[0].text, changes[1].text)
        #expect(loaded.contains(" outcome=loaded path=\"\(path)\" peer=\"uid \(geteuid())\" "))
        #expect(unloaded.contains(" audit=unload ") && unloaded.contains(" outcome=unloaded "))
        #expect(loaded.contains(" before=none ") && unloaded.contains(" after=none "))
        let after = try #require(loaded.firstMatch(of: #/after=([0-9a-f]{64}) /#)?.1)
        #expect(unloaded.contains(" before=\(after) "), "what was loaded is what was unloaded")
    }
}
