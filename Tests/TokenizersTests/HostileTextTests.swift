// Texts made to be slow, large or malformed: encoding stays linear and loses nothing.
//
// There is no clock in these tests. A quadratic encoder would need hours for a megabyte, and the
// time limit of the suite ends it; a linear one needs a fraction of a second.

import TestSupport
import Testing
import Tokenizers

@Suite(.timeLimit(.minutes(1)))
struct HostileTextTests {
    static let repeated: [(name: String, unit: String)] = [
        ("letter", "a"), ("spaces", " "), ("emoji", "😀"), ("newlines", "\n"), ("digits", "1"),
        ("visible spaces", "\u{2581}"), ("combining marks", "e\u{301}"), ("special", "</s>"),
        ("special prefix", "<"), ("zero", "\0"),
    ]

    /// A chain of tokens "a", "aa", … makes every position a merge candidate for long.
    private func chained(userDefined: Bool) -> TokenizerDefinition {
        var pieces = (1...40).reversed().map { String(repeating: "a", count: $0) }
        pieces += (1...16).reversed().map { String(repeating: "\u{2581}", count: $0) }
        pieces += ["😀", "😀😀", "\u{2581}😀"]
        var definition = TokenizerDefinition.sentencePiece(pieces)
        if userDefined {
            definition.addToken("\n\n\n\n", type: .userDefined)
            definition.addToken("\n\n", type: .userDefined)
        }
        return definition
    }

    @Test(arguments: repeated)
    func aMegabyteOfTheSameThingRoundTrips(_ name: String, _ unit: String) throws {
        let tokenizer = try TokenizerFactory.make(from: chained(userDefined: true))
        let text = Array(String(repeating: unit, count: (1 << 20) / unit.utf8.count).utf8)
        let tokens = try tokenizer.encode(text, addSpecial: false)
        // U+2581 and the space are one character to this kind of vocabulary.
        let expected = unit == "\u{2581}" ? [UInt8](repeating: 0x20, count: text.count / 3) : text
        #expect(tokenizer.decode(tokens) == expected)
    }

    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference vocabularies"),
        arguments: ReferenceCaseTests.vocabularies, repeated)
    func realVocabulariesToo(_ vocabulary: String, _ hostile: (name: String, unit: String)) throws {
        let tokenizer = try VocabularyFixtures.tokenizer(
            "tokenizers/ggml-vocab-\(vocabulary).gguf")
        let unit = hostile.unit
        // The whole megabyte for what the queue has to work hardest on.
        let size = ["letter", "spaces", "emoji"].contains(hostile.name) ? 1 << 20 : 1 << 17
        let text = Array(String(repeating: unit, count: size / unit.utf8.count).utf8)
        let tokens = try tokenizer.encode(text, addSpecial: false, parseSpecial: true)
        #expect(tokens.count <= text.count + 1)
        #expect(tokenizer.decode(tokens, special: true).count >= text.count / 3)
    }

    /// Half a megabyte of one thing with another behind it: what a pattern could try in vain at
    /// every position.
    @Test(arguments: PreTokenizer.table.map { $0.names[0] })
    func cutsLongRunsInOnePass(_ name: String) throws {
        let row = try PreTokenizer.named(name)
        for unit in [" ", "\u{3000}", "A", "中", "A中", "1", "!", "\u{301}", "\n ", "\u{1}", "é"] {
            for last in ["", "1", "a", "\u{1}"] {
                let text = Array((String(repeating: unit, count: 1 << 17) + last).utf8)
                var covered = 0
                var isGapless = true
                text.withUnsafeBufferPointer { bytes in
                    row.split(bytes) { range in
                        isGapless = isGapless && range.lowerBound == covered && !range.isEmpty
                        covered = range.upperBound
                    }
                }
                #expect(isGapless && covered == text.count)
            }
        }
    }

    @Test func anyBytesRoundTrip() throws {
        let tokenizer = try TokenizerFactory.make(from: chained(userDefined: false))
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("any bytes"))
        for _ in 0..<2_000 {
            let text = Self.randomText(&random)
            for parseSpecial in [false, true] {
                let tokens = try tokenizer.encode(
                    text, addSpecial: false, parseSpecial: parseSpecial)
                #expect(
                    tokens.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize }, "\(text)")
                if parseSpecial { continue }
                // Behind a cut character a space comes back as the U+2581 it was escaped to:
                // the cut character's first byte claims part of it, as it does in llama.cpp.
                let decoded = String(decoding: tokenizer.decode(tokens), as: UTF8.self)
                let expected = String(decoding: text, as: UTF8.self)
                #expect(
                    decoded.unicodeScalars.map { $0 == "\u{2581}" ? " " : $0 }
                        == Array(expected.unicodeScalars), "\(text)")
            }
        }
    }

    /// A mixture of letters, spaces, special texts and raw bytes, without U+2581 (which is a
    /// space).
    static func randomText(_ random: inout SeededGenerator) -> [UInt8] {
        var text: [UInt8] = []
        for _ in 0..<random.below(30) {
            switch random.below(6) {
            case 0: text.append(contentsOf: Array("</s>".utf8).prefix(random.below(5)))
            case 1: text.append(0x20)
            case 2: text.append(contentsOf: "😀".utf8)
            case 3: text.append(UInt8.random(in: .min ... .max, using: &random) & 0xDF)
            default: text.append(0x61)
            }
        }
        return text
    }
}
