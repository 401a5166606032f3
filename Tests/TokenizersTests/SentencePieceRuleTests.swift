// The rules of SentencePiece-style encoding, one by one, on vocabularies made for the purpose.

import TestSupport
import Testing
import Tokenizers

@Suite struct SentencePieceRuleTests {
    /// Ids of pieces start behind 3 special and 256 byte tokens.
    static let first: Int32 = 259

    private func tokenizer(
        _ pieces: [String], _ change: (inout TokenizerDefinition) -> Void = { _ in }
    ) throws -> any Tokenizer {
        var definition = TokenizerDefinition.sentencePiece(pieces)
        change(&definition)
        return try TokenizerFactory.make(from: definition)
    }

    @Test func emptyTextIsOnlyTheBeginToken() throws {
        let tokenizer = try tokenizer(["a"])
        #expect(try tokenizer.encode("") == [1])
        #expect(try tokenizer.encode("", addSpecial: false) == [])
    }

    @Test func higherScoreMergesFirst() throws {
        // "bc" has the better score, so "ab" never forms.
        let tokenizer = try tokenizer(["bc", "ab", "a", "b", "c"]) { $0.addsSpacePrefix = false }
        #expect(try tokenizer.encode("abc", addSpecial: false) == [261, 259])
    }

    @Test func leftmostMergesFirstAmongEqualScores() throws {
        let tokenizer = try tokenizer(["aa", "a"]) {
            $0.addsSpacePrefix = false
        }
        #expect(try tokenizer.encode("aaa", addSpecial: false) == [259, 260])
    }

    @Test func spacePrefixIsAddedOnlyWhereTheVocabularyWantsIt() throws {
        let pieces = ["\u{2581}a", "a", "\u{2581}"]
        #expect(try tokenizer(pieces).encode("a", addSpecial: false) == [259])
        let bare = try tokenizer(pieces) { $0.addsSpacePrefix = false }
        #expect(try bare.encode("a", addSpecial: false) == [260])
        #expect(bare.decode([259]) == Array(" a".utf8))
    }

    @Test func textBehindASpecialTokenHasItsOwnSpacePrefix() throws {
        let tokenizer = try tokenizer(["\u{2581}a", "a", "\u{2581}"])
        #expect(
            try tokenizer.encode("a</s>a", addSpecial: false, parseSpecial: true) == [259, 2, 259])
    }

    @Test func charactersWithoutATokenBecomeBytes() throws {
        let tokenizer = try tokenizer(["a"]) { $0.addsSpacePrefix = false }
        // U+00E9 is C3 A9; byte tokens start at id 3.
        #expect(try tokenizer.encode("aé", addSpecial: false) == [259, 3 + 0xC3, 3 + 0xA9])
    }

    @Test func bytesWithoutATokenBecomeTheUnknownToken() throws {
        var definition = TokenizerDefinition(model: "llama")
        definition.tokens = TextList(["<unk>", "a"])
        definition.scores = [0, 0]
        definition.types = [2, 1]
        definition.addsSpacePrefix = false
        let tokenizer = try TokenizerFactory.make(from: definition)
        #expect(try tokenizer.encode("aba", addSpecial: false) == [1, 0, 1])
    }

    @Test func controlTokensArePlainTextUnlessAsked() throws {
        let tokenizer = try tokenizer(["</", "s", "s>", "</s", ">"]) {
            $0.addsSpacePrefix = false
        }
        // Merges could spell "</s>", but a caller's text must not forge the control token.
        let plain = try tokenizer.encode("</s>", addSpecial: false)
        #expect(!plain.contains(2))
        #expect(tokenizer.decode(plain) == Array("</s>".utf8))
        #expect(try tokenizer.encode("</s>", addSpecial: false, parseSpecial: true) == [2])
    }

    @Test func byteTokenTextsArePlainText() throws {
        let tokenizer = try tokenizer(["\u{2581}", "<0x4", "1>", "<", "0", "x", "4", "1", ">"])
        let tokens = try tokenizer.encode("<0x41>", addSpecial: false)
        #expect(tokenizer.decode(tokens) == Array("<0x41>".utf8))
    }

    @Test func userDefinedTokensAreAlwaysMatchedLongestFirst() throws {
        let tokenizer = try tokenizer(["a", "b"]) {
            $0.addsSpacePrefix = false
            $0.addToken("ab", type: .userDefined)
            $0.addToken("bab", type: .userDefined)
        }
        // "bab" wins over the "ab" further left, as in llama.cpp.
        #expect(try tokenizer.encode("abab", addSpecial: false) == [259, 262])
    }

    @Test func endTokenIsAddedWhereTheVocabularyWantsIt() throws {
        let tokenizer = try tokenizer(["a"]) {
            $0.addsSpacePrefix = false
            $0.addsEndToken = true
            $0.addsBeginToken = false
        }
        #expect(try tokenizer.encode("a") == [259, 2])
        #expect(tokenizer.addsEndToken && !tokenizer.addsBeginToken)
    }

    @Test func phi3VocabulariesSwallowSpaceBehindSpecialTokens() throws {
        let pieces = ["\u{2581}a", "a", "\u{2581}"]
        let tokenizer = try tokenizer(pieces) {
            $0.modelName = "Phi-3 mini"
            $0.addToken("<|user|>", type: .control)
        }
        #expect(
            try tokenizer.encode("<|user|> \n a", addSpecial: false, parseSpecial: true)
                == [262, 259])
    }

    @Test func generationEndsAtTheNamedTokensAndAtKnownTexts() throws {
        let tokenizer = try tokenizer(["a", "<|im_end|>"]) {
            $0.specialTokens[.endOfTurn] = 259
        }
        #expect((0..<261).filter { tokenizer.isEndOfGeneration($0) } == [2, 259, 260])
        // Forced to control whatever the file says, so plain text cannot contain it.
        #expect(tokenizer.isControl(260))
        #expect(!tokenizer.isEndOfGeneration(-1) && !tokenizer.isEndOfGeneration(9_999))
    }

    @Test func idsOutsideTheVocabularyDecodeToNothing() throws {
        let tokenizer = try tokenizer(["a"])
        #expect(tokenizer.decode([-1, 259, 1_000_000, .min, .max]) == Array("a".utf8))
        #expect(tokenizer.piece(.max) == [])
    }

    @Test func emptyTokenTextsAreNeverProduced() throws {
        let tokenizer = try tokenizer(["a", "", "b", ""]) { $0.addsSpacePrefix = false }
        #expect(try tokenizer.encode("ab", addSpecial: false) == [259, 261])
        #expect(tokenizer.piece(260) == [])
    }

    @Test func refusesATextAboveTheLimit() throws {
        let tokenizer = try tokenizer(["a"])
        let text = [UInt8](repeating: 0x61, count: TokenizerLimits.textSizeMax + 1)
        let error = #expect(throws: TokenizerError.self) { try tokenizer.encode(text) }
        #expect(error?.code == .textTooLong)
    }
}
