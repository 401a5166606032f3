// What SPEC.md says beside its generated tables, against the code, and how the limits fit together.

import Foundation
import Testing
import Wire

@Suite struct TableTests {
    private static let spec: String =
        (try? String(
            contentsOf: VectorCase.protocolFolder.appendingPathComponent("SPEC.md"),
            encoding: .utf8)) ?? ""

    /// Rows of the table under the heading `title`, cells trimmed, without head and rule.
    private func rows(under title: String) -> [[String]] {
        let lines = Self.spec.split(separator: "\n", omittingEmptySubsequences: false)
        guard
            let start = lines.firstIndex(where: { $0.hasPrefix("#") && $0.hasSuffix(" " + title) })
        else { return [] }
        let section = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }
        let table = section.filter { $0.hasPrefix("|") }.dropFirst(2)
        return table.map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test func revisionOfTheSpecIsTheCodesAndHasALineInTheChangeList() {
        let revision = "\(Limits.version), revision \(Limits.revision)"
        #expect(Self.spec.contains("Version \(revision)."))
        let changes = rows(under: "Changes").map { $0[0] }
        #expect(changes == (1...Limits.revision).map { "\(Limits.version).\($0)" })
    }

    @Test func everyCodeOfTheDecoderIsInTheSpec() throws {
        for vector in VectorCase.all("invalid") {
            let code = try #require(vector.expectation.error).code
            #expect(Self.spec.contains("`\(code)`"), "\(code)")
        }
    }

    @Test func theExchangeInTheSpecIsMadeOfVectors() throws {
        for name in ["hello_full", "hello_response", "generate_prompt"] {
            let vector = try #require(VectorCase.all("valid").first { $0.name == "valid/\(name)" })
            let dump = Self.hexDump(vector.bytes)
            #expect(Self.spec.contains(dump), "\(name)\n\(dump)")
        }
        let stream = try #require(
            VectorCase.all("valid").first { $0.name == "valid/generate_stream" })
        let frames = try FrameDecoder(.response).frames(in: stream.bytes)
        var offset = 0
        for (index, frame) in frames.enumerated() {
            let bytes = Array(stream.bytes[offset..<(offset + frame.header.frameSize)])
            offset += bytes.count
            guard index == 1 || index == 3 else { continue }
            let dump = Self.hexDump(bytes)
            #expect(Self.spec.contains(dump), "\(index)\n\(dump)")
        }
    }

    /// Sixteen bytes a line: offset, hexadecimal, printable characters.
    static func hexDump(_ bytes: [UInt8]) -> String {
        stride(from: 0, to: bytes.count, by: 16).map { start in
            let line = bytes[start..<min(start + 16, bytes.count)]
            let hex = line.map { Reflected.hex([$0]) }.joined(separator: " ")
            let text = String(
                line.map { (0x20..<0x7F).contains($0) ? Character(UnicodeScalar($0)) : "." })
            let offset = Reflected.hex([UInt8(start >> 8), UInt8(start & 255)])
            return "\(offset)  \(hex.padding(toLength: 47, withPad: " ", startingAt: 0))  \(text)"
        }.joined(separator: "\n")
    }
}

@Suite struct LimitsTests {
    @Test func theCountedHeaderIsTheHeaderWithoutItsLengthWord() {
        #expect(Limits.headerSizeCounted == Limits.headerSize - 4)
    }

    @Test func theLargestHelloFitsBeforeHello() throws {
        var encoder = FrameEncoder()
        try encoder.appendRequest(
            HelloRequest(
                client: String(repeating: "c", count: Limits.peerNameSizeMax), compression: true),
            requestID: .max)
        #expect(encoder.count <= Limits.frameSizeMaxBeforeHello)
    }

    @Test func theLargestErrorFitsTheSmallestLimitOfAPeer() throws {
        var encoder = FrameEncoder()
        let word = String(repeating: "w", count: Limits.wordSizeMax)
        encoder.appendError(
            ErrorBody(
                code: word, message: String(repeating: "m", count: 9999), field: word,
                retryAfterMilliseconds: 1, layer: "compatibility"),
            status: .modelRejected, toKind: 5, requestID: 1, provenance: .mock)
        #expect(encoder.count - Limits.headerSize <= Limits.bodySizeMin)
    }

    @Test func theLargestFieldsLeaveRoomForTheOthers() {
        let room = Limits.bodySizeMax - 64 * 1024
        #expect(Limits.textSizeMax <= room)
        #expect(Limits.tokenCountMax * 4 <= room)
        #expect(Limits.logitCountMax * 4 <= room)
        #expect(Limits.embeddingCountMax * 4 <= room)
        #expect(Limits.pingPayloadSizeMax + Limits.fieldHeaderSize <= Limits.bodySizeMax)
    }

    @Test func oneTokenWithTheMostAlternativesFitsTheSmallestLimitOfAPeer() {
        var logprobs = Logprobs(topCount: Limits.topLogprobsMax)
        logprobs.append(1, -1, top: (0..<64).map { ($0, -1) })
        var encoder = BodyWriter()
        GenerateChunk(tokens: [1], logprobs: logprobs).encode(into: &encoder)
        #expect(encoder.bytes.count + 1024 <= Limits.bodySizeMin)
    }

    @Test func aConversationOfEmptyMessagesFitsBesideALargestContent() {
        var writer = BodyWriter()
        let message = ChatMessage(.assistant, "")
        GenerateRequest(prompt: .messages([message])).encode(into: &writer)
        #expect(
            Limits.textSizeMax + Limits.messageCountMax * writer.bytes.count <= Limits.bodySizeMax)
    }

    @Test func compressionRulesAreOrdered() {
        #expect(Limits.compressionSampleSize < Limits.compressionSampledSizeMin)
        #expect(Limits.compressionSizeMin < Limits.compressionSampleSize)
        #expect(Limits.compressionPercentMax < 100)
        #expect(Limits.bodySizeMax < Int(Int32.max))
    }

    @Test func stopStringsOfOneRequestFitBesideALargestPrompt() {
        let stops = Limits.stopCountMax * (Limits.stopSizeMax + Limits.fieldHeaderSize)
        #expect(Limits.textSizeMax + stops + 4096 <= Limits.bodySizeMax)
    }
}
