// The decoder under every cut: byte by byte, all at once, at random places, short, and damaged.

import TestSupport
import Testing
import Wire

@Suite struct FrameDecoderTests {
    typealias Owned = [(header: FrameHeader, body: [UInt8])]

    /// A stream of many frames: every valid request vector after the other.
    private static let stream: [UInt8] = VectorCase.all("valid")
        .filter { $0.expectation.direction == "request" && $0.bytes.count < 9000 }
        .flatMap(\.bytes)

    private func decoder() -> FrameDecoder {
        FrameDecoder(.request, bodySizeMax: Limits.bodySizeMax)
    }

    private func same(_ one: Owned, _ other: Owned) -> Bool {
        one.count == other.count
            && zip(one, other).allSatisfy { $0.header == $1.header && $0.body == $1.body }
    }

    private func whole() throws -> Owned { try decoder().frames(in: Self.stream) }

    @Test func byteByByteEqualsAllAtOnce() throws {
        let slow = decoder()
        var frames: Owned = []
        for byte in Self.stream { frames += try slow.frames(in: [byte]) }
        #expect(frames.count > 20)
        #expect(same(frames, try whole()))
        #expect(slow.pendingSize == 0)
    }

    @Test func randomCutsEqualAllAtOnce() throws {
        let seed = SeededGenerator.fuzzSeed("randomCutsEqualAllAtOnce")
        var random = SeededGenerator(seed: seed)
        let expected = try whole()
        for round in 0..<200 {
            let cut = decoder()
            var frames: Owned = []
            var offset = 0
            while offset < Self.stream.count {
                let size = min(
                    1 + random.below(1 << (1 + random.below(13))), Self.stream.count - offset)
                frames += try cut.frames(in: Array(Self.stream[offset..<(offset + size)]))
                offset += size
            }
            #expect(same(frames, expected), "round \(round) of seed \(seed)")
        }
    }

    @Test func everyTruncationYieldsAPrefixAndNoError() throws {
        let expected = try whole()
        for size in stride(from: 0, through: Self.stream.count, by: 7) {
            let frames = try decoder().frames(in: Array(Self.stream[..<size]))
            #expect(frames.count <= expected.count)
            #expect(same(frames, Array(expected[..<frames.count])), "\(size)")
        }
    }

    /// A flipped bit gives the same frames, other frames, or an error; never a crash, and every
    /// frame that comes out has sizes inside the limits. The messages inside face the same.
    @Test func flippedBitsNeverBreakTheDecoder() throws {
        let seed = SeededGenerator.fuzzSeed("flippedBitsNeverBreakTheDecoder")
        var random = SeededGenerator(seed: seed)
        let vectors = VectorCase.all("valid").filter { $0.bytes.count < 9000 }
        var refused = 0
        for _ in 0..<20_000 {
            let vector = vectors[random.below(vectors.count)]
            var bytes = vector.bytes
            for _ in 0...random.below(3) {
                bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
            }
            do {
                for frame in try vector.decoder().frames(in: bytes) {
                    #expect(frame.body.count == frame.header.rawSize)
                    #expect(frame.body.count <= Limits.bodySizeMax)
                    try decodeAsEveryMessage(of: frame.header, frame.body)
                }
            } catch is WireError {
                refused += 1
            }
        }
        #expect(refused > 1000)
    }

    @Test func randomBytesNeverBreakTheMessages() throws {
        let seed = SeededGenerator.fuzzSeed("randomBytesNeverBreakTheMessages")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            var body = (0..<random.below(64)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            // Half of the bodies begin like a real field, so that more than the id is reached.
            if random.below(2) == 0, body.count > 8 {
                body[0] = UInt8(1 + random.below(16))
                body[1] = 0
                body[2] = UInt8(1 + random.below(8))
                body[3] = 0
                body[4] = UInt8(random.below(body.count))
                for index in 5..<8 { body[index] = 0 }
            }
            let type = MessageRegistry.all[random.below(MessageRegistry.all.count)]
            _ = try? type.init(decoding: body)
        }
    }

    private func decodeAsEveryMessage(of header: FrameHeader, _ body: [UInt8]) throws {
        let requests = MessageRegistry.requests.filter { $0.kind == header.kind }
        let responses = MessageRegistry.responses.filter { $0.kind == header.kind }
        for type in requests { _ = try type.init(decoding: body) }
        for type in responses { _ = try? type.init(decoding: body) }
    }

    @Test func anErrorStaysForEver() throws {
        let broken = decoder()
        #expect(throws: WireError.self) { try broken.frames(in: [0, 0, 0, 0]) }
        let good = VectorCase.all("valid").first { $0.name == "valid/ping_64" }
        #expect(throws: WireError.self) { try broken.frames(in: try #require(good).bytes) }
    }

    @Test func framesBeforeTheDamageAreStillHandedOut() throws {
        let ping = try #require(VectorCase.all("valid").first { $0.name == "valid/ping_64" })
        let bytes = ping.bytes + [0, 0, 0, 0]
        let decoder = decoder()
        var count = 0
        var failed = false
        bytes.withUnsafeBytes { view in
            decoder.lend(view)
            do throws(WireError) {
                while try decoder.next() != nil { count += 1 }
            } catch { failed = true }
            decoder.settle()
        }
        #expect(count == 1)
        #expect(failed)
    }

    @Test func raisedLimitHoldsFromTheNextFrameOn() throws {
        let decoder = FrameDecoder(.request)
        var encoder = FrameEncoder()
        try encoder.appendRequest(HelloRequest(client: "c"), requestID: 1)
        try encoder.appendRequest(
            PingRequest(payload: [UInt8](repeating: 1, count: 9000)), requestID: 2)
        let bytes = encoder.take()
        try bytes.withUnsafeBytes { view in
            decoder.lend(view)
            let hello = try #require(try decoder.next())
            #expect(hello.header.kind == .hello)
            decoder.bodySizeMax = Limits.bodySizeMax
            let ping = try #require(try decoder.next())
            #expect(ping.body.count == 9008)
            decoder.settle()
        }
    }

    @Test func announcedSizeTakesNoMemoryBeforeItArrives() throws {
        // A header that announces 4 MiB, then one byte: what is held back is what was received.
        var encoder = FrameEncoder()
        try encoder.appendRequest(
            TokenizeRequest(text: [UInt8](repeating: 65, count: Limits.textSizeMax)),
            requestID: 1)
        let decoder = decoder()
        #expect(try decoder.frames(in: Array(encoder.bytes[..<33])).isEmpty)
        #expect(decoder.pendingSize == 33)
    }
}
