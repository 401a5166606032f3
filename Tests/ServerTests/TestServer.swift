// A whole server inside the test process: real sockets, real threads, a model small enough to
// build on the spot. It drains and stops with the object.

import Compute
import Foundation
import Logging
import Server
import ServerTestSupport
import TestSupport
import Wire

/// A running server on a Unix socket and a TCP port of its own.
final class TestServer {
    let unix: String
    let tcp: String
    /// `HOST:PORT` of the admin pages, when `configure` gave them an address.
    let admin: String?
    let directory: TemporaryDirectory
    private let server: AssayServer

    /// Models that a server may be started with.
    enum Model: Equatable {
        /// The tiny random model as `tiny`.
        case tiny
        /// The trained fixture as `stories`.
        case stories
        /// A fixture as `fixture`.
        case fixture(String)
        /// A broken file as `mock`; the development strategy stands a mock in.
        case mock
    }

    init(
        _ models: [Model] = [.tiny], backend: (any Backend)? = nil,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        var configuration = ServerConfiguration()
        configuration.models = try models.map { try Self.entry($0, in: directory) }
        if models.contains(.mock) {
            configuration.strategy = "development"
            configuration.allowsMockFallback = true
        }
        configuration.listen = ["unix://" + directory.path("s"), "tcp://127.0.0.1:0"]
        configuration.admin = "none"
        configuration.threads = 2
        configuration.digestFile = "none"
        configuration.limits.drainMicroseconds = 1_000_000
        configure(&configuration)
        if let backend {
            server = AssayServer(configuration: configuration, logger: logger, backend: backend)
        } else {
            server = try AssayServer(configuration: configuration, logger: logger)
        }
        admin = try server.startAdmin()
        let addresses = try server.start()
        unix = addresses[0]
        tcp = addresses[1]
    }

    deinit {
        server.stop()
        server.stop()
        server.waitUntilStopped()
    }

    /// Begins to drain; does not wait.
    func drain() { server.stop() }

    /// Waits until the server is down.
    func waitUntilStopped() { server.waitUntilStopped() }

    /// A connection that has greeted.
    func client(_ address: String? = nil, receiveBuffer: Int32? = nil) throws -> RawClient {
        let client = try RawClient(address ?? unix, receiveBuffer: receiveBuffer)
        try client.hello()
        return client
    }

    /// The value of a counter, both provenances together.
    func counter(_ name: String) throws -> UInt64 {
        let stats = try client().call(StatsRequest()).decoded(StatsResponse.self)
        return stats.counters.first { $0.name == name }.map { $0.real + $0.mock } ?? 0
    }

    /// Writes the tiny model and returns its path.
    static func writeTiny(
        in directory: TemporaryDirectory, name: String = "tiny.gguf", seed: UInt64 = 1,
        contextLength: Int = 512
    ) throws -> String {
        var shape = TinyLlamaShape()
        shape.contextLength = contextLength
        return try directory.write(
            GGUFBuilder.tinyLlama(seed: seed, shape: shape).build(), as: name)
    }

    private static func entry(_ model: Model, in directory: TemporaryDirectory) throws -> String {
        switch model {
        case .tiny: "tiny=" + (try writeTiny(in: directory))
        case .stories: "stories=" + Fixtures.path("stories/stories260K-f32.gguf")
        case .fixture(let path): "fixture=" + Fixtures.path(path)
        case .mock: "mock=" + (try directory.write("not a model".utf8, as: "broken.gguf"))
        }
    }
}

extension GenerateRequest {
    /// A long greedy stream that no end token cuts short by much.
    static func stream(_ model: String? = nil, tokens: UInt64 = 400) -> GenerateRequest {
        var request = GenerateRequest(model: model, prompt: .tokens([1, 300, 301]))
        request.maxTokens = tokens
        return request
    }
}
