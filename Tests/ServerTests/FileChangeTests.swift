// The files of a served model change while it answers: every answer stays what it was, byte for
// byte, and the change is said.

import Foundation
import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct FileChangeTests {
    /// A form of a model: its files, the path it is served by, and the files that are changed.
    enum Form: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case gguf, split, bareSplit, checkpoint, shards
        var testDescription: String { rawValue }

        var files: [String: [UInt8]] {
            switch self {
            case .gguf: ["tiny.gguf": GGUFBuilder.tinyLlama().build()]
            case .split: GGUFBuilder.tinyLlama().split(into: 3)
            case .bareSplit: GGUFBuilder.tinyLlama().split(into: 2, isFirstBare: true)
            case .checkpoint: CheckpointBuilder.tiny("LlamaForCausalLM").files()
            case .shards: CheckpointBuilder.tiny("LlamaForCausalLM").files(shardCount: 2)
            }
        }

        /// The served file, in the folder.
        var path: String { self == .gguf ? "tiny.gguf" : "" }

        /// The files that are changed, one at a time.
        var victims: [String] {
            switch self {
            case .gguf: ["tiny.gguf"]
            case .split: ["model-00001-of-00003.gguf", "model-00002-of-00003.gguf"]
            case .bareSplit: ["model-00001-of-00002.gguf"]
            case .checkpoint: ["model.safetensors", "tokenizer.json", "config.json"]
            case .shards: ["model-00002-of-00002.safetensors", "model.safetensors.index.json"]
            }
        }
    }

    /// A change of a file.
    enum Change: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case overwritten, zeroed, truncated, emptied, replaced, deleted
        var testDescription: String { rawValue }

        func apply(to path: String, _ bytes: [UInt8]) throws {
            let url = URL(fileURLWithPath: path)
            switch self {
            case .overwritten:
                var random = SeededGenerator(seed: 1)
                try write(
                    (0..<bytes.count).map { _ in UInt8.random(in: 0...255, using: &random) },
                    to: path)
            case .zeroed: try write([UInt8](repeating: 0, count: bytes.count), to: path)
            case .truncated: try #require(truncate(path, off_t(bytes.count / 3)) == 0)
            case .emptied: try #require(truncate(path, 0) == 0)
            case .replaced: try Data(bytes.reversed()).write(to: url, options: .atomic)
            case .deleted: try FileManager.default.removeItem(at: url)
            }
        }

        /// Into the same inode, as `cp NEW OLD` does.
        private func write(_ bytes: [UInt8], to path: String) throws {
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try handle.write(contentsOf: bytes)
            try handle.close()
        }

        var state: FileState { self == .deleted ? .missing : .changed }
    }

    private static let requests: [GenerateRequest] = (0..<64).map { number in
        var request = GenerateRequest(
            prompt: .tokens((0..<4).map { UInt32(3 + (number * 7 + $0 * 3) % 40) }))
        request.maxTokens = 24
        request.temperature = number % 2 == 0 ? 0 : 0.8
        request.seed = UInt64(number)
        return request
    }

    @Test(arguments: Form.allCases)
    func streamsGoOnThroughEveryChange(_ form: Form) throws {
        let server = try TestServer([]) { _ in }
        let client = try server.client()
        for victim in form.victims {
            for change in Change.allCases {
                let name = "\(form.rawValue)-\(victim)-\(change.rawValue)"
                let folder = server.directory.path(name)
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: false)
                for (file, bytes) in form.files {
                    try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + file))
                }
                let loaded = try client.answers(
                    to: try client.request(
                        LoadRequest(name: name, path: folder + "/" + form.path)))
                try #require(
                    loaded.last?.status == .ok, "\(String(describing: loaded.last?.error))")
                let golden = try texts(client, name) {}
                let bytes = try #require(form.files[victim])
                let during = try texts(client, name) {
                    try change.apply(to: folder + "/" + victim, bytes)
                }
                #expect(during == golden, "\(name)")
                #expect(try texts(client, name) {} == golden, "\(name)")
                try expect(client, name, change.state)
                #expect(try client.call(UnloadRequest(name: name)).status == .ok)
            }
        }
        #expect(try server.counter("requests_recomputed") == 0)
    }

    /// Text and fingerprint of 64 streams at once; `change` runs when the first tokens have come.
    private func texts(
        _ client: RawClient, _ model: String, _ change: () throws -> Void
    ) throws -> [String] {
        let ids = try Self.requests.map { request in
            var request = request
            request.model = model
            return try client.request(request)
        }
        _ = try client.peek()
        try change()
        return try ids.map { id in
            let frames = try client.answers(to: id)
            let answer = try frames.generated.answer
            let tokens = try frames.tokens.map(String.init).joined(separator: ",")
            return "\(tokens) \(try frames.text) \(answer.fingerprint ?? [])"
        }
    }

    private func expect(_ client: RawClient, _ model: String, _ state: FileState) throws {
        let verified = try client.call(HealthRequest(model: model, verify: true))
            .decoded(HealthResponse.self)
        #expect(verified.ready && verified.file == state && verified.seal == .absent, "\(model)")
        let health = try client.call(HealthRequest()).decoded(HealthResponse.self)
        #expect(health.ready && health.reason?.contains(state.rawValue) == true)
        let list = try client.call(ModelsRequest()).decoded(ModelsResponse.self)
        #expect(list.models.map(\.file) == [state])
    }

    @Test func aChangeIsNoticedWithoutBeingAskedFor() throws {
        let server = try TestServer { $0.fileCheckSeconds = 0.1 }
        let client = try server.client()
        let path = server.directory.path("tiny.gguf")
        func state() throws -> FileState? {
            try client.call(HealthRequest(model: "tiny")).decoded(HealthResponse.self).file
        }
        #expect(try state() == .unchanged)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
        #expect(try ProcessFacts.eventually { try state() == .missing })
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(try ProcessFacts.eventually { try state() == .changed })
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
        #expect(try ProcessFacts.eventually { try state() == .unchanged })
    }
}
