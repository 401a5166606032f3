// Exact agreement with llama.cpp on every recorded case.
//
// Needs the fixtures; skipped, with a line that says so, where they are absent.

import Goldens
import TestSupport
import Testing
import Tokenizers

@Suite(.enabled(if: Fixtures.directory != nil, "needs the reference vocabularies"))
struct ReferenceCaseTests {
    /// Vocabulary name and the model file that holds it.
    static let vocabularies = ["llama-spm", "gpt-2", "llama-bpe", "qwen2"]
    static let tiny = [
        ("spm512", "models/llama-gqa-f32.gguf"),
        ("bpe512-llama-bpe", "models/llama3-tied-f32.gguf"),
        ("bpe512-qwen2", "models/qwen2-f32.gguf"), ("bpe512-gpt-2", "models/phi2-f32.gguf"),
    ]

    @Test(arguments: vocabularies)
    func encodesEveryRecordedCase(_ name: String) throws {
        let tokenizer = try VocabularyFixtures.tokenizer("tokenizers/ggml-vocab-\(name).gguf")
        let cases = try VocabularyFixtures.cases(name)
        #expect(cases.count == 46)
        for item in cases {
            let tokens = try tokenizer.encode(item.text, addSpecial: false)
            #expect(tokens == item.tokens, "\(String(decoding: item.text, as: UTF8.self))")
        }
    }

    @Test(arguments: vocabularies)
    func encodesAndDecodesEveryStringOfItsOwn(_ name: String) throws {
        let tokenizer = try VocabularyFixtures.tokenizer("tokenizers/ggml-vocab-\(name).gguf")
        let items = try VocabularyFixtures.strings(name)
        #expect(items.count >= 112)
        for item in items { try check(item, tokenizer) }
    }

    @Test(arguments: tiny)
    func encodesAndDecodesWithTheVocabularyInsideAModel(_ name: String, _ model: String) throws {
        let tokenizer = try VocabularyFixtures.tokenizer(model)
        let items = try VocabularyFixtures.tinyStrings(name)
        #expect(items.count == 15)
        for item in items { try check(item, tokenizer) }
    }

    private func check(_ item: StringsItem, _ tokenizer: any Tokenizer) throws {
        let special = item.special ?? item.plain
        let label = "item \(item.n): \(String(decoding: item.text, as: UTF8.self))"
        #expect(try tokenizer.encode(item.text, addSpecial: false) == item.plain, "\(label)")
        #expect(
            try tokenizer.encode(item.text, addSpecial: false, parseSpecial: true) == special,
            "\(label)")
        #expect(
            try tokenizer.encode(item.text, addSpecial: true) == item.bosPlainPrefix + item.plain,
            "\(label)")
        #expect(
            item.plain.flatMap { tokenizer.piece($0) }
                == bytes(hex: item.piecesPlainHex ?? item.hex),
            "\(label)")
        if item.special != nil {
            #expect(
                special.flatMap { tokenizer.piece($0) }
                    == bytes(hex: item.piecesSpecialHex ?? item.hex), "\(label)")
        }
        // llama_detokenize tidies up spaces for some byte-level vocabularies; this decoder never
        // does, so there the joined pieces are what to expect.
        let tidies = tokenizer.summary.hasPrefix("gpt2")
        let plain = tidies ? item.piecesPlainHex : item.detokPlainHex
        #expect(tokenizer.decode(item.plain) == bytes(hex: plain ?? item.hex), "\(label)")
        if tidies { return }
        #expect(
            tokenizer.decode(special, special: false)
                == bytes(hex: item.detokSpecialHex ?? item.hex), "\(label)")
        if item.special == nil { return }
        #expect(
            tokenizer.decode(special, special: true)
                == bytes(hex: item.detokSpecialUnparseHex ?? item.hex), "\(label)")
    }
}
