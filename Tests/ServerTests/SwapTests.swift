// Swap, Rollback, Pin and Alias over the wire while the model is asked.

import Foundation
import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct SwapTests {
    /// A server of the tiny model, with the owner's connection and a second model file.
    private struct Setup {
        let server: TestServer
        let client: RawClient
        let path: String

        init(_ configure: (inout ServerConfiguration) -> Void = { _ in }) throws {
            server = try TestServer(configure: configure)
            client = try server.client()
            path = try TestServer.writeTiny(in: server.directory, name: "two.gguf", seed: 2)
        }

        func swap(_ path: String, progress: Bool? = nil) throws -> [AnswerFrame] {
            try client.answers(
                to: try client.request(
                    SwapRequest(name: "tiny", path: path, progress: progress)))
        }

        func model() throws -> ModelInfo {
            try client.call(ModelsRequest()).decoded(ModelsResponse.self).models[0]
        }

        /// A greedy answer with the generation and the fingerprint that it states.
        func ask(_ model: String = "tiny", tokens: UInt64 = 40) throws -> Answer {
            try Answer(
                client.answers(
                    to: try client.request(GenerateRequest.stream(model, tokens: tokens))))
        }
    }

    private struct Answer: Equatable {
        let generation: UInt32
        let fingerprint: [UInt8]?
        let tokens: [UInt32]

        init(_ frames: [AnswerFrame]) throws {
            let last = try #require(frames.last)
            #expect(last.status == .ok, "\(String(describing: last.error))")
            generation = last.header.generation
            #expect(frames.allSatisfy { $0.header.generation == last.header.generation })
            fingerprint = try last.decoded(GenerateResponse.self).answer.fingerprint
            tokens = try frames.tokens
        }
    }

    @Test func aSwapReportsItsLayersAndTheNewModelAnswers() throws {
        let setup = try Setup()
        let before = try setup.ask()
        let frames = try setup.swap(setup.path, progress: true)
        let layers = try frames.dropLast().compactMap {
            try $0.decoded(SwapProgress.self).layer
        }
        #expect(
            layers.filter { $0.bytesRead == nil }.map(\.layer) == [
                "file", "parse", "compatibility", "placement", "validation",
            ])
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: setup.path)[.size] as? UInt64)
        #expect(layers.last { $0.bytesRead != nil }?.bytesRead == size)
        let report = try frames[frames.count - 1].decoded(SwapResponse.self)
        #expect(report.layers.count == 5 && report.previousGeneration == 1)
        #expect(report.model.generation == 2 && report.model.heldGeneration == 1)
        #expect(report.frame == UInt64(frames.count - 1))
        let after = try setup.ask()
        #expect(after.generation == 2 && after.fingerprint == report.model.fingerprint)
        #expect(after.tokens != before.tokens)
        let back = try setup.client.call(RollbackRequest(name: "tiny"))
        #expect(try back.decoded(RollbackResponse.self).model.heldGeneration == 2)
        #expect(try setup.ask() == before)
        #expect(try setup.server.counter("swaps_accepted") == 1)
        #expect(try setup.server.counter("rollbacks") == 1)
    }

    /// Each answer is the golden one of the file that it names, whole and alone.
    @Test func noAnswerMixesGenerationsWhileModelsAreSwapped() throws {
        let setup = try Setup()
        let first = setup.server.directory.path("tiny.gguf")
        var golden: [[UInt8]: [UInt32]] = [:]
        for path in [first, setup.path] {
            _ = try setup.swap(path)
            let answer = try setup.ask(tokens: 120)
            golden[try #require(answer.fingerprint)] = answer.tokens
        }
        #expect(golden.count == 2)
        let clients = try (0..<2).map { _ in try setup.server.client() }
        for round in 0..<12 {
            let streams = try clients.flatMap { client in
                try (0..<2).map { _ in
                    (client, try client.request(GenerateRequest.stream("tiny", tokens: 120)))
                }
            }
            // The streams have begun.
            for client in clients { _ = try client.peek() }
            let swapped = try setup.swap(round % 2 == 0 ? first : setup.path)
            #expect(swapped.last?.status == .ok)
            let generation = try #require(swapped.last?.header.generation)
            let after = try setup.ask(tokens: 120)
            #expect(after.generation == generation)
            #expect(after.tokens == golden[try #require(after.fingerprint)])
            for (client, id) in streams {
                let answer = try Answer(client.answers(to: id))
                #expect(answer.generation <= generation)
                #expect(answer.tokens == golden[try #require(answer.fingerprint)])
            }
        }
        #expect(try setup.server.counter("requests_in_flight") == 0)
    }

    @Test func anUnusedGenerationLeavesAndAHeldOneStays() throws {
        let setup = try Setup { $0.admin = "127.0.0.1:0" }
        for _ in 0..<3 { _ = try setup.swap(setup.path) }
        let admin = try #require(setup.server.admin)
        func roles() throws -> [String] {
            let body = try RawHTTP.get("/models", admin).body
            let page = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
            let models = page?["models"] as? [[String: Any]]
            let generations = models?.first?["generations"] as? [[String: Any]] ?? []
            return generations.map { "\($0["generation"] ?? 0) \($0["role"] ?? "")" }
        }
        #expect(try ProcessFacts.eventually { try roles() == ["3 held", "4 active"] })
        // A stream on the held generation keeps it through the next swap, and no longer.
        _ = try setup.client.call(AliasRequest(name: "tiny", label: "old", generation: 3))
        let slow = try setup.server.client(receiveBuffer: 4096)
        let stream = try slow.request(GenerateRequest.stream("tiny:old", tokens: 120))
        _ = try setup.client.call(AliasRequest(name: "tiny", label: "old", generation: 0))
        _ = try setup.swap(setup.path)
        #expect(try Answer(slow.answers(to: stream)).generation == 3)
        #expect(try ProcessFacts.eventually { try roles() == ["4 held", "5 active"] })
    }

    @Test func aSwapToAnyMalformedFileLeavesTheModelServing() throws {
        let setup = try Setup()
        let before = try setup.ask()
        let files = MalformedFile.all
        // Every third, so that each part of the catalogue is there.
        for index in stride(from: 0, to: files.count, by: 3) {
            let file = files[index]
            let path = try setup.server.directory.write(file.bytes(), as: "bad\(index).gguf")
            let refused = try #require(try setup.swap(path).last)
            #expect(refused.status == .modelRejected, "\(file.name)")
            #expect(refused.error?.layer == file.layer && refused.error?.code == file.code)
            let model = try setup.model()
            #expect(model.state == .ready && model.generation == 1 && model.heldGeneration == nil)
            #expect(
                model.loadFailure?.hasPrefix("\(file.layer) layer (\(file.code)): ") == true)
        }
        let health = try setup.client.call(HealthRequest(model: "tiny")).decoded(
            HealthResponse.self)
        #expect(health.ready)
        #expect(health.reason?.hasPrefix("the last swap of tiny failed: ") == true)
        #expect(try setup.ask() == before)
        _ = try setup.swap(setup.path)
        #expect(try setup.model().loadFailure == nil)
    }

    @Test func aSwapNeverEndsInAMock() throws {
        let setup = try Setup {
            $0.strategy = "development"
            $0.allowsMockFallback = true
        }
        let path = try setup.server.directory.write("nothing".utf8, as: "broken.gguf")
        let refused = try #require(try setup.swap(path).last)
        #expect(refused.status == .modelRejected && refused.header.provenance == .real)
        #expect(try setup.model().provenance == .real)
    }

    @Test func aLabelTakesItsShareAndItsOwnName() throws {
        let setup = try Setup()
        let before = try setup.ask()
        _ = try setup.swap(setup.path)
        let after = try setup.ask()
        let alias = try setup.client.call(
            AliasRequest(name: "tiny", label: "canary", generation: 1, share: 0.25))
        #expect(
            try alias.decoded(AliasResponse.self).model.labels == [
                ModelLabel(label: "canary", generation: 1, share: 0.25)
            ])
        #expect(try setup.ask("tiny:canary") == before)
        var counts: [UInt32: Int] = [:]
        for index in 0..<200 {
            let answer = try setup.client.call(
                TokenizeRequest(model: "tiny", text: Array("\(index)".utf8)))
            counts[answer.header.generation, default: 0] += 1
        }
        #expect(counts == [1: 50, 2: 150])
        let none = try setup.client.call(
            AliasRequest(name: "tiny", label: "canary", generation: 0))
        #expect(try none.decoded(AliasResponse.self).model.labels == [])
        for _ in 0..<4 { #expect(try setup.ask() == after) }
        #expect(try setup.client.call(HealthRequest(model: "tiny:canary")).status == .notFound)
    }

    @Test func aPinnedModelStaysUntilItIsUnpinned() throws {
        let setup = try Setup()
        _ = try setup.client.call(PinRequest(name: "tiny"))
        #expect(try setup.model().pinned == true)
        let refused = try setup.client.call(UnloadRequest(name: "tiny"))
        #expect(refused.error?.code == "model_pinned")
        _ = try setup.client.call(PinRequest(name: "tiny", pinned: false))
        #expect(try setup.client.call(UnloadRequest(name: "tiny")).status == .ok)
    }

    @Test func aCancelledSwapLeavesTheModelAsItWas() throws {
        let setup = try Setup()
        let before = try setup.ask()
        for _ in 0..<5 {
            let generation = try setup.model().generation
            let swap = try setup.client.request(SwapRequest(name: "tiny", path: setup.path))
            let cancel = try setup.client.request(CancelRequest(target: swap))
            let last = try #require(try setup.client.answers(to: swap).last)
            _ = try setup.client.answers(to: cancel)
            // The swap may have won the race; then it is there, complete.
            let model = try setup.model()
            #expect((model.generation != generation) == (last.status == .ok))
            #expect(last.status == .ok || last.error?.code == "cancelled")
            #expect(model.loadFailure == nil && model.state == .ready)
            if last.status == .ok { _ = try setup.swap(setup.server.directory.path("tiny.gguf")) }
            let answer = try setup.ask()
            #expect(answer.tokens == before.tokens && answer.fingerprint == before.fingerprint)
        }
        // Nothing is left of the swaps that were given up.
        #expect(try setup.swap(setup.path).last?.status == .ok)
        #expect(try setup.server.counter("requests_in_flight") == 0)
    }

    @Test func aSwapBesideASwapAndAnUnloadIsRefusedOrTakesItsTurn() throws {
        let setup = try Setup { $0.limits.loadsMax = 1 }
        let large = try TestServer.writeTiny(
            in: setup.server.directory, name: "slow.gguf", contextLength: 512)
        let load = try setup.client.request(LoadRequest(name: "slow", path: large))
        let swap = try setup.client.request(SwapRequest(name: "tiny", path: setup.path))
        // The swap waits behind the load, and a frame of this read is answered before both.
        let second = try setup.client.request(SwapRequest(name: "tiny", path: setup.path))
        let unload = try setup.client.request(UnloadRequest(name: "tiny"))
        let codes = [second, unload].map { id in
            (try? setup.client.answers(to: id))?.last?.error?.code
        }
        #expect(codes == ["swap_running", "swap_running"])
        #expect(try setup.client.answers(to: load).last?.status == .ok)
        #expect(try setup.client.answers(to: swap).last?.status == .ok)
    }

    @Test func aDrainLetsTheRunningSwapEnd() throws {
        let setup = try Setup()
        let swap = try setup.client.request(SwapRequest(name: "tiny", path: setup.path))
        setup.server.drain()
        let frames = try setup.client.answers(to: swap)
        let last = try #require(frames.last)
        let codes: Set<String?> = [nil, "draining", "cancelled"]
        #expect(codes.contains(last.error?.code))
        setup.server.waitUntilStopped()
    }

    @Test func namesWithTheMarkOfLabelsAreRefused() throws {
        let setup = try Setup()
        for name in ["tiny:x", ":", "a:"] {
            let load = try setup.client.call(LoadRequest(name: name, path: setup.path))
            #expect(load.status == .invalidArgument && load.error?.code == "name_reserved")
        }
        #expect(throws: (any Error).self) {
            _ = try TestServer([]) { $0.models = ["a:b=/x.gguf"] }
        }
    }

    @Test func othersMayNotSwap() throws {
        let setup = try Setup()
        let stranger = try setup.server.client(setup.server.tcp)
        let requests: [any RequestMessage] = [
            SwapRequest(name: "tiny", path: setup.path), RollbackRequest(name: "tiny"),
            PinRequest(name: "tiny"), AliasRequest(name: "tiny", label: "x", generation: 1),
        ]
        for request in requests {
            let frames = try stranger.answers(to: try stranger.request(request))
            #expect(frames.last?.error?.code == "loading_not_allowed")
        }
        #expect(try setup.model().generation == 1)
    }
}
