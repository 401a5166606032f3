// Text that arrives in pieces: whole characters only, nothing lost, little held back.

import TestSupport
import Testing
import Tokenizers

@Suite struct StreamingDecoderTests {
    private func decoder() throws -> StreamingDecoder {
        StreamingDecoder(try TokenizerFactory.make(from: .sentencePiece(["a", "\u{2581}b"])))
    }

    @Test func holdsACharacterBackUntilItIsComplete() throws {
        var decoder = try decoder()
        // U+1F600 is F0 9F 98 80; byte tokens start at id 3.
        #expect(decoder.append(3 + 0xF0) == [])
        #expect(decoder.append(3 + 0x9F) == [])
        #expect(decoder.append(3 + 0x98) == [])
        #expect(decoder.pendingCount == 3)
        #expect(decoder.append(3 + 0x80) == Array("😀".utf8))
        #expect(decoder.finish() == [])
    }

    @Test func replacesWhatCannotBecomeACharacterAtOnce() throws {
        var decoder = try decoder()
        #expect(decoder.append(3 + 0xFF) == Array("\u{FFFD}".utf8))
        #expect(decoder.append(3 + 0xE2) == [])
        #expect(decoder.append(259) == Array("\u{FFFD}a".utf8))
    }

    @Test func finishingReplacesAnUnfinishedCharacterOnce() throws {
        var decoder = try decoder()
        _ = decoder.append(3 + 0xF0)
        _ = decoder.append(3 + 0x9F)
        #expect(decoder.finish() == Array("\u{FFFD}".utf8))
        #expect(decoder.finish() == [])
    }

    @Test func leavesControlTokensOutUnlessAsked() throws {
        let tokenizer = try TokenizerFactory.make(from: .sentencePiece(["a", "\u{2581}b"]))
        var plain = StreamingDecoder(tokenizer)
        var written = StreamingDecoder(tokenizer, special: true)
        let tokens: [Int32] = [1, 259, 260, 2]
        #expect(tokens.flatMap { plain.append($0) } == Array("a b".utf8))
        #expect(tokens.flatMap { written.append($0) } == Array("<s>a b</s>".utf8))
    }

    /// Any bytes, cut anywhere, give what decoding all of them at once gives; every output is valid
    /// by itself; never more than three bytes wait.
    @Test func anyCutGivesTheSameText() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("streaming cuts"))
        for _ in 0..<3_000 {
            let bytes = Self.randomBytes(&random)
            var decoder = try self.decoder()
            var output: [UInt8] = []
            var index = 0
            while index < bytes.count {
                let end = min(bytes.count, index + random.below(4))
                let part = decoder.append(bytes: Array(bytes[index..<end]))
                #expect(String(validating: part, as: UTF8.self) != nil)
                #expect(decoder.pendingCount <= 3)
                output += part
                index = end
            }
            output += decoder.finish()
            // Swift's own repair follows the same recommendation of the Unicode standard.
            #expect(output == Array(String(decoding: bytes, as: UTF8.self).utf8), "\(bytes)")
        }
    }

    private static func randomBytes(_ random: inout SeededGenerator) -> [UInt8] {
        let interesting: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE2,
            0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF,
        ]
        return (0..<random.below(16)).flatMap { _ -> [UInt8] in
            random.below(3) == 0
                ? Array(["é", "日", "😀"][random.below(3)].utf8)
                : [interesting[random.below(interesting.count)]]
        }
    }
}
