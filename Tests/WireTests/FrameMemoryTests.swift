// What a decoder keeps between reads, and frames whose compression was not agreed.

import Testing
import Wire

@Suite struct FrameMemoryTests {
    private func decoder(acceptsCompression: Bool = true) -> FrameDecoder {
        FrameDecoder(
            .request, bodySizeMax: Limits.bodySizeMax, acceptsCompression: acceptsCompression)
    }

    /// A request of 4 MB that compresses to a few KB.
    private func bomb() throws -> [UInt8] {
        var encoder = FrameEncoder()
        encoder.compresses = true
        try encoder.appendRequest(
            TokenizeRequest(text: [UInt8](repeating: 65, count: Limits.textSizeMax)), requestID: 9)
        return encoder.take()
    }

    /// Feeds `bytes` in pieces and returns the number of frames.
    private func feed(
        _ bytes: [UInt8], by size: Int, to decoder: FrameDecoder, _ check: () -> Void = {}
    ) throws -> Int {
        var count = 0
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = Array(bytes[start..<min(start + size, bytes.count)])
            count += try decoder.frames(in: piece).count
            check()
        }
        return count
    }

    @Test(arguments: [1, 31, 32, 33, 1000, 1 << 20])
    func nothingIsKeptBetweenFrames(_ size: Int) throws {
        let decoder = decoder()
        #expect(try feed(bomb(), by: size, to: decoder) == 1)
        #expect(decoder.keptSize == 0)
    }

    @Test(arguments: [1, 33, 1000, 1 << 20])
    func aBombBeforeABeginningIsNotKept(_ size: Int) throws {
        let decoder = decoder()
        #expect(try feed(bomb() + [28], by: size, to: decoder) == 1)
        #expect(decoder.pendingSize == 1)
        #expect(decoder.keptSize <= 256)
    }

    @Test func aBombInPiecesIsNotKeptByAnyPieceOfTheNext() throws {
        let decoder = decoder()
        var most = 0
        #expect(
            try feed(bomb() + bomb() + bomb(), by: 100, to: decoder) {
                most = max(most, decoder.keptSize)
            } == 3)
        #expect(try most <= 2 * bomb().count)
    }

    /// The room grows by doubling and never beyond the frame.
    @Test(arguments: [1000, 50_000])
    func theRoomFollowsTheBytes(_ size: Int) throws {
        var encoder = FrameEncoder()
        try encoder.appendRequest(
            TokenizeRequest(text: [UInt8](repeating: 65, count: 1_000_000)), requestID: 1)
        let bytes = encoder.take()
        let decoder = decoder()
        let count = try feed(bytes, by: size, to: decoder) {
            #expect(decoder.keptSize >= decoder.pendingSize)
            #expect(decoder.keptSize <= max(2 * decoder.pendingSize, size))
            #expect(decoder.keptSize <= bytes.count)
        }
        #expect(count == 1 && decoder.keptSize == 0)
    }

    @Test func aFailedDecoderKeepsNothing() throws {
        let decoder = decoder()
        #expect(try decoder.frames(in: [UInt8](repeating: 255, count: 3)).isEmpty)
        #expect(decoder.keptSize > 0)
        #expect(throws: WireError.self) { try decoder.frames(in: [255]) }
        #expect(decoder.keptSize == 0)
        #expect(decoder.failure?.code == .lengthTooLarge)
    }

    // MARK: - Compression

    @Test(arguments: [1, 5, 32])
    func compressionThatWasNotAgreedIsRefusedWithTheHeader(_ size: Int) throws {
        let decoder = decoder(acceptsCompression: false)
        let bomb = try bomb()
        #expect(try feed(Array(bomb[..<31]), by: size, to: decoder) == 0)
        let refusal = #expect(throws: WireError.self) { try decoder.frames(in: [bomb[31]]) }
        #expect(refusal?.code == .compressionNotAgreed && refusal?.status == .protocolError)
        #expect(decoder.keptSize == 0)
    }

    @Test func theAgreementHoldsFromTheNextFrameOn() throws {
        let decoder = decoder(acceptsCompression: false)
        var encoder = FrameEncoder()
        try encoder.appendRequest(PingRequest(payload: [1]), requestID: 1)
        #expect(try decoder.frames(in: encoder.take()).count == 1)
        decoder.acceptsCompression = true
        #expect(try decoder.frames(in: bomb()).count == 1)
        decoder.acceptsCompression = false
        #expect(throws: WireError.self) { try decoder.frames(in: bomb()) }
    }

    @Test func aResponseMayBeCompressedOnlyByAgreementToo() throws {
        var encoder = FrameEncoder()
        encoder.compresses = true
        try encoder.appendResponse(
            PingResponse(payload: [UInt8](repeating: 0, count: 2000)), to: 1, provenance: .real)
        let bytes = encoder.take()
        #expect(try FrameDecoder(.response).frames(in: bytes).count == 1)
        let refusal = #expect(throws: WireError.self) {
            try FrameDecoder(.response, acceptsCompression: false).frames(in: bytes)
        }
        #expect(refusal?.code == .compressionNotAgreed)
    }
}
