// Bytes cut, flipped and made up: the client ends each call with the right answer or an error. The
// argument of a failed test is its seed.

import AssayClient
import Synchronization
import TestSupport
import Testing

@Suite struct HostileBytesTests {
    private let servers = Servers()
    private static let answer = AnswerRecord(model: "m", device: "cpu", timing: Timing())

    private static func frames(to id: UInt64) -> [UInt8] {
        ScriptedServer.frame(GenerateChunk(tokens: [1, 2], text: "ab"), to: id, generation: 3)
            + ScriptedServer.frame(
                GenerateResponse(
                    tokens: [3], text: "c", finishReason: .stop, promptTokens: 1,
                    completionTokens: 3, answer: answer), to: id, generation: 3)
    }

    @Test func anAnswerByteByByteIsTheSameAnswer() async throws {
        let server = try servers.greeting { asked, server in
            for byte in Self.frames(to: asked.id) { server.push([byte]) }
            return .silence
        }
        let client = try Client(server.address)
        let reply = try await client.generate(GenerateRequest(prompt: .text("x")))
        #expect(reply.message.text == "abc")
        #expect(reply.message.tokens == [1, 2, 3])
    }

    @Test(arguments: 0..<200)
    func anAnswerWithFlippedBytesEndsTheCall(_ seed: Int) async throws {
        let server = try servers.greeting { asked, _ in
            var generator = SeededGenerator(seed: UInt64(seed))
            var bytes = Self.frames(to: asked.id)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
            return .sendAndClose(bytes)
        }
        var options = Options.once
        options.answerMilliseconds = 10_000
        let client = try Client(server.address, options: options)
        do throws(AssayError) {
            let reply = try await client.generate(GenerateRequest(prompt: .text("x")))
            #expect(reply.provenance == .real)
        } catch {
            #expect(error.code != .timedOut, "\(error)")
        }
    }

    @Test(arguments: 0..<50)
    func madeUpBytesEndTheCall(_ seed: Int) async throws {
        let server = try servers.start { _, _ in
            var generator = SeededGenerator(seed: UInt64(seed))
            let count = Int.random(in: 0...200, using: &generator)
            return .sendAndClose(
                (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
        }
        let client = try Client(server.address, options: .once)
        let error = await failure { try await client.ping() }
        #expect(error?.code == .protocolError || error?.code == .connectionClosed)
    }

    /// Answers to Hello that agree to more than the client offered, or are invalid.
    static let wrongHellos: [HelloResponse] = [
        HelloResponse(server: "s", revision: Limits.revision + 1),
        HelloResponse(server: "s", compression: true),
        HelloResponse(server: "s", bodySizeMax: 4095),
        HelloResponse(server: "s", requestsInFlightMax: 0),
        HelloResponse(server: ""), HelloResponse(server: "s", revision: 0),
    ]

    @Test(arguments: wrongHellos.indices)
    func aHelloThatAgreesToSomethingElseIsABreach(_ index: Int) async throws {
        let server = try servers.greeting(Self.wrongHellos[index]) { _, _ in .silence }
        var options = Options()
        options.compression = false
        let client = try Client(server.address, options: options)
        #expect(await failure { try await client.ping() }?.code == .protocolError)
        #expect(server.connectionCount == 1)
    }

    @Test func aCompressedBodyWithoutAnAgreementIsABreach() async throws {
        let server = try servers.greeting { asked, _ in
            let payload = [UInt8](repeating: 1, count: 5000)
            return .send(
                ScriptedServer.frame(
                    PingResponse(payload: payload), to: asked.id, compresses: true))
        }
        let client = try Client(server.address)
        let error = await failure { try await client.ping([UInt8](repeating: 1, count: 5000)) }
        #expect(error?.code == .protocolError)
    }

    @Test func whatFollowsTheLastFrameIsABreach() async throws {
        let server = try servers.greeting { asked, _ in
            let frame = ScriptedServer.frame(StatsResponse(), to: asked.id)
            return asked.id == 2 ? .send(frame + frame) : .silence
        }
        var options = Options.once
        options.answerMilliseconds = 10_000
        let client = try Client(server.address, options: options)
        _ = try await client.stats()
        // The connection is over. The next call gets a new connection, and ids begin anew.
        _ = try await client.stats()
        #expect(server.connectionCount == 2)
    }

    @Test func oneBreachEndsEverythingOnTheConnection() async throws {
        let server = try servers.greeting { asked, server in
            guard server.asked.count == 2 else { return .silence }
            var frame = ScriptedServer.frame(StatsResponse(), to: asked.id)
            frame[7] = 3
            return .send(frame)
        }
        let client = try Client(server.address)
        async let one = failure { _ = try await client.stats() }
        async let other = failure { _ = try await client.stats() }
        #expect(await one?.code == .protocolError)
        #expect(await other?.code == .protocolError)
    }
}
