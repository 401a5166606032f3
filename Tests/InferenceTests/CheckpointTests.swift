// SafeTensors models against the references and against the GGUF files of the same weights: the
// same bits, whichever file they come in.

import Compute
import ComputeTestSupport
import Goldens
import Inference
import ModelFiles
import TestSupport
import Testing

/// A model of any form on a back end, with its own tokenizer.
private func place(
    _ path: String, on instructionSet: InstructionSet = .best, overrides: [String: String] = [:]
) throws -> FixtureModel {
    let plan = try ModelPlan(ParsedModel(ModelFileSet(path: path)), overrides: overrides)
    let backend = try SharedBackends.get(instructionSet: instructionSet)
    return FixtureModel(model: try TransformerModel(plan: plan, backend: backend), plan: plan)
}

private func place(_ files: [String: [UInt8]], _ name: String = "") throws -> FixtureModel {
    let directory = try TemporaryDirectory()
    for (name, bytes) in files { try directory.write(bytes, as: name) }
    return try withExtendedLifetime(directory) {
        try place(name.isEmpty ? directory.path : directory.path(name))
    }
}

private func bits(_ rows: [[Float]]) -> [[UInt32]] { rows.map { $0.map(\.bitPattern) } }

@Suite(.enabled(if: Fixtures.directory != nil, "needs the reference models"))
struct CheckpointFixtureTests {
    /// Overrides, and where the logits of the last positions come from.
    static let models: [(name: String, overrides: [String: String], references: [String])] = [
        ("llama-gqa", [:], ["llama.cpp", "hf", "numpy64"]),
        ("bitnet-b158", ["activation_rounding": "none"], ["llama.cpp", "hf", "numpy64"]),
    ]

    @Test(arguments: models, InstructionSet.available())
    func agreesWithTheReferences(
        _ subject: (name: String, overrides: [String: String], references: [String]),
        _ instructionSet: InstructionSet
    ) throws {
        let golden = try Golden.read("models/\(subject.name).golden.json")
        let model = try place(
            Fixtures.path("safetensors/\(subject.name)"), on: instructionSet,
            overrides: subject.overrides)
        for (index, prompt) in golden.prompts.enumerated() {
            let best = try model.logits(of: prompt, wants: .all).map(\.indexOfLargest)
            for position in prompt.indices where !golden.nearTies[index].contains(position) {
                #expect(
                    best[position] == Int(golden.bestTokens[index][position]),
                    "prompt \(index), position \(position)")
            }
        }
        let rows = try golden.prompts.map { try model.logits(of: $0, wants: .last)[0] }
        for reference in subject.references {
            let expected = try golden.logits(of: reference, folder: "models")
            let deviation = Deviation(rows.flatMap(\.self), expected.flatMap(\.self))
            print("safetensors \(subject.name) vs \(reference) on \(instructionSet): \(deviation)")
            #expect(deviation.largest <= 1e-3)
        }
        let gaps = try #require(golden.greedyGaps)
        for (index, expected) in try #require(golden.greedy).enumerated() {
            let sure = gaps[index].firstIndex { $0 < 1e-3 } ?? expected.count
            let tokens = try model.greedy(golden.prompts[index], count: sure)
            #expect(tokens == Array(expected.prefix(sure)), "prompt \(index)")
        }
    }

    /// Unless told otherwise: every input to eight bits, as the repository's own runtime does.
    @Test(arguments: InstructionSet.available())
    func bitNetRoundsAsItsReference(_ instructionSet: InstructionSet) throws {
        let golden = try Golden.read("models/bitnet-b158.golden.json")
        let model = try place(Fixtures.path("safetensors/bitnet-b158"), on: instructionSet)
        #expect(model.plan.configuration.activationRounding == .int8PerToken)
        let rows = try golden.prompts.map { try model.logits(of: $0, wants: .last)[0] }
        let expected = try golden.logits(of: "hf_autobitlinear_act_int8", folder: "models")
        let deviation = Deviation(rows.flatMap(\.self), expected.flatMap(\.self))
        print("safetensors bitnet-b158 rounded on \(instructionSet): \(deviation)")
        #expect(deviation.largest <= 1e-3)
    }

    /// BF16 weights, those of the F32 file: rows of queries and keys reordered, norms widened.
    @Test func givesTheBitsOfTheGGUFFile() throws {
        let prompt = try Golden.read("models/llama-gqa.golden.json").prompts[3]
        let expected = try place(Fixtures.path("models/llama-gqa-f32.gguf"))
        let found = try place(Fixtures.path("safetensors/llama-gqa"))
        #expect(
            try bits(found.logits(of: prompt, wants: .all))
                == bits(expected.logits(of: prompt, wants: .all)))
        let text = Array("the naïve 日本 <s> test".utf8)
        let tokens = try found.plan.tokenizer.encode(
            text, addSpecial: true, parseSpecial: true)
        #expect(
            try expected.plan.tokenizer.encode(
                text, addSpecial: true, parseSpecial: true) == tokens)
        #expect(found.plan.parameterCount == expected.plan.parameterCount)
    }

    /// Packed bytes become the I2_S blocks of the converter, byte for byte but for the scale, which
    /// the folder has as BF16. Only the embedding is stored in another format: BF16, not F16.
    @Test func packedWeightsBecomeTheBlocksOfTheConverter() throws {
        let folder = try place(Fixtures.path("safetensors/bitnet-b158")).plan
        let file = try place(Fixtures.path("models/bitnet-b158-i2_s.gguf")).plan
        let roles: [TensorRole] = [
            .query, .key, .value, .attentionOutput, .gate, .up, .down, .attentionNorm,
            .attentionSubNorm, .feedForwardNorm, .feedForwardSubNorm,
        ]
        for block in 0..<file.configuration.blockCount {
            for role in roles {
                let left = try #require(folder.tensor(role, block: block))
                let right = try #require(file.tensor(role, block: block))
                #expect(left.dimensions == right.dimensions)
                #expect(left.format == right.format)
                let isPacked = right.format.name == "I2_S"
                let found = try folder.readBytes(of: left)
                let expected = try file.readBytes(of: right)
                #expect(found.count == expected.count)
                let end = isPacked ? expected.count - 32 : expected.count
                #expect(found[..<end] == expected[..<end], "\(left.name)")
                guard isPacked else { continue }
                let scales = [found, expected].map { bytes in
                    bytes[end..<end + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                }.map { Float(bitPattern: $0) }
                #expect((scales[0] / scales[1] - 1).magnitude < 0x1p-8, "\(left.name) \(scales)")
            }
        }
    }

    /// Every F32 fixture written as transformers would: names, order of rows and config.json.
    @Test(arguments: [
        "llama-gqa", "mistral-headdim", "qwen2", "qwen3", "phi2", "phi3", "bitnet", "bitnet-b158",
    ])
    func everyFamilyGivesTheSameBits(_ name: String) throws {
        let path = Fixtures.path("models/\(name)-f32.gguf")
        let builder = try CheckpointBuilder(GGUFFile(ModelFile(path: path)))
        let prompt = try Golden.read("models/\(name).golden.json").prompts[2]
        let expected = try bits(place(path).logits(of: prompt, wants: .all))
        for shardCount in [1, 3] {
            let model = try place(builder.files(shardCount: shardCount))
            #expect(try bits(model.logits(of: prompt, wants: .all)) == expected)
        }
    }

    /// The divisors are worked out from config.json: the converter did it in float32.
    @Test func theScalingOfLlama3IsThatOfTheConverter() throws {
        let path = Fixtures.path("models/llama3-tied-f32.gguf")
        let file = try GGUFFile(ModelFile(path: path))
        var builder = try CheckpointBuilder(file)
        builder.set(
            "rope_scaling",
            #"{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"#
                + #""original_max_position_embeddings":64}"#)
        let model = try place(builder.files())
        let plan = model.plan
        let tensor = try #require(plan.tensor(.ropeFactors))
        let stored = try #require(file.tensor("rope_freqs.weight"))
        let found = try plan.readBytes(of: tensor)
        let expected = try file.bytes(of: stored)
        #expect(floats(found).count == floats(expected).count)
        for (left, right) in zip(floats(found), floats(expected)) {
            #expect((left / right - 1).magnitude < 1e-6)
        }
        let golden = try Golden.read("models/llama3-tied.golden.json")
        let rows = try golden.prompts.map { try model.logits(of: $0, wants: .last)[0] }
        let reference = try golden.logits(of: "hf", folder: "models")
        #expect(Deviation(rows.flatMap(\.self), reference.flatMap(\.self)).largest <= 1e-3)
    }

    private func floats(_ bytes: [UInt8]) -> [Float] {
        stride(from: 0, to: bytes.count, by: 4).map { start in
            let bits = bytes[start..<start + 4].reversed().reduce(UInt32(0)) {
                $0 << 8 | UInt32($1)
            }
            return Float(bitPattern: bits)
        }
    }
}

@Suite struct CheckpointTests {
    private func plan(_ builder: CheckpointBuilder) throws -> ModelPlan {
        try place(builder.files()).plan
    }

    @Test(arguments: [
        "LlamaForCausalLM", "MistralForCausalLM", "SmolLM3ForCausalLM", "Qwen2ForCausalLM",
        "Qwen3ForCausalLM", "PhiForCausalLM", "Phi3ForCausalLM", "BitNetForCausalLM",
    ])
    func everyClassComputes(_ className: String) throws {
        let model = try place(CheckpointBuilder.tiny(className).files())
        _ = try model.model.validate()
        #expect(model.plan.tokenizer.vocabularySize == CheckpointBuilder.tinySizes.vocabulary)
    }

    @Test func aSplitModelGivesTheBitsOfTheWholeOne() throws {
        let builder = GGUFBuilder.tinyLlama()
        let tokens: [Int32] = [1, 5, 300, 7]
        let expected = try bits(
            place(["m.gguf": builder.build()]).logits(of: tokens, wants: .all))
        for parts in [builder.split(into: 3), builder.split(into: 3, isFirstBare: true)] {
            for name in [""] + parts.keys {
                #expect(try bits(place(parts, name).logits(of: tokens, wants: .all)) == expected)
            }
        }
    }

    @Test func aMissingClassLeavesTheTypeToDecide() throws {
        var builder = CheckpointBuilder.tiny("BitNetForCausalLM")
        builder.remove("architectures")
        #expect(try plan(builder).architecture.name == "bitnet-b1.58")
        builder.set("hidden_act", "\"silu\"")
        #expect(try plan(builder).architecture.name == "bitnet")
    }

    @Test func heldBackValuesAreThoseOfTheReferences() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        builder.remove("num_key_value_heads")
        builder.remove("rope_theta")
        builder.remove("hidden_act")
        builder.set("num_key_value_heads", "2")
        let configuration = try plan(builder).configuration
        #expect(configuration.ropeBase == 10_000)
        #expect(configuration.keyLength == 16)
        var phi = CheckpointBuilder.tiny("PhiForCausalLM")
        phi.remove("partial_rotary_factor")
        phi.set("num_key_value_heads", "null")
        #expect(try plan(phi).configuration.ropeDimensionCount == 8)
        #expect(try plan(phi).configuration.headCountKV == [4, 4])
    }

    @Test func aShorterWindowIsTheContext() throws {
        var builder = CheckpointBuilder.tiny("MistralForCausalLM")
        builder.set("sliding_window", "48")
        #expect(try plan(builder).configuration.contextLength == 48)
        builder.set("sliding_window", "4096")
        #expect(try plan(builder).configuration.contextLength == 128)
        var qwen = CheckpointBuilder.tiny("Qwen2ForCausalLM")
        qwen.set("sliding_window", "48")
        qwen.set("use_sliding_window", "false")
        #expect(try plan(qwen).configuration.contextLength == 128)
        qwen.set("use_sliding_window", "true")
        #expect(try plan(qwen).configuration.contextLength == 48)
    }

    @Test func overridesKeepTheirNames() throws {
        let directory = try TemporaryDirectory()
        for (name, bytes) in CheckpointBuilder.tiny("LlamaForCausalLM").files() {
            try directory.write(bytes, as: name)
        }
        let model = try place(directory.path, overrides: ["context_length": "32"])
        let configuration = model.plan.configuration
        #expect(configuration.contextLength == 32)
        let override = try #require(configuration.overrides.first)
        #expect(override.key == "llama.context_length")
        #expect((override.original, override.replacement) == ("128", "32"))
    }

    @Test func buffersAndCopiesOfTheEmbeddingAreLetPass() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        builder.tensors.append(
            .init(
                "model.layers.0.self_attn.rotary_emb.inv_freq", "F32", [8],
                WeightEncoding.f32.encode([Float](repeating: 1, count: 8))))
        #expect(try !plan(builder).isOutputTied)
        let table = try #require(builder.tensors.first { $0.name == "model.embed_tokens.weight" })
        builder.change("lm_head.weight") { $0.data = table.data }
        builder.set("tie_word_embeddings", "true")
        #expect(try plan(builder).isOutputTied)
        builder.removeTensor("lm_head.weight")
        #expect(try plan(builder).isOutputTied)
        // The class's default is an output matrix of its own.
        builder.remove("tie_word_embeddings")
        #expect(throws: InferenceError.self) { try plan(builder) }
    }

    /// llama3 and longrope by hand: wavelengths 2π·100^(i/2) against 64/4 = 16 and 64/1.
    @Test func divisorsFollowTheFormulas() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        builder.set("rope_theta", "100.0")
        builder.set(
            "rope_parameters",
            #"{"rope_type":"llama3","factor":4,"low_freq_factor":1,"high_freq_factor":4,"#
                + #""original_max_position_embeddings":64,"rope_theta":10000.0}"#)
        let llama = try plan(builder)
        #expect(llama.configuration.ropeBase == 10_000)
        let factors = try #require(llama.tensor(.ropeFactors))
        let bytes = try llama.readBytes(of: factors)
        let values = (0..<8).map { bytes.loadFloat($0) }
        // 2π and 19.87 with s = (64 / 19.87 - 1) / 3 = 0.7403; from 62.8 on all but the long one.
        #expect(values[0] == 1)
        #expect((values[1] - 1 / ((1 - 0.74035) / 4 + 0.74035)).magnitude < 1e-3)
        #expect(values[3...].allSatisfy { $0 == 4 })

        var phi = CheckpointBuilder.tiny("Phi3ForCausalLM")
        phi.set("original_max_position_embeddings", "32")
        phi.set(
            "rope_scaling",
            #"{"type":"longrope","short_factor":[1,1,1,1,1,1,1,1],"#
                + #""long_factor":[1,2,3,4,5,6,7,8]}"#)
        let long = try plan(phi).configuration
        #expect(long.ropeScaling == .longrope)
        #expect(long.usesLongRopeFactors)
        // sqrt(1 + ln 4 / ln 32)
        #expect((long.ropeAttentionFactor - 1.4.squareRoot()).magnitude < 1e-12)
    }

    @Test func yarnTakesItsOwnAttentionFactor() throws {
        var builder = CheckpointBuilder.tiny("Qwen2ForCausalLM")
        builder.set(
            "rope_scaling", #"{"type":"yarn","factor":4.0,"original_max_position_embeddings":32}"#)
        var configuration = try plan(builder).configuration
        #expect(configuration.ropeScaling == .yarn(factor: 4))
        #expect(configuration.originalContextLength == 32)
        #expect(configuration.ropeAttentionFactor == 1)
        builder.set(
            "rope_scaling", #"{"rope_type":"yarn","factor":4.0,"attention_factor":1.0}"#)
        configuration = try plan(builder).configuration
        let magnitude = RotaryAngles(configuration, factors: nil).magnitude
        #expect((magnitude - 1).magnitude < 1e-12)
    }

    /// The same ternary matrix multiplied with 0.125 or divided by 8.
    @Test func aScaleIsMultipliedOrDividedBy() throws {
        let multiplies = CheckpointBuilder.tiny("BitNetForCausalLM")
        var divides = multiplies
        divides.set(
            "quantization_config", #"{"quant_method":"bitnet","linear_class":"bitlinear"}"#)
        for index in divides.tensors.indices
        where divides.tensors[index].name.hasSuffix("_scale") {
            divides.tensors[index].data = WeightEncoding.bf16.encode([8])
        }
        let tokens: [Int32] = [3, 4, 5]
        let expected = try place(multiplies.files()).logits(of: tokens, wants: .all)
        #expect(try bits(place(divides.files()).logits(of: tokens, wants: .all)) == bits(expected))
    }

    @Test func theChatTemplateIsRead() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        func place() throws -> String? {
            try plan(builder).chatTemplates.standard?.source.place
        }
        #expect(try place() == nil)
        let text = "{% for m in messages %}{{ '<|im_start|>' + m['role'] }}<|im_end|>{% endfor %}"
        builder.others["tokenizer_config.json"] = Array("{\"chat_template\":\"\(text)\"}".utf8)
        #expect(try place() == "tokenizer_config.json: chat_template")
        builder.others["chat_template.jinja"] = Array("{{ messages[0].content }}".utf8)
        #expect(try place() == "chat_template.jinja")
        for (text, code) in [
            ("{% include 'x' %}", "template_unsupported"), ("{{ 1 + }}", "template_invalid"),
        ] {
            builder.others["chat_template.jinja"] = Array(text.utf8)
            let error = #expect(throws: InferenceError.self) { try place() }
            #expect(error?.code.name == code && error?.location == "chat_template.jinja")
        }
        builder.others["chat_template.jinja"] = Array("{{ messages[0].content }}".utf8)
        let tools = "additional_chat_templates/tool_use.jinja"
        builder.others[tools] = Array("{{ tools }}{{ messages[0].content }}".utf8)
        #expect(try plan(builder).chatTemplates.toolUse?.source.place == tools)
        builder.others[tools] = Array("{% include 'x' %}".utf8)
        let refused = #expect(throws: InferenceError.self) { try place() }
        #expect(refused?.code.name == "template_unsupported" && refused?.location == tools)
        builder.others[tools] = .some(nil)
        builder.others["chat_template.jinja"] = .some(nil)
        builder.others["tokenizer_config.json"] = Array("{\"chat_template\":7}".utf8)
        let error = #expect(throws: InferenceError.self) { try place() }
        #expect(error?.code == .keyType)
    }

    @Test func aTemplateSeesTheTextsOfSpecialTokens() throws {
        var builder = CheckpointBuilder.tiny("LlamaForCausalLM")
        let names = "{{ bos_token }}|{{ eos_token }}|{{ pad_token is defined }}"
        builder.others["chat_template.jinja"] = Array(names.utf8)
        builder.others["tokenizer_config.json"] = Array(
            #"{"bos_token":"<x>","eos_token":{"content":"abc"},"pad_token":null}"#.utf8)
        let template = try #require(try plan(builder).chatTemplates.standard)
        #expect(template.specialTokens.map(\.name) == ["bos_token", "eos_token"])
        #expect(template.specialTokens.map(\.text) == ["<x>", "abc"])
    }
}
