// Crowds and readers that do not read, against the real program: its memory and its descriptors
// are measured from outside, and an honest client is answered meanwhile.

import ServerTestSupport
import TestSupport
import Testing
import Wire

@Suite(.serialized) struct HostileCrowdTests {
    /// Small marks and a short patience, so that the tests do not take long.
    private static let impatience = [
        "ASSAY_OUTPUT_HIGH_BYTES": "65536", "ASSAY_OUTPUT_LOW_BYTES": "16384",
        "ASSAY_RATE_WINDOW_SECONDS": "0.4",
    ]

    private let directory: TemporaryDirectory
    private let model: String

    init() throws {
        ProcessFacts.raiseDescriptorLimit()
        directory = try TemporaryDirectory()
        var shape = TinyLlamaShape()
        shape.contextLength = 512
        model = try directory.write(
            GGUFBuilder.tinyLlama(shape: shape).build(), as: "tiny.gguf")
    }

    private func memory(_ server: ServerProcess) -> Int {
        ProcessFacts.residentSize(of: server.identifier)
    }

    private func answers(_ client: RawClient) throws {
        let frames = try client.answers(
            to: try client.request(GenerateRequest.stream(tokens: 20)))
        #expect(frames.last?.status == .ok)
    }

    @Test func aThousandIdleConnectionsAreCheapAndLeaveNothingBehind() throws {
        let server = try ServerProcess(model: model)
        let honest = try server.client()
        try answers(honest)
        let descriptors = ProcessFacts.descriptorCount(of: server.identifier)
        let before = memory(server)
        do {
            // Half open: connected, not one byte sent.
            let idle = try (0..<1000).map { _ in try RawClient(server.addresses[1]) }
            #expect(
                try ProcessFacts.eventually { try server.counter("connections_open") >= 1000 })
            try answers(honest)
            #expect(memory(server) - before < 16 << 20)
            #expect(idle.count == 1000)
        }
        #expect(
            ProcessFacts.eventually {
                ProcessFacts.descriptorCount(of: server.identifier) <= descriptors
            })
    }

    @Test func aReaderThatNeverReadsIsPausedBoundedAndGivenUp() throws {
        let server = try ServerProcess(model: model, environment: Self.impatience)
        let honest = try server.client()
        try answers(honest)
        let deaf = try RawClient(server.addresses[0], receiveBuffer: 4096)
        try deaf.hello()
        let before = memory(server)
        var greedy = LogitsRequest(prompt: .tokens((0..<500).map { UInt32($0 % 300) }))
        greedy.allPositions = true
        // 60 answers of 0.7 MB each are not held for a peer that does not take them.
        for _ in 0..<60 { _ = try deaf.request(greedy) }
        for _ in 0..<20 { try answers(honest) }
        #expect(memory(server) - before < 24 << 20)
        #expect(try ProcessFacts.eventually { try server.counter("requests_in_flight") == 0 })
        #expect(try ProcessFacts.eventually { try server.counter("connections_open") == 2 })
    }

    @Test func aFloodOfPingsFromADeafPeerStopsBeingRead() throws {
        let server = try ServerProcess(model: model, environment: Self.impatience)
        let deaf = try RawClient(server.addresses[1], receiveBuffer: 4096)
        try deaf.hello()
        var encoder = FrameEncoder()
        let payload = [UInt8](repeating: 1, count: 4000)
        for id in 2..<500 as Range<UInt64> {
            try encoder.appendRequest(PingRequest(payload: payload), requestID: id)
        }
        let burst = encoder.bytes
        let before = memory(server)
        // Ends when the server gives the connection up; a bounded number of rounds if it does not.
        var rounds = 0
        while deaf.send(burst), rounds < 1000 { rounds += 1 }
        #expect(rounds < 1000)
        #expect(memory(server) - before < 16 << 20)
        #expect(try server.client().call(PingRequest()).status == .ok)
    }

    @Test func halfFramesOfAllSizesAreBoundedOverAllConnections() throws {
        let server = try ServerProcess(model: model)
        let honest = try server.client()
        let before = memory(server)
        var encoder = FrameEncoder()
        try encoder.appendRequest(
            TokenizeRequest(text: [UInt8](repeating: 65, count: 3_900_000)), requestID: 9)
        let most = Array(encoder.bytes.dropLast())
        // 100 beginnings of 3.9 MB; the limit over all connections is 256 MiB.
        let crowd = try (0..<100).map { _ in try server.client(1) }
        for client in crowd { client.send(most) }
        #expect(memory(server) - before < 400 << 20)
        #expect(try honest.call(PingRequest()).status == .ok)
        let refused = try crowd[99].next()
        #expect(refused == nil || refused?.status == .resourceExhausted)
    }
}
