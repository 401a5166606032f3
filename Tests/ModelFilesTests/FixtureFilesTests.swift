// Every reference model must pass the file and parse layers: a checker that refuses good files is
// broken too.

import ModelFiles
import TestSupport
import Testing

@Suite struct FixtureFilesTests {
    static let names = [
        "stories/stories260K-f32.gguf", "stories/stories260K-f16.gguf",
        "stories/stories260K-q8_0.gguf", "models/llama-gqa-f32.gguf",
        "models/llama3-tied-f32.gguf", "models/mistral-headdim-f32.gguf",
        "models/phi2-f32.gguf", "models/phi3-f32.gguf", "models/qwen2-f32.gguf",
        "models/qwen3-f32.gguf", "models/bitnet-f32.gguf", "models/bitnet-b158-f32.gguf",
        "models/bitnet-b158-i2_s.gguf", "quant/llama-256-q4_k_m-mix.gguf",
        "tokenizers/ggml-vocab-llama-spm.gguf", "tokenizers/ggml-vocab-gpt-2.gguf",
        "tokenizers/ggml-vocab-llama-bpe.gguf", "tokenizers/ggml-vocab-qwen2.gguf",
    ]

    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference models"), arguments: names)
    func acceptsReferenceFile(_ name: String) throws {
        let file = try GGUFFile(ModelFile(path: Fixtures.path(name)))
        try file.file.checkUnchanged()
        let tokens = try #require(file.metadata["tokenizer.ggml.tokens"]?.asArray)
        #expect(tokens.count > 0)
        #expect(file.tensors.allSatisfy { file.tensor($0.name) == $0 })
    }
}
