// The admin pages of the real program: what a monitor sees from the start to the drain, and how
// the port's settings fail.

import Foundation
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite(.serialized) struct AdminTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func writeModel(_ name: String, contextLength: Int = 512) throws -> String {
        var shape = TinyLlamaShape()
        shape.contextLength = contextLength
        return try directory.write(GGUFBuilder.tinyLlama(shape: shape).build(), as: name)
    }

    /// Where the server said its pages are.
    private func admin(_ errors: String) throws -> String {
        let line = try #require(
            errors.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                .first { $0.hasPrefix("admin: http://") })
        return String(line.dropFirst(14))
    }

    @Test func loadingThenReadyThenDraining() throws {
        let model = directory.path("late.gguf")
        let scratch = try TemporaryDirectory()
        let process = try ChildProcess(
            Program.path("assayd"),
            [
                "--model", "m=" + model, "--listen", "unix://" + scratch.path("s"), "--admin",
                "127.0.0.1:0", "--strategy", "graceful", "--threads", "1",
            ], [:], scratch)
        #expect(
            ProcessFacts.eventually {
                process.errors.contains("admin: http://127.0.0.1:")
                    && process.errors.hasSuffix("\n")
            })
        let address = try admin(process.errors)
        #expect(try RawHTTP.get("/livez", address).status == 200)
        let loading = try RawHTTP.get("/readyz", address)
        #expect(loading.status == 503 && loading.body.contains(#""phase":"loading""#))
        #expect(!process.errors.contains("listening on"))
        // The file appears; the strategy looks again after a second.
        let ready = directory.path("ready.gguf")
        _ = try writeModel("ready.gguf", contextLength: 200_000)
        try FileManager.default.moveItem(atPath: ready, toPath: model)
        #expect(
            try ProcessFacts.eventually { try RawHTTP.get("/readyz", address).status == 200 })
        #expect(process.errors.contains("listening on"))
        // An answer that nobody reads is paused, and keeps the drain from its end.
        var client: RawClient? = try RawClient("unix://" + scratch.path("s"))
        try client?.hello()
        try client?.request(GenerateRequest.stream(tokens: 150_000))
        _ = try client?.next()
        process.signal(SIGTERM)
        #expect(
            try ProcessFacts.eventually {
                let answer = try RawHTTP.get("/readyz", address)
                return answer.status == 503 && answer.body.contains("the server is draining")
            })
        client = nil
        #expect(process.waitUntilExit() == 0)
    }

    @Test func aServerWithADemoModelRequiresIt() throws {
        let server = try ServerProcess(model: nil, ["--admin", "127.0.0.1:0"])
        let answer = try RawHTTP.get("/readyz", try admin(server.errors))
        #expect(answer.status == 200)
        let verdict = #"{"name":"demo","required":true,"ready":true,"reason":null}"#
        #expect(answer.body.contains(verdict))
    }

    @Test func twoServersOnOnePortAreTold() throws {
        let first = try ServerProcess(model: nil, ["--admin", "127.0.0.1:0"])
        let address = try admin(first.errors)
        let outcome = try Program.run(
            "assayd", ["--admin", address, "--listen", "tcp://127.0.0.1:0"])
        #expect(outcome.status == 78)
        #expect(outcome.errors.contains("the admin address \(address)"), "\(outcome.errors)")
        #expect(outcome.errors.contains("--admin none"))
        #expect(!outcome.errors.contains("listening on"))
    }

    @Test func noneMeansNoPages() throws {
        let server = try ServerProcess(model: nil, ["--admin", "none"])
        #expect(!server.errors.contains("admin: "))
    }

    @Test(arguments: [
        ["--admin", "7412"], ["--admin", "localhost:x"], ["--admin", "example.org:80"],
        ["--admin", ""],
    ])
    func anAddressThatIsNoneIsRefusedBeforeAnythingStarts(arguments: [String]) throws {
        let outcome = try Program.run("assayd", arguments)
        #expect(outcome.status == 78)
        #expect(outcome.errors.contains("HOST:PORT"), "\(outcome.errors)")
    }

    @Test func checkConfigKnowsTheSettings() throws {
        let file = try directory.write(
            "required-model: [a, b]\nready-with-mock: true\n".utf8, as: "a.yaml")
        let outcome = try Program.run(
            "assayd", ["--check-config", "--config", file, "--admin", "[::1]:7413"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("admin = [::1]:7413  (flag)"))
        #expect(outcome.output.contains("required-model = [a, b]  (\(file))"))
        #expect(outcome.output.contains("ready-with-mock = true  (\(file))"))
    }

    @Test func aServiceManagerIsToldWhenRequestsAreAnswered() throws {
        let path = directory.path("notify")
        let manager = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(manager) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(manager, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        let server = try ServerProcess(model: nil, environment: ["NOTIFY_SOCKET": path])
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            manager, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(manager, &buffer, buffer.count, 0)
        let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        #expect(text.split(separator: "\n").contains("READY=1"))
        #expect(try server.client().call(PingRequest()).status == .ok)
    }
}
