// From GGUF keys to a tokenizer: types of keys, defaults, and refusals that name the key.

import ModelFiles
import TestSupport
import Testing
import Tokenizers

@Suite struct MetadataReadingTests {
    private func make(_ change: (inout GGUFBuilder) -> Void) throws -> any Tokenizer {
        var builder = GGUFBuilder.tinyLlama()
        change(&builder)
        return try TokenizerFactory.make(from: builder.parsed().metadata)
    }

    @Test func readsACompleteVocabulary() throws {
        let tokenizer = try make { _ in }
        #expect(tokenizer.vocabularySize == GGUFBuilder.tinyVocabulary.count)
        #expect(tokenizer.beginToken == 1 && tokenizer.endToken == 2)
        let tokens = try tokenizer.encode("the and", addSpecial: true)
        #expect(
            tokens.map { String(decoding: tokenizer.piece($0), as: UTF8.self) } == [
                "<s>", " the", " and",
            ])
    }

    static let wrongKeys: [(String, GGUFBuilder.Value, TokenizerError.Code)] = [
        ("tokenizer.ggml.model", .uint32(1), .keyType),
        ("tokenizer.ggml.model", .string("bert"), .modelUnsupported),
        ("tokenizer.ggml.model", .string(""), .modelUnsupported),
        ("tokenizer.ggml.tokens", .uint32s([1, 2]), .keyType),
        ("tokenizer.ggml.tokens", .string("a"), .keyType),
        ("tokenizer.ggml.tokens", .strings([]), .vocabularyEmpty),
        ("tokenizer.ggml.scores", .int32s([1]), .keyType),
        ("tokenizer.ggml.scores", .float32s([1]), .lengthMismatch),
        ("tokenizer.ggml.token_type", .float32s([1]), .keyType),
        ("tokenizer.ggml.token_type", .int32s([1]), .lengthMismatch),
        ("tokenizer.ggml.bos_token_id", .string("1"), .keyType),
        ("tokenizer.ggml.bos_token_id", .uint32(.max), .specialTokenInvalid),
        ("tokenizer.ggml.bos_token_id", .uint64(.max), .keyType),
        ("tokenizer.ggml.eos_token_id", .int32(-1), .specialTokenInvalid),
        ("tokenizer.ggml.add_bos_token", .uint32(1), .keyType),
        ("tokenizer.ggml.add_space_prefix", .string("true"), .keyType),
    ]

    @Test(arguments: wrongKeys.indices)
    func refusesAWrongKeyByName(_ index: Int) throws {
        let (key, value, code) = Self.wrongKeys[index]
        let error = #expect(throws: TokenizerError.self) { try make { $0.set(key, value) } }
        #expect(error?.code == code)
        #expect(error?.location == key)
    }

    @Test(arguments: ["tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.ggml.scores"])
    func refusesAMissingKeyByName(_ key: String) throws {
        let error = #expect(throws: TokenizerError.self) { try make { $0.remove(key) } }
        #expect(error?.code == .keyMissing)
        #expect(error?.location == key)
    }

    @Test func defaultsBeginAndEndToTheUsualIds() throws {
        let tokenizer = try make {
            $0.remove("tokenizer.ggml.bos_token_id")
            $0.remove("tokenizer.ggml.eos_token_id")
            $0.remove("tokenizer.ggml.add_bos_token")
        }
        #expect(tokenizer.beginToken == 1 && tokenizer.endToken == 2)
        #expect(tokenizer.addsBeginToken && !tokenizer.addsEndToken)
    }
}
