// The rules of byte-level BPE, one by one, on vocabularies made for the purpose.

import TestSupport
import Testing
import Tokenizers

@Suite struct BytePairRuleTests {
    private func tokenizer(
        _ merges: [String], pre: String = "gpt-2",
        _ change: (inout TokenizerDefinition) -> Void = { _ in }
    ) throws -> any Tokenizer {
        var definition = TokenizerDefinition.bytePair(merges, pre: pre)
        change(&definition)
        return try TokenizerFactory.make(from: definition)
    }

    private func pieces(_ tokenizer: any Tokenizer, _ text: String) throws -> [String] {
        try tokenizer.encode(text, addSpecial: false).map {
            String(decoding: tokenizer.piece($0), as: UTF8.self)
        }
    }

    @Test func lowerRankMergesFirst() throws {
        #expect(try pieces(tokenizer(["b c", "a b"]), "abc") == ["a", "bc"])
        #expect(try pieces(tokenizer(["a b", "b c"]), "abc") == ["ab", "c"])
    }

    @Test func theFirstOfEqualRulesCounts() throws {
        #expect(try pieces(tokenizer(["a b", "b c", "a b"]), "abc") == ["ab", "c"])
    }

    @Test func spacesBelongToTheWordBehindThem() throws {
        let tokenizer = try tokenizer(["\u{120} a"])
        #expect(try pieces(tokenizer, "a a  a") == ["a", " a", " ", " a"])
    }

    @Test func wholeWordsThatAreTokensWinOnlyWhereMergesAreIgnored() throws {
        // "abc" is a token that no merge makes.
        let merges = ["b c"]
        let llama = try tokenizer(merges, pre: "llama-bpe") { $0.addToken("abc", type: .normal) }
        #expect(try pieces(llama, "abc") == ["abc"])
        let gpt = try tokenizer(merges) { $0.addToken("abc", type: .normal) }
        #expect(try pieces(gpt, "abc") == ["a", "bc"])
    }

    @Test func mergingPassesThroughTextsThatAreNoTokens() throws {
        // "ab" is no token, "abc" is: rules may go through it, and what is left of it is spelled.
        let tokenizer = try tokenizer([]) {
            $0.merges = TextList(["a b", "ab c"])
            $0.addToken("abc", type: .normal)
        }
        #expect(try pieces(tokenizer, "abc") == ["abc"])
        #expect(try pieces(tokenizer, "abd") == ["a", "b", "d"])
    }

    @Test func controlTokensCannotBeForgedByMerging() throws {
        let tokenizer = try tokenizer([]) {
            $0.merges = TextList(["< |", "<| >"])
            $0.addToken("<|>", type: .control)
        }
        #expect(try pieces(tokenizer, "<|>") == ["<", "|", ">"])
        #expect(try tokenizer.encode("<|>", addSpecial: false, parseSpecial: true) == [256])
    }

    @Test func aBeginTokenIsAddedWhereThePreTokenizerImpliesIt() throws {
        func first(_ pre: String, _ adds: Bool?) throws -> Bool {
            let tokenizer = try tokenizer([], pre: pre) {
                $0.addToken("<s>", type: .control)
                $0.specialTokens[.begin] = 256
                $0.addsBeginToken = adds
            }
            return try tokenizer.encode("a") == [256, 0x61]
        }
        #expect(try first("llama-bpe", nil))
        #expect(try !first("gpt-2", nil))
        #expect(try first("gpt-2", true))
        #expect(try !first("llama-bpe", false))
    }

    @Test func illFormedTextIsRepairedByteByByte() throws {
        let tokenizer = try tokenizer([])
        func roundTrip(_ bytes: [UInt8]) throws -> [UInt8] {
            tokenizer.decode(try tokenizer.encode(bytes, addSpecial: false))
        }
        let replacement = Array("\u{FFFD}".utf8)
        #expect(try roundTrip([0xFF, 0x61]) == replacement + [0x61])
        #expect(try roundTrip([0xE4, 0xBD]) == replacement + replacement)
        // Overlong forms become short, surrogates stay, above U+10FFFF nothing is left.
        #expect(try roundTrip([0xC1, 0x81]) == [0x41])
        #expect(try roundTrip([0xED, 0xA0, 0x80]) == [0xED, 0xA0, 0x80])
        #expect(try roundTrip([0xF4, 0x90, 0x80, 0x80]) == (0..<4).flatMap { _ in replacement })
    }

    @Test func textWithoutATokenIsDropped() throws {
        let tokenizer = try tokenizer([]) {
            $0.replaceToken(0x0B, with: Array("elsewhere".utf8))
        }
        #expect(try pieces(tokenizer, "a\u{0B}b") == ["a", "b"])
    }

    /// Short words are merged by scanning, long ones with a queue: both equal the definition.
    @Test func mergesLikeTheDefinition() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("pair oracle"))
        for _ in 0..<300 {
            var made = ["a", "b", "c"]
            var merges: [String] = []
            for _ in 0...random.below(8) {
                let left = made[random.below(made.count)]
                let right = made[random.below(made.count)]
                merges.append(left + " " + right)
                made.append(left + right)
            }
            let tokenizer = try tokenizer(merges)
            for size in [1 + random.below(20), 60 + random.below(10), 200] {
                let text = (0..<size).map { _ in ["a", "b", "c"][random.below(3)] }.joined()
                #expect(try pieces(tokenizer, text) == Self.merge(text, merges), "\(merges)")
            }
        }
    }

    private static func merge(_ text: String, _ merges: [String]) -> [String] {
        var ranks: [String: Int] = [:]
        for (rank, merge) in merges.enumerated() where ranks[merge] == nil { ranks[merge] = rank }
        var symbols = text.map(String.init)
        while true {
            var best: (index: Int, rank: Int)?
            for index in symbols.indices.dropLast() {
                guard let rank = ranks[symbols[index] + " " + symbols[index + 1]] else { continue }
                if rank < best?.rank ?? .max { best = (index, rank) }
            }
            guard let best else { return symbols }
            symbols[best.index] += symbols.remove(at: best.index + 1)
        }
    }

    static let defects: [Defect] = [
        Defect("merges missing", .keyMissing) { $0.merges = nil },
        Defect("merge without a space", .mergeInvalid) { $0.merges = TextList(["a b", "ab"]) },
        Defect("merge without a left side", .mergeInvalid) { $0.merges = TextList([" b"]) },
        Defect("merge without a right side", .mergeInvalid) { $0.merges = TextList(["a "]) },
        Defect("empty merge", .mergeInvalid) { $0.merges = TextList([""]) },
        Defect("too many merges", .vocabularyTooLarge) {
            for _ in 0...TokenizerLimits.mergeCountMax { $0.merges?.append([]) }
        },
        Defect("unknown pre-tokenizer", .preTokenizerUnsupported) { $0.preTokenizer = "morse" },
        Defect("two equal tokens", .tokenDuplicate) { $0.addToken("a", type: .normal) },
        Defect("types of another length", .lengthMismatch) { $0.types?.append(1) },
        Defect("end id outside", .specialTokenInvalid) { $0.specialTokens[.end] = 256 },
    ]

    @Test(arguments: defects)
    func refuses(_ defect: Defect) {
        var definition = TokenizerDefinition.bytePair([])
        defect.apply(&definition)
        let error = #expect(throws: TokenizerError.self) {
            try TokenizerFactory.make(from: definition)
        }
        #expect(error?.code == defect.code, "\(String(describing: error))")
    }

    @Test func validTextRoundTrips() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("pair round trip"))
        for row in PreTokenizer.table {
            let tokenizer = try tokenizer(
                ["\u{120} a", "a b", "\u{10A} \u{10A}"], pre: row.names[0])
            for _ in 0..<500 {
                let text = PreTokenizerTests.randomText(&random)
                let tokens = try tokenizer.encode(text, addSpecial: false)
                #expect(tokenizer.decode(tokens) == Array(text.utf8), "\(text.debugDescription)")
            }
        }
    }
}
