// Frames dropped, doubled or swapped on the way, and last frames with a wrong count. Such an answer
// is never a success, with or without numbers in the frames.

import AssayClient
import Testing

@Suite struct LastFrameTests {
    private static let answer = AnswerRecord(model: "m", device: "cpu", timing: Timing())
    private let servers = Servers()

    /// A server that answers Stats, and every other request with `frames`.
    private func server(_ frames: @escaping @Sendable (UInt64) -> [UInt8]) throws
        -> ScriptedServer
    {
        try servers.greeting { asked, _ in
            asked.kind == .stats
                ? .send(ScriptedServer.frame(StatsResponse(), to: asked.id))
                : .send(frames(asked.id))
        }
    }

    private func client(_ server: ScriptedServer) throws -> Client {
        var options = Options.once
        options.answerMilliseconds = 10_000
        return try Client(server.address, options: options)
    }

    /// Frames of one token each. Nil leaves out the number, like servers of revision 2.
    private static func generation(
        _ numbers: [UInt64?], made: Int, to id: UInt64
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        for number in numbers.dropLast() {
            var chunk = GenerateChunk(tokens: [7], text: "a")
            chunk.frame = number
            bytes += ScriptedServer.frame(chunk, to: id)
        }
        var last = GenerateResponse(
            tokens: [8], text: "b", finishReason: .stop, promptTokens: 1,
            completionTokens: UInt64(made), answer: answer)
        last.frame = numbers[numbers.count - 1]
        return bytes + ScriptedServer.frame(last, to: id)
    }

    @Test(arguments: [[0, 1, 2], [0], [nil, nil, nil], [0, nil, 2]] as [[UInt64?]])
    func framesInTheirTurnAreAnAnswer(_ numbers: [UInt64?]) async throws {
        let server = try server {
            Self.generation(numbers, made: numbers.count, to: $0)
        }
        let client = try client(server)
        let reply = try await client.generate(GenerateRequest(prompt: .text("x")))
        #expect(reply.message.tokens.count == numbers.count)
    }

    /// The counts alone would not show the fault, because the number of frames is right.
    @Test(arguments: [
        [1, 0, 2], [0, 0, 2], [0, 2, 2], [1, 2, 3], [0, 1, 1], [0, 1, .max], [1],
    ])
    func framesOutOfTheirTurnAreABreach(_ numbers: [UInt64]) async throws {
        let server = try server { Self.generation(numbers, made: numbers.count, to: $0) }
        let client = try client(server)
        let error = await failure {
            _ = try await client.generate(GenerateRequest(prompt: .text("x")))
        }
        #expect(error?.code == .protocolError)
        // The connection is over, and the next call makes a new connection.
        _ = try await client.stats()
        #expect(server.connectionCount == 2)
    }

    @Test(arguments: [(1, 2), (2, 3), (3, 2), (1, 0)])
    func anotherNumberOfTokensThanTheLastFrameCountsIsABreach(
        _ sent: Int, _ made: Int
    ) async throws {
        let server = try server {
            Self.generation(Array(repeating: nil, count: sent), made: made, to: $0)
        }
        let client = try client(server)
        let whole = await failure {
            _ = try await client.generate(GenerateRequest(prompt: .text("x")))
        }
        #expect(whole?.code == .protocolError)
        var answers = 0
        let streamed = await failure {
            for try await part in client.generateStream(GenerateRequest(prompt: .text("x"))) {
                answers += part.answer == nil ? 0 : 1
            }
        }
        #expect(streamed?.code == .protocolError)
        #expect(answers == 0)
        _ = try await client.stats()
        #expect(server.connectionCount == 3)
    }

    // MARK: - The other streamed kinds

    private static func logits(
        _ numbers: [UInt64], positions: UInt64, to id: UInt64
    ) -> [UInt8] {
        var chunk = LogitsChunk(logits: [Float](repeating: 1, count: Int(positions)))
        chunk.frame = numbers[0]
        var last = LogitsResponse(
            logits: [Float](repeating: 1, count: Int(positions)), vocabulary: 2,
            positions: positions, answer: answer)
        last.frame = numbers[1]
        return ScriptedServer.frame(chunk, to: id) + ScriptedServer.frame(last, to: id)
    }

    @Test(arguments: [([0, 1], true), ([1, 2], false), ([0, 0], false)])
    func framesOfLogitsEmbedAndLoadHaveTheirTurn(
        _ numbers: [UInt64], _ isRight: Bool
    ) async throws {
        let server = try servers.greeting { asked, _ in
            switch asked.kind {
            case .logits: return .send(Self.logits(numbers, positions: 1, to: asked.id))
            case .embed:
                var chunk = EmbedChunk(embeddings: [1])
                chunk.frame = numbers[0]
                var last = EmbedResponse(
                    embeddings: [2], dimensions: 2, count: 1, promptTokens: 1,
                    answer: Self.answer)
                last.frame = numbers[1]
                return .send(
                    ScriptedServer.frame(chunk, to: asked.id)
                        + ScriptedServer.frame(last, to: asked.id))
            default:
                let layer = LayerVerdictRecord(layer: "file", ok: true, microseconds: 1)
                var chunk = LoadProgress(layer: layer)
                chunk.frame = numbers[0]
                var last = LoadResponse(accepted: true, layers: [layer])
                last.frame = numbers[1]
                return .send(
                    ScriptedServer.frame(chunk, to: asked.id)
                        + ScriptedServer.frame(last, to: asked.id))
            }
        }
        let client = try client(server)
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await client.logits(LogitsRequest(prompt: .text("x"))) },
            { _ = try await client.embed(EmbedRequest(inputs: [.text("x")])) },
            { _ = try await client.load(LoadRequest(name: "m", path: "/m")) },
        ]
        for call in calls {
            if isRight {
                try await call()
            } else {
                #expect(await failure(call)?.code == .protocolError)
            }
        }
        #expect(server.connectionCount == (isRight ? 1 : 3))
    }

    @Test(
        arguments: [
            // Tokens of the prompt (nil for text), all positions, answered positions, right?
            (3, true, 3, true), (3, true, 2, false), (3, true, 4, false), (3, false, 1, true),
            (3, false, 3, false), (nil, false, 2, false), (nil, true, 2, true),
        ] as [(Int?, Bool, UInt64, Bool)])
    func positionsOfLogitsAreThoseAskedFor(
        _ tokens: Int?, _ isAll: Bool, _ positions: UInt64, _ isRight: Bool
    ) async throws {
        let server = try server { Self.logits([0, 1], positions: positions, to: $0) }
        let client = try client(server)
        var request = LogitsRequest(
            prompt: tokens.map { .tokens([UInt32](repeating: 1, count: $0)) } ?? .text("x"))
        request.allPositions = isAll
        let asked = request
        if isRight {
            #expect(try await client.logits(asked).message.positions == positions)
        } else {
            #expect(
                await failure { _ = try await client.logits(asked) }?.code == .protocolError)
        }
    }
}
