// The packaged model's vocabulary against the HF tokenizers library, and against hostile bytes.

import Goldens
import TestSupport
import Testing
import Tokenizers

@Suite struct DemoTokenizerTests {
    private let golden: DemoGolden
    private let tokenizer: any Tokenizer

    init() throws {
        golden = try DemoGolden.read()
        tokenizer = try Demo.tokenizer()
    }

    @Test func textsGetTheIdsOfTheReference() throws {
        #expect(golden.texts.count >= 40)
        for text in golden.texts {
            let found = try tokenizer.encode(bytes(hex: text.hex), addSpecial: false)
            #expect(found == text.plain, "\(text.hex)")
        }
    }

    @Test func specialTokensAreRecognisedOnlyWhenAsked() throws {
        for text in golden.texts {
            let found = try tokenizer.encode(
                bytes(hex: text.hex), addSpecial: false, parseSpecial: true)
            #expect(found == text.special, "\(text.hex)")
        }
        #expect(golden.texts.contains { $0.special != $0.plain })
    }

    @Test func promptsBeginWithTheBeginToken() throws {
        #expect(tokenizer.beginToken == golden.begin && tokenizer.endToken == golden.end)
        #expect(tokenizer.isEndOfGeneration(golden.end))
        for prompt in golden.prompts {
            #expect(try tokenizer.encode(bytes(hex: prompt.hex)) == prompt.tokens)
        }
    }

    @Test func idsTurnBackIntoTheirText() {
        for text in golden.texts { #expect(tokenizer.decode(text.plain) == bytes(hex: text.hex)) }
        for prompt in golden.prompts {
            #expect(tokenizer.decode(prompt.answer) == Array(prompt.answerText.utf8))
        }
    }

    @Test func anyTextComesBack() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("DemoTokenizerTests text"))
        for _ in 0..<500 {
            let scalars = (0..<random.below(80)).compactMap { _ in
                Unicode.Scalar(UInt32(random.below(random.below(3) == 0 ? 0x11_0000 : 0x500)))
            }
            let text = Array(String(String.UnicodeScalarView(scalars)).utf8)
            for parseSpecial in [false, true] {
                let tokens = try tokenizer.encode(
                    text, addSpecial: false, parseSpecial: parseSpecial)
                #expect(tokenizer.decode(tokens, special: true) == text)
            }
        }
    }

    /// What is no UTF-8 is repaired on the way in, once; what is streamed is always UTF-8.
    @Test func hostileBytesAreRepairedOnce() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("DemoTokenizerTests bytes"))
        for _ in 0..<500 {
            let bytes = (0..<random.below(200)).map { _ in UInt8(random.below(256)) }
            let tokens = try tokenizer.encode(bytes, addSpecial: false)
            let repaired = tokenizer.decode(tokens)
            var decoder = StreamingDecoder(tokenizer)
            let streamed = tokens.flatMap { decoder.append($0) } + decoder.finish()
            #expect(String(validating: streamed, as: UTF8.self) != nil)
            let again = tokenizer.decode(try tokenizer.encode(repaired, addSpecial: false))
            #expect(again == repaired)
        }
        let tokens = try tokenizer.encode([0x61, 0xFF, 0x62], addSpecial: false)
        #expect(tokenizer.decode(tokens) == Array("a\u{FFFD}b".utf8))
        #expect(tokenizer.decode([-1, .max, 1 << 20]) == [])
    }

    @Test func everyIdDecodesAndWholeCharactersStreamOut() {
        for token in 0..<Int32(golden.vocabulary) {
            #expect(!tokenizer.piece(token).isEmpty)
        }
        for text in golden.texts {
            var decoder = StreamingDecoder(tokenizer)
            var streamed = text.plain.flatMap { decoder.append($0) }
            streamed += decoder.finish()
            #expect(streamed == bytes(hex: text.hex))
        }
    }
}
