// Messages to frames and back, limits of the peer, compression.

import TestSupport
import Testing
import Wire

@Suite struct FrameEncoderTests {
    @Test func largeUniformBodyIsCompressedAndComesBackExact() throws {
        var encoder = FrameEncoder()
        encoder.compresses = true
        let request = TokenizeRequest(text: [UInt8](repeating: 0x61, count: 100_000))
        try encoder.appendRequest(request, requestID: 1)
        #expect(encoder.count < 2000)
        let frame = try decodeOne(encoder.bytes)
        #expect(frame.header.flags == .compressed)
        #expect(frame.header.rawSize == 100_008)
        #expect(try TokenizeRequest(decoding: frame.body) == request)
    }

    @Test(arguments: [1023, 1024])
    func compressionBeginsAt1024Bytes(_ size: Int) throws {
        var encoder = FrameEncoder()
        encoder.compresses = true
        try encoder.appendRequest(
            PingRequest(payload: [UInt8](repeating: 0, count: size - 8)), requestID: 1)
        let frame = try decodeOne(encoder.bytes)
        #expect(frame.header.flags.contains(.compressed) == (size >= 1024))
    }

    @Test(arguments: [2000, 60_000])
    func noiseIsSentPlain(_ size: Int) throws {
        var random = SeededGenerator(seed: 1)
        let noise = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var encoder = FrameEncoder()
        encoder.compresses = true
        try encoder.appendRequest(PingRequest(payload: noise), requestID: 1)
        let frame = try decodeOne(encoder.bytes)
        #expect(frame.header.flags == [])
        #expect(try PingRequest(decoding: frame.body).payload == noise)
    }

    @Test func nothingIsCompressedUnlessAgreed() throws {
        var encoder = FrameEncoder()
        try encoder.appendRequest(
            PingRequest(payload: [UInt8](repeating: 0, count: 5000)), requestID: 1)
        #expect(try decodeOne(encoder.bytes).header.flags == [])
    }

    @Test func compressedFrameBetweenPlainOnesKeepsItsNeighbours() throws {
        var encoder = FrameEncoder()
        encoder.compresses = true
        try encoder.appendRequest(CancelRequest(target: 4), requestID: 1)
        try encoder.appendRequest(
            PingRequest(payload: [UInt8](repeating: 9, count: 3000)), requestID: 2)
        try encoder.appendRequest(CancelRequest(target: 5), requestID: 3)
        let frames = try FrameDecoder(.request, bodySizeMax: 8192).frames(in: encoder.bytes)
        #expect(frames.map(\.header.requestID) == [1, 2, 3])
        #expect(try CancelRequest(decoding: frames[2].body).target == 5)
    }

    @Test func bodyAboveThePeersLimitIsNotWrittenAtAll() throws {
        var encoder = FrameEncoder(bodySizeMax: 4096)
        try encoder.appendRequest(CancelRequest(target: 4), requestID: 1)
        let before = encoder.bytes
        do {
            try encoder.appendRequest(
                PingRequest(payload: [UInt8](repeating: 9, count: 4089)), requestID: 2)
            Issue.record("accepted")
        } catch {
            #expect(error.code == .bodyTooLarge)
        }
        #expect(encoder.bytes == before)
    }

    @Test func echoEqualsEncodingTheAnswer() throws {
        for payload: [UInt8] in [[], [1], [UInt8](repeating: 3, count: 56)] {
            var echo = FrameEncoder()
            try PingRequest(payload: payload).echo(to: 6, .real, &echo)
            var built = FrameEncoder()
            try built.appendResponse(
                PingResponse(payload: payload), to: 6, provenance: .real)
            #expect(echo.bytes == built.bytes)
        }
    }

    @Test func echoRefusesWhatDecodingRefuses() throws {
        for vector in VectorCase.all("invalid") {
            guard vector.expectation.message == "Ping request" else { continue }
            let frame = try #require(try vector.decoder().frames(in: vector.bytes).first)
            var encoder = FrameEncoder()
            frame.body.withUnsafeBytes { view in
                _ = #expect(throws: WireError.self, "\(vector.name)") {
                    try encoder.appendPing(echoing: view, to: 1, provenance: .real)
                }
            }
            #expect(encoder.count == 0)
        }
    }

    @Test func overlongErrorIsClippedToWholeCharacters() throws {
        var encoder = FrameEncoder()
        encoder.appendError(
            ErrorBody(
                code: "c", message: String(repeating: "é", count: 5000),
                retryAfterMilliseconds: .max),
            status: .internalError, toKind: 2, requestID: 1, provenance: .real)
        let frame = try #require(try FrameDecoder(.response).frames(in: encoder.bytes).first)
        let error = try ErrorBody(decoding: frame.body)
        #expect(error.message == String(repeating: "é", count: 1024))
        #expect(error.retryAfterMilliseconds == Limits.retryAfterMillisecondsMax)
    }

    @Test func errorTextSaysWhatWasTriedFoundAllowedAndWhere() throws {
        do {
            _ = try UnloadRequest(decoding: [1, 0, 4, 0, 0, 0, 0, 0])
            Issue.record("accepted")
        } catch {
            #expect(
                error.description
                    == "field_out_of_range: reading field \"name\": found 0 bytes, "
                    + "allowed: 1..128 bytes")
        }
        do {
            _ = try FrameDecoder(.request).frames(in: [28, 0, 0, 0, 7])
            Issue.record("accepted")
        } catch {
            #expect(
                error.message
                    == "reading a frame's version: found 7, allowed: 1 (header offset 4)")
        }
    }

    private func decodeOne(
        _ bytes: [UInt8]
    ) throws -> (header: FrameHeader, body: [UInt8]) {
        try #require(
            try FrameDecoder(.request, bodySizeMax: Limits.bodySizeMax).frames(in: bytes).first)
    }
}
