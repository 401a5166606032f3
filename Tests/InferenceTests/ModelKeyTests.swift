// The sorting of keys: what is applied, what is without effect, what is listed, who may vouch.

import Inference
import ModelFiles
import TestSupport
import Testing

struct ModelKeyTests {
    private func plan(
        _ builder: GGUFBuilder, _ overrides: [String: String] = [:]
    ) throws -> ModelPlan {
        try ModelPlan(file: builder.parsed(), overrides: overrides)
    }

    private let tiny = GGUFBuilder.tinyLlama()

    // MARK: GGUF

    @Test func everyKeyIsInOneList() throws {
        var builder = tiny
        builder.set("general.tags", .strings(["a", "b"]))
        builder.set("general.base_model.0.name", .string("base"))
        builder.set("general.sampling.temp", .float32(0.6))
        builder.set("quantize.imatrix.chunks_count", .int32(128))
        builder.set("llama.rope.scaling.finetuned", .bool(true))
        builder.set("mine.note", .string("hello"))
        let keys = try plan(builder).keys
        #expect(keys.notUnderstood == ["mine.note"])
        #expect(keys.suggestions == ["general.sampling.temp": "\(Double(Float(0.6)))"])
        #expect(keys.applied.contains("llama.block_count"))
        #expect(keys.applied.contains("tokenizer.ggml.tokens"))
        #expect(keys.withoutEffect.contains("llama.rope.scaling.finetuned"))
        let count = keys.applied.count + keys.withoutEffect.count + 2
        #expect(count == builder.metadata.count)
    }

    /// A key that is listed has a type, although nobody reads the value.
    @Test(arguments: [
        ("general.tags", GGUFBuilder.Value.string("a")), ("general.author", .uint32(1)),
        ("general.file_type", .string("7")), ("general.sampling.top_k", .string("40")),
        ("llama.rope.scaling.finetuned", .uint32(1)), ("llama.attention.causal", .uint32(1)),
        ("llama.pooling_type", .string("mean")),
        ("tokenizer.ggml.padding_token_id", .string("0")),
        ("tokenizer.ggml.suppress_tokens", .strings(["a"])),
    ])
    func aValueOfAnotherTypeIsRefused(_ key: String, _ value: GGUFBuilder.Value) throws {
        var builder = tiny
        builder.set(key, value)
        let error = #expect(throws: InferenceError.self) { try plan(builder) }
        #expect(error?.location == key)
    }

    @Test func anUnknownKeyOfTheModelsNamespaceIsRefusedUntilTheCallerVouches() throws {
        var builder = tiny
        builder.set("llama.tomorrow", .float32(1.5))
        let error = #expect(throws: InferenceError.self) { try plan(builder) }
        #expect(error?.code == .unknownKey)
        #expect(error?.message.contains("found 1.5") == true)
        #expect(error?.message.contains("llama.tomorrow=ignore") == true)
        for name in ["llama.tomorrow", "tomorrow"] {
            let vouched = try plan(builder, [name: "ignore"])
            #expect(vouched.keys.withoutEffect.contains("llama.tomorrow"))
            #expect(
                vouched.configuration.overrides == [
                    AppliedOverride(key: "llama.tomorrow", original: "1.5", replacement: "ignore")
                ])
        }
    }

    @Test func aCheckedKeyMayBeVouchedFor() throws {
        var builder = tiny
        builder.set("llama.logit_scale", .float32(2))
        #expect(throws: InferenceError.self) { try plan(builder) }
        _ = try plan(builder, ["logit_scale": "ignore"])
    }

    @Test func vouchingNeedsAKeyThatIsRefused() throws {
        for key in ["llama.tomorrow", "general.name", "llama.block_count"] {
            #expect(throws: InferenceError.self) { try plan(tiny, [key: "ignore"]) }
        }
    }

    @Test func poolingIsTheModels() throws {
        let cases: [(Int?, ModelConfiguration.Pooling)] = [
            (nil, .mean), (0, .mean), (1, .mean), (2, .cls), (3, .last),
        ]
        for (number, pooling) in cases {
            var builder = tiny
            if let number { builder.set("llama.pooling_type", .uint32(UInt32(number))) }
            #expect(try plan(builder).configuration.pooling == pooling)
        }
    }

    @Test func attentionInBothDirectionsIsApplied() throws {
        for isCausal in [true, false] {
            var builder = tiny
            builder.set("llama.attention.causal", .bool(isCausal))
            var checkpoint = CheckpointBuilder.tiny("LlamaForCausalLM")
            checkpoint.set("is_causal", "\(isCausal)")
            for (plan, key) in [
                (try plan(builder), "llama.attention.causal"), (try checkpoint.plan(), "is_causal"),
            ] {
                #expect(plan.configuration.isCausal == isCausal)
                #expect(plan.keys.applied.contains(key))
                #expect((plan.textRefusal == nil) == isCausal)
            }
        }
        #expect(try plan(tiny, ["attention.causal": "false"]).configuration.isCausal == false)
    }

    @Test(arguments: ["0", "\"false\"", "[false]", "{}"])
    func anotherTypeOfIsCausalIsRefused(_ value: String) throws {
        var checkpoint = CheckpointBuilder.tiny("Qwen2ForCausalLM")
        checkpoint.set("is_causal", value)
        let error = #expect(throws: InferenceError.self) { try checkpoint.plan() }
        #expect(error?.code == .keyType && error?.location == "is_causal")
    }

    // MARK: Ends

    @Test func everyListOfAGGUFFileEndsAnAnswer() throws {
        var builder = tiny
        builder.set("tokenizer.ggml.eot_token_id", .uint32(300))
        builder.set("tokenizer.ggml.eom_token_id", .uint32(301))
        builder.set("tokenizer.ggml.eos_token_ids", .int32s([2, 302]))
        builder.set("tokenizer.ggml.suppress_tokens", .int32s([270, 271]))
        let plan = try plan(builder)
        #expect(plan.endTokens == [2, 300, 301, 302])
        #expect(plan.tokenizer.suppressedTokens == [270, 271])
    }

    @Test func everyListOfACheckpointEndsAnAnswer() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        builder.set("eos_token_id", "[1, 2]")
        builder.others["generation_config.json"] = Array(
            #"{"eos_token_id":[2,77],"temperature":0.6,"do_sample":true,"mine":Infinity}"#.utf8)
        let plan = try builder.plan()
        #expect(Set(plan.endTokens).isSuperset(of: [1, 2, 77]))
        #expect(plan.keys.suggestions["generation_config.json:temperature"] == "0.6")
        #expect(plan.keys.notUnderstood == ["generation_config.json:mine"])
    }

    /// What the files' own tokenizer adds and admits is kept beside the further ends.
    @Test func moreEndsChangeNothingElse() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        builder.tokenizer =
            SmallTokenizerJSON(
                post: #"{"type":"BertProcessing","sep":["c",2],"cls":["b",1]}"#
            ).bytes
        builder.others["generation_config.json"] = Array(#"{"eos_token_id":[3]}"#.utf8)
        let tokenizer = try builder.plan().tokenizer
        #expect(tokenizer.isEndOfGeneration(3))
        #expect(tokenizer.suffixTokens == [2])
        #expect(try tokenizer.encode("a") == [1, 0, 2])

        var guessed = tiny
        guessed.set("tokenizer.ggml.model", .string("gpt2"))
        guessed.set("tokenizer.ggml.merges", .strings([]))
        guessed.set("tokenizer.ggml.eot_token_id", .uint32(300))
        let plan = try plan(guessed)
        #expect(plan.endTokens.contains(300))
        #expect(plan.tokenizer.degradations.count == 1)
    }

    @Test func suppressedTokensAreNeverChosen() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        builder.others["generation_config.json"] = Array(
            #"{"suppress_tokens":[5,6]}"#.utf8)
        let tokenizer = try builder.plan().tokenizer
        var completion = try Completion(tokenizer: tokenizer, options: CompletionOptions())
        var logits = [Float](repeating: 0, count: tokenizer.vocabularySize)
        for (token, logit) in [(5, Float(9)), (6, 8), (9, 1)] { logits[token] = logit }
        let step = try logits.withUnsafeBufferPointer { values in try completion.accept(values) }
        #expect(step.token == 9)
    }

    // MARK: Checkpoints

    @Test func absentKeysHaveTheDefaultsOfTheClass() throws {
        var mistral = CheckpointBuilder.tiny("LlamaForCausalLM")
        mistral.set("architectures", #"["MistralForCausalLM"]"#)
        mistral.set("model_type", #""mistral""#)
        mistral.remove("max_position_embeddings")
        mistral.remove("rope_theta")
        // The class has a window unless the file says null.
        #expect(try mistral.plan().configuration.contextLength == 4_096)
        mistral.set("sliding_window", "null")
        let configuration = try mistral.plan().configuration
        #expect(configuration.contextLength == 131_072 && configuration.ropeBase == 10_000)
        var llama = CheckpointBuilder.tiny("LlamaForCausalLM")
        llama.remove("rms_norm_eps")
        #expect(try llama.plan().configuration.normEpsilon == 1e-6)
    }

    @Test func biasesAreOffByDefault() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        builder.tensors.append(
            .init(
                "model.layers.0.self_attn.o_proj.bias", "F32", [64],
                WeightEncoding.f32.encode([Float](repeating: 0, count: 64))))
        let error = #expect(throws: InferenceError.self) { try builder.plan() }
        #expect(error?.code == .unexpectedTensor)
    }

    @Test func keysOfStrangersAreListed() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        builder.set("mine", #"{"a":[1,2]}"#)
        builder.set("transformers_version", #""4.44.0""#)
        builder.set("attention_dropout", "Infinity")
        let keys = try builder.plan().keys
        #expect(keys.notUnderstood == ["mine"])
        #expect(keys.withoutEffect.contains("attention_dropout"))
        builder.set("rms_norm_eps", "Infinity")
        #expect(throws: InferenceError.self) { try builder.plan() }
    }

    @Test func codeOfTheClassItselfIsLetThrough() throws {
        var builder = CheckpointBuilder.tiny("Phi3ForCausalLM")
        builder.set(
            "auto_map",
            #"{"AutoConfig":"microsoft/Phi-3--configuration_phi3.Phi3Config","#
                + #""AutoModelForCausalLM":"modeling_phi3.Phi3ForCausalLM"}"#)
        #expect(try builder.plan().keys.withoutEffect.contains("auto_map"))
    }

    @Test func poolingOfSentenceTransformersIsApplied() throws {
        var builder = CheckpointBuilder.tiny("Qwen3ForCausalLM")
        builder.others["modules.json"] = Array(
            (#"[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},"#
                + #"{"idx":1,"path":"1_Pooling","type":"sentence_transformers.models.Pooling"},"#
                + #"{"idx":2,"path":"2_Normalize","#
                + #""type":"sentence_transformers.models.Normalize"}]"#).utf8)
        #expect(throws: InferenceError.self) { try builder.plan() }
        builder.others["1_Pooling/config.json"] = Array(
            (#"{"word_embedding_dimension":64,"pooling_mode_mean_tokens":false,"#
                + #""pooling_mode_lasttoken":true,"include_prompt":true}"#).utf8)
        builder.others["config_sentence_transformers.json"] = Array(
            (#"{"prompts":{"query":"Q:","document":""},"default_prompt_name":null,"#
                + #""similarity_fn_name":"cosine"}"#).utf8)
        #expect(try builder.plan().configuration.pooling == .last)
    }
}
