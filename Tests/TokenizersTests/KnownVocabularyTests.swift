// Model files without `tokenizer.ggml.pre`: a published vocabulary is known by its tokens and
// merges, any other one says that its pre-tokenizer was guessed.

import ModelFiles
import TestSupport
import Testing
import Tokenizers

@Suite struct KnownVocabularyTests {
    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference tokenizers"),
        arguments: ["gpt-2", "llama-bpe", "qwen2"])
    func knowsAPublishedVocabulary(_ name: String) throws {
        let path = Fixtures.path("tokenizers/ggml-vocab-\(name).gguf")
        var definition = try TokenizerDefinition(GGUFFile(ModelFile(path: path)).metadata)
        let named = try TokenizerFactory.make(from: definition)
        definition.preTokenizer = nil
        let known = try TokenizerFactory.make(from: definition)
        #expect(known.summary == "gpt2 (\(name))")
        #expect(known.degradations.isEmpty)
        let text = "They'd said 12345 COULDN'T,\n\n  be\r\n naïve!!"
        #expect(try known.encode(text) == named.encode(text))

        var tokens = TextList()
        for id in 0..<definition.tokens.count {
            tokens.append(id == 1_000 ? Array("no-such-token".utf8)[...] : definition.tokens[id])
        }
        definition.tokens = tokens
        #expect(try TokenizerFactory.make(from: definition).degradations.count == 1)
    }

    @Test func saysThatThePreTokenizerOfAnotherVocabularyIsAGuess() throws {
        var definition = TokenizerDefinition(model: "gpt2")
        definition.tokens = TextList(["a", "b", "ab"])
        definition.merges = TextList(["a b"])
        let guessed = try TokenizerFactory.make(from: definition)
        #expect(guessed.summary == "gpt2 (default)")
        #expect(guessed.degradations.first?.hasPrefix("pre_tokenizer_guessed: ") == true)
        definition.preTokenizer = "default"
        #expect(try TokenizerFactory.make(from: definition).degradations.isEmpty)
    }

    @Test func tokensThatLookLikeControlAreControl() throws {
        var definition = TokenizerDefinition(model: "gpt2")
        definition.preTokenizer = "gpt-2"
        definition.tokens = TextList(["<", "|", "x", ">", "<|x|>", "<x>"])
        definition.merges = TextList([])
        definition.types = [1, 1, 1, 1, 4, 4]
        let tokenizer = try TokenizerFactory.make(from: definition)
        #expect(tokenizer.isControl(4) && !tokenizer.isControl(5))
        #expect(try tokenizer.encode("<|x|><x>") == [0, 1, 2, 1, 3, 5])
        #expect(try tokenizer.encode("<|x|><x>", parseSpecial: true) == [4, 5])
    }
}
