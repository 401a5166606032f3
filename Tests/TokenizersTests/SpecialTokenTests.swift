// Whole tokens in a text: the longest ones first, as a search that tries everything finds them; and
// what a vocabulary of hostile special tokens costs.

import TestSupport
import Testing
import Tokenizers

@Suite struct SpecialTokenTests {
    /// A byte-level vocabulary of 256 bytes, then these user-defined tokens.
    private static func tokenizer(_ special: [[UInt8]]) throws -> any Tokenizer {
        var definition = TokenizerDefinition.bytePair([])
        for text in special {
            definition.tokens.append(text)
            definition.types?.append(4)
        }
        definition.addsBeginToken = false
        return try TokenizerFactory.make(from: definition)
    }

    /// Longest anywhere first, leftmost among equals, then what fits into the rest.
    private func expected(_ text: [UInt8], _ special: [[UInt8]]) -> [(Range<Int>, Int)] {
        var taken = [Bool](repeating: false, count: text.count)
        var found: [(Range<Int>, Int)] = []
        for size in Set(special.map(\.count)).sorted(by: >) {
            var start = 0
            while start + size <= text.count {
                let range = start..<start + size
                if let index = special.firstIndex(of: Array(text[range])),
                    !taken[range].contains(true)
                {
                    for place in range { taken[place] = true }
                    found.append((range, index))
                    start += size
                } else {
                    start += 1
                }
            }
        }
        return found.sorted { $0.0.lowerBound < $1.0.lowerBound }
    }

    @Test func findsWhatASearchThatTriesEverythingFinds() throws {
        var random = SeededGenerator(seed: 11)
        for round in 0..<60 {
            let letters = Array("ab<|>".utf8.prefix(2 + round % 4))
            func word(_ sizeMax: Int) -> [UInt8] {
                (0..<Int.random(in: 1...sizeMax, using: &random)).map { _ in
                    letters[Int.random(in: 0..<letters.count, using: &random)]
                }
            }
            var special: [[UInt8]] = []
            for _ in 0..<(1 + round % 12) {
                let text = word(round % 3 == 0 ? 40 : 7)
                if text.count > 1, !special.contains(text) { special.append(text) }
            }
            let tokenizer = try Self.tokenizer(special)
            for _ in 0..<20 {
                let text = word(120)
                let tokens = try tokenizer.encode(text, addSpecial: false)
                var place = 0
                var found: [(Range<Int>, Int)] = []
                for token in tokens {
                    let size = token < 256 ? 1 : special[Int(token) - 256].count
                    if token >= 256 { found.append((place..<place + size, Int(token) - 256)) }
                    place += size
                }
                #expect(place == text.count)
                let wanted = expected(text, special)
                #expect(found.map(\.0) == wanted.map(\.0) && found.map(\.1) == wanted.map(\.1))
            }
        }
    }

    @Test func longTokensAcrossTheEndOfAWindowAreFound() throws {
        let long = [UInt8](repeating: 0x61, count: 3999) + [0x62]
        let tokenizer = try Self.tokenizer([long, [0x61, 0x62]])
        var text = [UInt8](repeating: 0x63, count: 64 << 10)
        text.replaceSubrange((64 << 10) - 2000..<(64 << 10) - 2000, with: long)
        let tokens = try tokenizer.encode(text, addSpecial: false)
        #expect(tokens.filter { $0 >= 256 } == [256])
        #expect(tokens.count == (64 << 10) + 1)
    }

    /// 7,000 user-defined tokens of 4,000 bytes: 28 MB of a file.
    @Test(.enabled(if: !Sanitizer.isActive, "counts memory"))
    func hostileSpecialTokensCostAFewTimesTheirBytes() async {
        await #expect(processExitsWith: .success) {
            var random = SeededGenerator(seed: 3)
            let special = (0..<7000).map { number in
                Array("\(number)|".utf8)
                    + (0..<3990).map { _ in UInt8.random(in: 97...122, using: &random) }
            }
            let tokenizer = try SpecialTokenTests.tokenizer(special)
            #expect(tokenizer.vocabularySize == 7256)
            let bytes = special.reduce(0) { $0 + $1.count }
            // The test's own copies of the texts are part of it.
            try #require((1...8 * bytes).contains(PeakMemory.bytes))
            #expect(try tokenizer.encode(special[5], addSpecial: false) == [261])
        }
    }
}
