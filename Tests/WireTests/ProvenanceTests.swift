// The promise of the protocol: no response without a provenance, and only 1 or 2.

import TestSupport
import Testing
import Wire

@Suite struct ProvenanceTests {
    /// Appends any response type; the existential is opened by the call.
    private func append<Message: ResponseMessage>(
        _ message: Message, _ provenance: Provenance, to encoder: inout FrameEncoder
    ) throws {
        let isGoAway = Message.kind == .goAway
        try encoder.appendResponse(
            message, to: isGoAway ? 0 : 77, provenance: provenance, generation: 3)
    }

    @Test func everyResponseTypeIsSampled() {
        let sampled = MessageRegistry.samples(degraded: false).map { "\(type(of: $0))" }
        #expect(Set(sampled) == Set(MessageRegistry.responses.map { "\($0)" }))
        let kinds = Set(MessageRegistry.responses.map { $0.kind })
        #expect(kinds == Set(MessageKind.allCases.filter { $0.isServed || $0 == .goAway }))
    }

    @Test(arguments: Provenance.allCases, [false, true])
    func everyResponseOfEveryKindCarriesItsProvenance(
        _ provenance: Provenance, _ compresses: Bool
    ) throws {
        for degraded in [false, true] {
            for message in MessageRegistry.samples(degraded: degraded) {
                var encoder = FrameEncoder()
                encoder.compresses = compresses
                try append(message, provenance, to: &encoder)
                #expect(encoder.bytes[7] == provenance.rawValue)
                let frames = try FrameDecoder(.response).frames(in: encoder.bytes)
                let header = try #require(frames.first).header
                #expect(header.provenance == provenance)
                #expect(header.flags.contains(.degraded) == message.isDegraded)
                #expect(header.flags.contains(.more) == type(of: message).isFollowed)
            }
        }
    }

    @Test(arguments: Provenance.allCases, Status.allCases.filter { $0 != .ok && $0.isOnWire })
    func everyErrorToEveryKindCarriesItsProvenance(
        _ provenance: Provenance, _ status: Status
    ) throws {
        var encoder = FrameEncoder()
        for kind in UInt8(1)...0x7F {
            encoder.removeAll()
            encoder.appendError(
                ErrorBody(code: "c", message: "m"), status: status, toKind: kind,
                requestID: kind == MessageKind.goAway.requestByte ? 0 : 5, provenance: provenance)
            #expect(encoder.bytes[7] == provenance.rawValue)
            let frames = try FrameDecoder(.response).frames(in: encoder.bytes)
            let header = try #require(frames.first).header
            #expect(header.status == status)
            #expect(header.kindByte == kind | 0x80)
        }
    }

    @Test func noFrameOfARandomConversationIsWithoutProvenance() throws {
        let seed = SeededGenerator.fuzzSeed("noFrameOfARandomConversationIsWithoutProvenance")
        var random = SeededGenerator(seed: seed)
        var encoder = FrameEncoder()
        var expected: [Provenance] = []
        for _ in 0..<2000 {
            let provenance: Provenance = random.below(2) == 0 ? .real : .mock
            expected.append(provenance)
            switch random.below(4) {
            case 0:
                encoder.appendError(
                    ErrorBody(code: "c", message: "m"), status: .unavailable,
                    toKind: UInt8(1 + random.below(0x60)), requestID: 1 + random.next() / 2,
                    provenance: provenance)
            case 1:
                try PingRequest(payload: [1]).echo(to: 9, provenance, &encoder)
            default:
                let samples = MessageRegistry.samples(degraded: random.below(2) == 0)
                try append(samples[random.below(samples.count)], provenance, to: &encoder)
            }
        }
        let frames = try FrameDecoder(.response).frames(in: encoder.take())
        #expect(frames.map(\.header.provenance) == expected)
    }

    @Test func requestsCarryNoProvenance() throws {
        var encoder = FrameEncoder()
        try encoder.appendRequest(PingRequest(), requestID: 1)
        #expect(encoder.bytes[7] == 0)
    }

    @Test func mergingIsTainting() {
        #expect(Provenance.real.merged(with: .real) == .real)
        #expect(Provenance.real.merged(with: .mock) == .mock)
        #expect(Provenance.mock.merged(with: .real) == .mock)
        #expect(Provenance.mock.merged(with: .mock) == .mock)
    }

    @Test func statsFrameIsMockWhenOneMockAnswerWasCounted() {
        let clean = CounterRecord(name: "a", real: 5, mock: 0)
        #expect(StatsResponse(counters: [clean]).provenance == .real)
        let tainted = CounterRecord(name: "b", real: 0, mock: 1)
        #expect(StatsResponse(counters: [clean, tainted]).provenance == .mock)
    }
}

extension PingRequest {
    /// Encodes the body and has it echoed, as a server does.
    func echo(
        to requestID: UInt64, _ provenance: Provenance, _ encoder: inout FrameEncoder
    ) throws {
        var writer = BodyWriter()
        encode(into: &writer)
        let body = writer.bytes
        var failure: WireError?
        body.withUnsafeBytes { view in
            do throws(WireError) {
                try encoder.appendPing(echoing: view, to: requestID, provenance: provenance)
            } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
