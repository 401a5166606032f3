// Several models and less memory than they need: the longest unused one leaves, comes back for a
// request with the same answers, and the budget holds.

import Compute
import Foundation
import Inference
import Loading
import ModelFiles
import Server
import ServerTestSupport
import Service
import TestSupport
import Testing
import Wire

@Suite struct ModelPoolServerTests {
    private let directory: TemporaryDirectory
    private let paths: [String]

    init() throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        paths = try (0..<3).map {
            try TestServer.writeTiny(
                in: directory, name: "\($0).gguf", seed: UInt64($0 + 1), contextLength: 128)
        }
    }

    /// Room for `count` of the models, with what a load takes on its way.
    private func memory(for count: Int) throws -> Int {
        let plan = try ModelPlan(file: GGUFFile(ModelFile(path: paths[0])))
        let need = plan.memory(contextTokens: 512)
        return count * (need.total - need.staging) + need.staging
    }

    private func server(
        _ eviction: EvictionMode, count: Int, preload: [String] = ["*"]
    ) throws -> TestServer {
        let memoryMax = try memory(for: count)
        return try TestServer([]) { configuration in
            configuration.models = paths.indices.map { "m\($0)=\(paths[$0])" }
            configuration.memoryMax = memoryMax
            configuration.preload = preload
            configuration.limits.eviction = eviction
            configuration.admin = "127.0.0.1:0"
        }
    }

    private func generate(_ name: String) -> GenerateRequest {
        var request = GenerateRequest(model: name, prompt: .tokens([1, 300, 301]))
        request.maxTokens = 8
        request.temperature = 0
        return request
    }

    private func tokens(_ client: RawClient, _ name: String) throws -> [UInt32] {
        let frames = try client.answers(to: try client.request(generate(name)))
        let last = try #require(frames.last)
        #expect(last.error == nil, "\(name): \(last.error?.message ?? "")")
        return try frames.dropLast().flatMap { try $0.decoded(GenerateChunk.self).tokens }
            + (last.error == nil ? last.decoded(GenerateResponse.self).tokens : [])
    }

    private func rows(_ client: RawClient) throws -> [String: ModelInfo] {
        let answer = try client.call(ModelsRequest()).decoded(ModelsResponse.self)
        return Dictionary(uniqueKeysWithValues: answer.models.map { ($0.name, $0) })
    }

    private func evicted(_ client: RawClient) throws -> [String] {
        try rows(client).values.filter { $0.evicted == true }.map(\.name).sorted()
    }

    @Test func modelsTakeTurnsInMemoryAndAnswerAsBefore() throws {
        let roomy = try server(.off, count: 3)
        let expected = try paths.indices.map { try tokens(try roomy.client(), "m\($0)") }
        #expect(Set(expected).count == 3)
        let server = try server(.wait, count: 2)
        let client = try server.client()
        // The third load of the start put the first one out.
        #expect(try evicted(client) == ["m0"])
        for index in [0, 1, 2, 0, 2, 1, 0] {
            #expect(try tokens(client, "m\(index)") == expected[index])
            #expect(try evicted(client).count == 1)
            #expect(try rows(client)["m\(index)"]?.evicted == nil)
        }
        #expect(try server.counter("models_evicted") >= 4)
    }

    @Test func aPinnedModelStaysAndALoadWithoutRoomIsRefused() throws {
        let server = try server(.wait, count: 2)
        let client = try server.client()
        for name in ["m1", "m2"] { _ = try client.call(PinRequest(name: name)) }
        let frames = try client.answers(to: try client.request(generate("m0")))
        let error = try #require(frames.last?.error)
        #expect(error.code == "model_evicted" && error.message.contains("memory-max"))
        #expect(error.retryAfterMilliseconds != nil)
        #expect(try rows(client)["m0"]?.loadFailure?.contains("bytes needed") == true)
        #expect(try evicted(client) == ["m0"])
        _ = try client.call(PinRequest(name: "m1", pinned: false))
        _ = try tokens(client, "m2")
        // The pause after the failed load.
        var answered = false
        for _ in 0..<600 where !answered {
            let last = try client.answers(to: try client.request(generate("m0"))).last
            answered = last?.error == nil
            if !answered { usleep(20_000) }
        }
        #expect(answered)
        #expect(try evicted(client) == ["m1"])
    }

    @Test func onlyPreloadedModelsAreLoadedAtTheStart() throws {
        let server = try server(.off, count: 3, preload: ["m1"])
        let client = try server.client()
        #expect(try evicted(client) == ["m0", "m2"])
        let health = try client.call(HealthRequest()).decoded(HealthResponse.self)
        #expect(health.ready)
        #expect(try !tokens(client, "m0").isEmpty)
        #expect(try evicted(client) == ["m2"])
        #expect(try rows(client)["m0"]?.generation == 1)
    }

    @Test func aRequestIsRefusedWhereTheSettingSaysSo() throws {
        let server = try server(.refuse, count: 2)
        let client = try server.client()
        #expect(try evicted(client) == ["m0"])
        let frames = try client.answers(to: try client.request(generate("m0")))
        #expect(frames.last?.error?.code == "model_evicted")
        // Whoever may load brings it back.
        let loaded = try client.answers(
            to: try client.request(LoadRequest(name: "m0", path: paths[0]))
        ).last
        #expect(loaded?.error == nil, "\(loaded?.error?.message ?? "")")
        #expect(try evicted(client) == ["m1"])
    }

    @Test func withoutEvictionALoadThatDoesNotFitIsRefused() throws {
        let server = try server(.off, count: 1, preload: ["m0"])
        let client = try server.client()
        let frames = try client.answers(
            to: try client.request(LoadRequest(name: "other", path: paths[1])))
        let error = try #require(frames.last?.error)
        #expect(error.code == "memory_budget_exceeded" && error.layer == "placement")
        #expect(error.message.contains("more than there are"))
    }

    @Test func copiesOfAModelFitWhereTwoModelsDoNot() throws {
        let copy = try TestServer.writeTiny(
            in: directory, name: "copy.gguf", seed: 1, contextLength: 128)
        let plan = try ModelPlan(file: GGUFFile(ModelFile(path: copy)))
        let need = plan.memory(contextTokens: 512)
        let server = try TestServer([]) { configuration in
            configuration.models = ["a=\(paths[0])", "b=\(copy)"]
            configuration.memoryMax = need.total + need.cache + need.scratch
        }
        let client = try server.client()
        #expect(try tokens(client, "a") == tokens(client, "b"))
        let rows = try rows(client)
        #expect(rows["a"]?.fingerprint == rows["b"]?.fingerprint)
    }
}
