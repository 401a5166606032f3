// Embeddings of models whose attention is not causal: they equal an independent computation, an
// input stays whole whatever shares its step, and nothing predicts a next token.

import Foundation
import Server
import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite struct BothDirectionsEmbedTests {
    private struct Golden: Decodable {
        struct Row: Decodable {
            let tokens: [UInt32]
            let mean: [Float]
            let last: [Float]
            let cls: [Float]
        }
        let gguf: [Row]
        let safetensors: [Row]
    }

    private func embed(
        _ inputs: [[UInt32]], _ pooling: Pooling? = .mean, _ client: RawClient
    ) throws -> [[Float]] {
        let frames = try client.answers(to: try client.request(request(inputs, pooling)))
        let account = try frames[frames.count - 1].decoded(EmbedResponse.self)
        let values = try frames.embeddings
        let width = Int(account.dimensions)
        #expect(values.count == width * Int(account.count))
        #expect(account.promptTokens == inputs.reduce(0) { $0 + UInt64($1.count) })
        return (0..<Int(account.count)).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }

    private func request(_ inputs: [[UInt32]], _ pooling: Pooling? = .mean) -> EmbedRequest {
        var request = EmbedRequest(inputs: inputs.map { .tokens($0) })
        request.pooling = pooling
        request.normalize = false
        return request
    }

    private func tokens(_ count: Int, seed: UInt64) -> [UInt32] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt32(3 + random.below(320)) }
    }

    /// A server with the tiny model, its key set.
    private func server(
        context: Int = 512, configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> (TestServer, TemporaryDirectory) {
        let directory = try TemporaryDirectory()
        var shape = TinyLlamaShape()
        shape.contextLength = context
        var builder = GGUFBuilder.tinyLlama(shape: shape)
        builder.set("llama.attention.causal", .bool(false))
        let path = try directory.write(builder.build(), as: "both.gguf")
        let server = try TestServer([]) {
            $0.models = ["both=" + path]
            configure(&$0)
        }
        return (server, directory)
    }

    // MARK: - Numbers

    /// Adds the key to a llama in a GGUF file. Two entries of 64 bytes together leave the alignment
    /// of the tensors as it is.
    private func withKey(_ file: [UInt8]) -> [UInt8] {
        func number(_ value: Int, _ size: Int = 8) -> [UInt8] {
            (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        func text(_ text: String) -> [UInt8] { number(text.utf8.count) + Array(text.utf8) }
        let entries =
            text("llama.attention.causal") + number(7, 4) + [0]
            + text("mine.note") + number(8, 4) + text("")
        let count = file[16..<24].reversed().reduce(0) { $0 << 8 | Int($1) }
        return file[..<16] + number(count + 2) + entries + file[24...]
    }

    /// See Fidelity/Goldens/embed_both_directions.py.
    @Test(
        .enabled(if: Fixtures.exists("safetensors/llama-gqa"), "needs the reference models"),
        arguments: ["gguf", "safetensors"])
    func equalsAnIndependentComputation(_ container: String) throws {
        let place = Fixtures.checkout
            .appendingPathComponent("Fidelity/Goldens/embed-both-directions.json")
        let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: place))
        let rows = container == "gguf" ? golden.gguf : golden.safetensors
        let directory = try TemporaryDirectory()
        var path = directory.path
        if container == "gguf" {
            let file = try Data(
                contentsOf: URL(fileURLWithPath: Fixtures.path("models/llama-gqa-f32.gguf")))
            path = try directory.write(withKey(Array(file)), as: "model.gguf")
        } else {
            for name in ["config.json", "model.safetensors", "tokenizer.json"] {
                let source = Fixtures.path("safetensors/llama-gqa/" + name)
                var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: source)))
                if name == "config.json" {
                    bytes.insert(contentsOf: Array(#""is_causal": false, "#.utf8), at: 1)
                }
                try directory.write(bytes, as: name)
            }
        }
        let server = try TestServer([]) { $0.models = ["both=" + path] }
        let client = try server.client()
        let inputs = rows.map(\.tokens)
        #expect(inputs.map(\.count) == [1, 7, 33, 200, 300])
        for pooling in Pooling.allCases {
            let found = try embed(inputs, pooling, client)
            for (row, vector) in zip(rows, found) {
                let expected = [Pooling.mean: row.mean, .last: row.last, .cls: row.cls][pooling]
                let largest = zip(vector, expected ?? []).map { abs($0 - $1) }.max()
                #expect(vector.count == expected?.count)
                #expect((largest ?? 1) < 2e-4, "\(pooling), \(row.tokens.count) tokens")
            }
        }
    }

    @Test func theFirstPositionDependsOnAllOthers() throws {
        let (server, _) = try server()
        let client = try server.client()
        let found = try embed([[5, 6, 7], [5, 6, 8], [5]], .cls, client)
        #expect(found[0] != found[1] && found[0] != found[2])
        #expect(try embed([[5]], .last, client)[0] == found[2])
    }

    // MARK: - Company

    /// Inputs of up to 500 tokens in steps of 48, beside other requests and connections.
    @Test(arguments: Pooling.allCases)
    func inputsTogetherGiveWhatEachGivesAlone(_ pooling: Pooling) throws {
        let (server, _) = try server {
            $0.limits.stepTokensMax = 48
            $0.limits.sequencesMax = 2
            $0.cacheTokensMax = 1024
        }
        let client = try server.client()
        let inputs =
            (0..<40).map { tokens(1 + $0 * 37 % 71, seed: UInt64($0)) }
            + [tokens(500, seed: 90), tokens(300, seed: 91)]
        let others = try (0..<6).map { index in
            let other = try server.client()
            let lengths = [index * 90 + 20, 3, 49, 48, 47]
            let id = try other.request(
                request(lengths.map { tokens($0, seed: UInt64(index)) }, pooling))
            return (other, id, lengths)
        }
        let together = try embed(inputs, pooling, client)
        for (index, (other, id, lengths)) in others.enumerated() {
            let values = try other.answers(to: id).embeddings
            let alone = try lengths.map {
                try embed([tokens($0, seed: UInt64(index))], pooling, client)[0]
            }
            #expect(values == alone.flatMap(\.self))
        }
        for (index, input) in inputs.enumerated() {
            #expect(try embed([input], pooling, client) == [together[index]])
        }
    }

    @Test func theLongestInputIsTheBoundOfAStep() throws {
        let (server, _) = try server(context: 40_000)
        let client = try server.client()
        let models = try client.call(ModelsRequest()).decoded(ModelsResponse.self).models
        #expect(models.map(\.context) == [8_192])
        let refused = try client.call(request([tokens(8_193, seed: 1)]))
        #expect(refused.status == .outOfRange && refused.error?.code == "prompt_too_long")
        #expect(refused.error?.message.contains("1 more than the model's context of 8192") == true)
        #expect(try server.counter("prompt_tokens") == 0)
        let long = tokens(1_500, seed: 1)
        let last = try embed([long, [7]], .last, client)
        #expect(last[0].allSatisfy(\.isFinite) && last[0] != last[1])
        // The first token reaches the last position, and the last token the first position.
        var changed = long
        changed[1_499] = long[1_499] == 9 ? 10 : 9
        #expect(try embed([long], .cls, client) != (try embed([changed], .cls, client)))
    }

    @Test func anInputThatTheCacheCannotHoldIsRefused() throws {
        let (server, _) = try server(context: 4_096) { $0.cacheTokensMax = 320 }
        let client = try server.client()
        let refused = try client.call(request([tokens(20, seed: 1), tokens(321, seed: 2)]))
        #expect(refused.status == .outOfRange && refused.error?.code == "prompt_too_long")
        #expect(refused.error?.field == "inputs")
        #expect(try embed([tokens(320, seed: 2)], .mean, client).count == 1)
    }

    // MARK: - What such a model does not do

    @Test func whatPredictsANextTokenIsRefusedByName() throws {
        let (server, _) = try server()
        let client = try server.client()
        let prompt = Prompt.tokens([1, 300, 301])
        let answers = [
            try client.call(GenerateRequest(prompt: prompt)),
            try client.call(LogitsRequest(prompt: prompt)),
            try client.call(ScoreRequest(prompt: prompt, continuations: [.tokens([5])])),
        ]
        for answer in answers {
            #expect(answer.status == .failedPrecondition)
            #expect(answer.error?.code == "model_not_causal")
            #expect(answer.error?.field == "model")
            #expect(answer.error?.message.contains("allowed: Embed, Tokenize, Detokenize") == true)
        }
        #expect(try client.call(TokenizeRequest(text: Array("the".utf8))).status == .ok)
        #expect(try server.counter("models_not_causal") == 1)
        #expect(try TestServer().counter("models_not_causal") == 0)
    }

    @Test func aModelIsLoadedVerifiedAndUnloaded() throws {
        let server = try TestServer()
        let directory = try TemporaryDirectory()
        var folder = CheckpointBuilder.tiny("Qwen2ForCausalLM")
        folder.set("is_causal", "false")
        for (name, bytes) in folder.files() { try directory.write(bytes, as: name) }
        let client = try server.client()
        #expect(
            try client.call(LoadRequest(name: "both", path: directory.path)).status == .ok)
        #expect(try server.counter("models_not_causal") == 1)
        var health = HealthRequest(model: "both")
        health.verify = true
        #expect(try client.call(health).status == .ok)
        var embed = request([[5, 6, 7]])
        embed.model = "both"
        #expect(try client.call(embed).status == .ok)
        #expect(try client.call(GenerateRequest.stream("both")).error?.code == "model_not_causal")
        #expect(try client.call(GenerateRequest.stream("tiny", tokens: 2)).status == .ok)
        #expect(try client.call(UnloadRequest(name: "both")).status == .ok)
        #expect(try server.counter("models_not_causal") == 0)
    }
}
