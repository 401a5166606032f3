// Embeddings: they equal an independent computation, their poolings agree with each other, and they
// do not depend on company or frames.

import Foundation
import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct EmbedTests {
    private struct Golden: Decodable {
        struct Row: Decodable {
            let tokens: [UInt32]
            let mean: [Float]
            let last: [Float]
            let cls: [Float]
        }
        let rows: [Row]
    }

    private func embed(_ request: EmbedRequest, _ client: RawClient) throws -> [[Float]] {
        let frames = try client.answers(to: try client.request(request))
        let account = try frames[frames.count - 1].decoded(EmbedResponse.self)
        let values = try frames.embeddings
        let width = Int(account.dimensions)
        #expect(values.count == width * Int(account.count))
        return (0..<Int(account.count)).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }

    private func request(
        _ inputs: [[UInt32]], _ pooling: Pooling = .mean, normalize: Bool = false
    ) -> EmbedRequest {
        var request = EmbedRequest(inputs: inputs.map { .tokens($0) })
        request.pooling = pooling
        request.normalize = normalize
        return request
    }

    private func tokens(_ count: Int, seed: UInt64) -> [UInt32] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt32(3 + random.below(320)) }
    }

    /// See Fidelity/Goldens/embed_llama_gqa.py.
    @Test(
        .enabled(if: Fixtures.exists("models/llama-gqa-f32.gguf"), "needs the reference models"))
    func equalsAnIndependentComputation() throws {
        let place = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fidelity/Goldens/embed-llama-gqa.json")
        let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: place))
        let server = try TestServer([.fixture("models/llama-gqa-f32.gguf")])
        let client = try server.client()
        let inputs = golden.rows.map(\.tokens)
        #expect(inputs.count == 4)
        for pooling in Pooling.allCases {
            let found = try embed(request(inputs, pooling), client)
            for (row, vector) in zip(golden.rows, found) {
                let expected = [Pooling.mean: row.mean, .last: row.last, .cls: row.cls][pooling]
                let largest = zip(vector, expected ?? []).map { abs($0 - $1) }.max()
                #expect(vector.count == expected?.count)
                #expect((largest ?? 1) < 2e-4, "\(pooling)")
            }
        }
    }

    @Test func theMeanIsThatOfTheLastStatesOfAllBeginnings() throws {
        let server = try TestServer()
        let client = try server.client()
        let input = tokens(37, seed: 1)
        let beginnings = (1...37).map { Array(input.prefix($0)) }
        let states = try embed(request(beginnings, .last), client)
        let mean = try embed(request([input]), client)[0]
        for index in mean.indices {
            let expected = states.reduce(0.0) { $0 + Double($1[index]) } / 37
            #expect(mean[index] == Float(expected))
        }
        #expect(try embed(request([input], .cls), client)[0] == states[0])
        #expect(try embed(request([[input[0]]], .mean), client)[0] == states[0])
    }

    @Test func normalisingDividesByTheLength() throws {
        let server = try TestServer()
        let client = try server.client()
        let inputs = [tokens(3, seed: 1), tokens(20, seed: 2)]
        let plain = try embed(request(inputs), client)
        let unit = try embed(request(inputs, normalize: true), client)
        for (plain, unit) in zip(plain, unit) {
            let length = plain.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            let one = unit.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(one - 1) < 1e-6)
            for (value, expected) in zip(unit, plain) {
                #expect(abs(Double(value) - Double(expected) / length) < 1e-6)
            }
        }
    }

    @Test(arguments: Pooling.allCases)
    func inputsTogetherGiveWhatEachGivesAlone(_ pooling: Pooling) throws {
        let server = try TestServer {
            $0.limits.stepTokensMax = 48
            $0.limits.sequencesMax = 4
            $0.cacheTokensMax = 512
        }
        let client = try server.client()
        let inputs = (0..<60).map { tokens(1 + $0 * 11 % 70, seed: UInt64($0)) }
        let stream = try client.request(GenerateRequest.stream(tokens: 60))
        let together = try embed(request(inputs, pooling, normalize: true), client)
        _ = try client.answers(to: stream)
        #expect(together.count == 60)
        for (index, input) in inputs.enumerated() {
            let alone = try embed(request([input], pooling, normalize: true), client)
            #expect(alone == [together[index]])
        }
    }

    @Test func vectorsReachAPeerThatAcceptsOnlySmallFrames() throws {
        let server = try TestServer()
        let small = try RawClient(server.unix)
        try small.hello(bodySizeMax: 4096)
        let inputs = (0..<100).map { tokens(2, seed: UInt64($0)) }
        let id = try small.request(request(inputs))
        let frames = try small.answers(to: id)
        #expect(frames.count > 6)
        #expect(frames.allSatisfy { $0.body.count <= 4096 && $0.status == .ok })
        let expected = try embed(request(inputs), try server.client())
        #expect(try frames.embeddings == expected.flatMap { $0 })
        let account = try frames[frames.count - 1].decoded(EmbedResponse.self)
        #expect((account.count, account.dimensions, account.promptTokens) == (100, 64, 200))
    }

    @Test func aTextIsTokenizedAsAPromptIs() throws {
        let server = try TestServer()
        let client = try server.client()
        let ids = try client.call(TokenizeRequest(text: Array("the sea".utf8)))
            .decoded(TokenizeResponse.self).tokens
        let text = try embed(EmbedRequest(inputs: [.text("the sea")]), client)
        #expect(try embed(request([ids], normalize: true), client) == text)
    }

    @Test func whatCannotBeEmbeddedIsRefused() throws {
        let server = try TestServer { $0.contextMax = 64 }
        let client = try server.client()
        var empty = EmbedRequest(inputs: [.text("a"), .text("")])
        empty.addSpecial = false
        let refused = try client.call(empty)
        #expect(refused.error?.code == "prompt_empty")
        #expect(refused.error?.message.contains("input 1") == true)
        let long = try client.call(request([tokens(64, seed: 1), tokens(71, seed: 1)]))
        #expect(long.status == .outOfRange)
        #expect(long.error?.code == "prompt_too_long")
        #expect(long.error?.message.contains("7 more than the model's context of 64") == true)
        #expect(try client.call(request([[1, 99_999]])).error?.field == "inputs")
        #expect(try server.counter("prompt_tokens") == 0)
    }

    @Test func anEmbeddingIsCancelledInTheMiddle() throws {
        let server = try TestServer([.tiny])
        let path = try TestServer.writeTiny(
            in: server.directory, name: "long.gguf", contextLength: 20_000)
        let client = try server.client()
        #expect(try client.call(LoadRequest(name: "long", path: path)).status == .ok)
        var lengthy = request((0..<256).map { tokens(3_000, seed: UInt64($0)) })
        lengthy.model = "long"
        let id = try client.request(lengthy)
        #expect(try client.call(GenerateRequest.stream("long", tokens: 3)).status == .ok)
        _ = try client.request(CancelRequest(target: id))
        #expect(try client.answers(to: id).last?.status == .cancelled)
        #expect(try ProcessFacts.eventually { try server.counter("requests_in_flight") == 0 })
    }

    @Test func aMockEmbedsAndSaysSo() throws {
        let server = try TestServer([.mock])
        let client = try server.client()
        let frames = try client.answers(
            to: try client.request(EmbedRequest(inputs: [.text("a"), .text("b")])))
        #expect(frames.allSatisfy { $0.header.provenance == .mock })
        let values = try frames.embeddings
        #expect(values.count == 2 * 4096)
        #expect(values.prefix(4096) != values.suffix(4096))
    }
}

extension [AnswerFrame] {
    /// Values of an Embed answer, chunks and rest together.
    var embeddings: [Float] {
        get throws {
            try flatMap { frame in
                frame.isLast
                    ? try frame.decoded(EmbedResponse.self).embeddings
                    : try frame.decoded(EmbedChunk.self).embeddings
            }
        }
    }
}
