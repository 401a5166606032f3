// Seeded random bytes, frames and half-truths against a live server. It must answer an honest
// client after every attack, leak no descriptor and stay within its memory.

import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite(.serialized) struct LiveFuzzTests {
    @Test func anHonestClientIsServedAfterEveryAttack() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("LiveFuzzTests"))
        let directory = try TemporaryDirectory()
        let server = try ServerProcess(
            model: try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf"))
        let honest = try server.client()
        let expected = try honest.answers(
            to: try honest.request(GenerateRequest.stream(tokens: 10))
        ).tokens
        let descriptors = ProcessFacts.descriptorCount(of: server.identifier)
        let memory = ProcessFacts.residentSize(of: server.identifier)
        for round in 0..<200 {
            try attack(server, &random)
            guard round % 20 == 0 else { continue }
            let frames = try honest.answers(
                to: try honest.request(GenerateRequest.stream(tokens: 10)))
            #expect(try frames.tokens == expected)
        }
        #expect(
            ProcessFacts.eventually {
                ProcessFacts.descriptorCount(of: server.identifier) <= descriptors
            })
        #expect(ProcessFacts.residentSize(of: server.identifier) - memory < 32 << 20)
        #expect(try ProcessFacts.eventually { try server.counter("requests_in_flight") == 0 })
    }

    private func attack(_ server: ServerProcess, _ random: inout SeededGenerator) throws {
        let client = try RawClient(server.addresses[random.below(2)])
        client.setReadTimeout(seconds: 5)
        if random.below(4) > 0 { try client.hello() }
        for _ in 0..<(1 + random.below(6)) {
            var bytes = try frame(&random)
            switch random.below(5) {
            case 0: for _ in 0..<3 { bytes[random.below(bytes.count)] ^= 1 << random.below(8) }
            case 1: bytes = Array(bytes.prefix(random.below(bytes.count)))
            case 2:
                bytes = (0..<random.below(300)).map { _ in UInt8(truncatingIfNeeded: random.next())
                }
            default: break
            }
            guard client.send(bytes) else { return }
        }
        guard random.below(2) == 0 else { return }  // Vanishes without reading.
        client.finishSending()
        // Whatever comes is well-formed (the decoder throws otherwise), and it ends.
        while try client.next() != nil {}
    }

    private func frame(_ random: inout SeededGenerator) throws -> [UInt8] {
        var encoder = FrameEncoder()
        let id = UInt64(random.below(5) + 1)
        switch random.below(8) {
        case 0: try encoder.appendRequest(PingRequest(payload: [1, 2, 3]), requestID: id)
        case 1: try encoder.appendRequest(StatsRequest(), requestID: id)
        case 2: try encoder.appendRequest(CancelRequest(target: 3), requestID: id)
        case 3: try encoder.appendRequest(TokenizeRequest(text: [104, 105]), requestID: id)
        case 4:
            try encoder.appendRequest(
                LoadRequest(name: "x", path: "/nonexistent.gguf"), requestID: id)
        case 5: try encoder.appendRequest(LogitsRequest(prompt: .tokens([1, 2])), requestID: id)
        default:
            var request = GenerateRequest.stream("m", tokens: UInt64(1 + random.below(40)))
            request.temperature = Double(random.below(3))
            try encoder.appendRequest(
                request, requestID: id, deadlineMilliseconds: UInt32(random.below(50)))
        }
        return encoder.bytes
    }
}
