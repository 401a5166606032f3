// Extraction of hyper-parameters: fallbacks, defaults and overrides.

import Inference
import TestSupport
import Testing

@Suite struct ModelConfigurationTests {
    private func extract(
        _ overrides: [String: String] = [:], _ change: (inout GGUFBuilder) -> Void = { _ in }
    ) throws -> ModelConfiguration {
        var builder = GGUFBuilder.tinyLlama()
        change(&builder)
        return try ModelConfiguration.extract(from: builder.parsed(), overrides: overrides)
    }

    // MARK: Fallbacks and defaults

    @Test func vocabularySizeComesFromItsKeyFirst() throws {
        let size = try extract {
            $0.set("llama.vocab_size", .uint32(300))
            $0.set("tokenizer.ggml.vocab_size", .uint32(200))
        }.vocabularySize
        #expect(size == 300)
    }

    @Test func vocabularySizeComesFromTheTokenizersKeySecond() throws {
        let size = try extract { $0.set("tokenizer.ggml.vocab_size", .uint32(200)) }
        #expect(size.vocabularySize == 200)
    }

    @Test func vocabularySizeIsTheTokenListsLengthOtherwise() throws {
        #expect(try extract().vocabularySize == GGUFBuilder.tinyVocabulary.count)
    }

    @Test func embeddingLengthHasAnOlderName() throws {
        let configuration = try extract {
            $0.remove("llama.embedding_length")
            $0.set("llama.embed_length", .uint32(64))
        }
        #expect(configuration.embeddingLength == 64)
    }

    @Test func absentKeysHaveTheirDefaults() throws {
        let configuration = try extract {
            $0.remove("llama.attention.head_count_kv")
            $0.remove("llama.rope.dimension_count")
            $0.remove("llama.rope.freq_base")
        }
        #expect(configuration.headCountKV == [4, 4])
        #expect(configuration.keyLength == 16)
        #expect(configuration.valueLength == 16)
        #expect(configuration.ropeDimensionCount == 16)
        #expect(configuration.ropeBase == 10_000)
        #expect(configuration.ropeScaling == .none)
    }

    @Test func rotaryDimensionsFollowTheKeyLength() throws {
        let configuration = try extract {
            $0.remove("llama.rope.dimension_count")
            $0.set("llama.attention.key_length", .uint32(32))
        }
        #expect(configuration.ropeDimensionCount == 32)
        #expect(configuration.valueLength == 16)
    }

    @Test func perBlockArraysAreKept() throws {
        let configuration = try extract {
            $0.set("llama.attention.head_count", .uint32s([4, 8]))
            $0.set("llama.attention.head_count_kv", .int32s([2, 4]))
            $0.set("llama.feed_forward_length", .uint32s([96, 128]))
            $0.set("llama.attention.key_length", .uint32(16))
            $0.set("llama.attention.value_length", .uint32(16))
        }
        #expect(configuration.headCount == [4, 8])
        #expect(configuration.headCountKV == [2, 4])
        #expect(configuration.feedForwardLength == [96, 128])
    }

    @Test(arguments: ["rope.scaling.factor", "rope.scale_linear"])
    func linearScalingHasTwoSpellings(_ key: String) throws {
        let configuration = try extract { $0.set("llama.\(key)", .float32(4)) }
        #expect(configuration.ropeScaling == .linear(factor: 4))
    }

    @Test(arguments: [Float(0), 1])
    func aFactorOfZeroOrOneScalesNothing(_ factor: Float) throws {
        let configuration = try extract { $0.set("llama.rope.scaling.factor", .float32(factor)) }
        #expect(configuration.ropeScaling == .none)
    }

    @Test func typeNoneSwitchesTheFactorOff() throws {
        let configuration = try extract {
            $0.set("llama.rope.scaling.type", .string("none"))
            $0.set("llama.rope.scaling.factor", .float32(4))
        }
        #expect(configuration.ropeScaling == .none)
    }

    @Test func integersOfAnyStoredTypeAreRead() throws {
        for value: GGUFBuilder.Value in [.uint8(2), .int16(2), .int64(2), .uint64(2)] {
            #expect(try extract { $0.set("llama.block_count", value) }.blockCount == 2)
        }
    }

    // MARK: Overrides

    @Test func overridesReplaceTheFilesValuesAndAreRecorded() throws {
        let configuration = try extract([
            "llama.context_length": "64", "rope.freq_base": "500000",
            "attention.head_count_kv": "2,4",
        ])
        #expect(configuration.contextLength == 64)
        #expect(configuration.ropeBase == 500_000)
        #expect(configuration.headCountKV == [2, 4])
        #expect(
            configuration.overrides == [
                AppliedOverride(
                    key: "llama.attention.head_count_kv", original: "2", replacement: "2,4"),
                AppliedOverride(
                    key: "llama.context_length", original: "128", replacement: "64"),
                AppliedOverride(
                    key: "llama.rope.freq_base", original: "10000.0", replacement: "500000.0"),
            ])
    }

    @Test func anOverrideCanSupplyAnAbsentKey() throws {
        let configuration = try extract(["llama.block_count": "2"]) {
            $0.remove("llama.block_count")
        }
        #expect(configuration.overrides.first?.original == nil)
        #expect(configuration.blockCount == 2)
    }

    @Test func anOverrideOfOneSpellingBeatsTheOtherInTheFile() throws {
        let configuration = try extract([
            "llama.embed_length": "128", "llama.attention.head_count": "8",
        ])
        #expect(configuration.embeddingLength == 128)
    }

    @Test func refusesAnUnknownOverrideNamingTheNearest() throws {
        let error = #expect(throws: InferenceError.self) {
            try extract(["llama.contxt_length": "64"])
        }
        #expect(error?.code == .unknownOverride)
        #expect(error?.allowed.contains("\"llama.context_length\"") == true)
    }

    @Test(arguments: [
        ("context_length", "many"), ("context_length", "12.5"), ("rope.freq_base", "ten"),
        ("attention.head_count", "4,"), ("attention.head_count", ""),
        ("context_length", "99999999999999999999"),
    ])
    func refusesAnOverrideOfTheWrongForm(_ key: String, _ text: String) throws {
        let error = #expect(throws: InferenceError.self) { try extract([key: text]) }
        #expect(error?.code == .badOverride)
        #expect(error?.location == "llama.\(key)")
    }

    @Test func anOverrideIsCheckedLikeTheFilesOwnValue() throws {
        let range = #expect(throws: InferenceError.self) { try extract(["block_count": "0"]) }
        #expect(range?.code == .keyRange)
        let nan = #expect(throws: InferenceError.self) { try extract(["rope.freq_base": "nan"]) }
        #expect(nan?.code == .keyRange)
        let contradiction = #expect(throws: InferenceError.self) {
            try extract(["attention.head_count": "5"])
        }
        #expect(contradiction?.code == .keysInconsistent)
    }
}
