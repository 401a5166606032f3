// Every family against the plain reference transformer: as it is, with each optional tensor, with
// fused matrices, with every scaling of its rotation. A family added to the table is tested here
// without a line of its own.

import Compute
import Goldens
import Inference
import TestSupport
import Testing

@Suite struct FamilyTests {
    private static let prompt: [Int32] = (0..<19).map { Int32(($0 * 61 + 5) % 340) }
    static let names = ArchitectureDescription.all.keys.sorted()

    private func expectAgreement(_ builder: GGUFBuilder) throws -> [[Float]] {
        let file = try builder.parsed()
        let expected = try ReferenceTransformer(file).logits(of: Self.prompt)
        let found = try FixtureModel.place(file).logits(of: Self.prompt, wants: .all)
        let deviation = Deviation(found.flatMap(\.self), expected.flatMap(\.self))
        #expect(deviation.largest < 1e-4, "\(deviation)")
        return found
    }

    @Test(arguments: names)
    func agreesAsItIs(_ name: String) throws {
        _ = try expectAgreement(.tiny(name, seed: 21))
    }

    /// Biases, scales, an output matrix of its own, rotary divisors: each changes the logits, and
    /// as the formulas say. What a fused matrix changes is another test's.
    @Test(arguments: names)
    func agreesWithEachOptionalTensor(_ name: String) throws {
        let plain = try expectAgreement(.tiny(name, seed: 22))
        let description = try #require(ArchitectureDescription.all[name])
        for rule in description.tensors {
            switch rule.presence {
            case .optional where rule.role != .queryKeyValue: break
            case .allowedWith(let other) where other != .queryKeyValue: break
            default: continue
            }
            var optional: Set<TensorRole> = [rule.role]
            if rule.role == .outputBias { optional.insert(.output) }
            let builder = try GGUFBuilder.tiny(name, seed: 22, optional: optional)
            #expect(try expectAgreement(builder) != plain, "\(rule.pattern) has no effect")
        }
    }

    /// The same rows in one matrix or in three: the same bits.
    @Test(arguments: names)
    func fusedAttentionInputsGiveTheBitsOfSeparateOnes(_ name: String) throws {
        let description = try #require(ArchitectureDescription.all[name])
        guard description.tensors.contains(where: { $0.role == .queryKeyValue }) else {
            #expect(name.hasPrefix("bitnet"))
            return
        }
        let apart = try GGUFBuilder.tiny(
            name, seed: 23, optional: [.queryBias, .keyBias, .valueBias])
        var fused = apart
        // One block fused, the others not: each block is read by itself.
        try fused.fuse(
            ["q", "k", "v"].map { "blk.1.attn_\($0).weight" }, into: "blk.1.attn_qkv.weight")
        try fused.fuse(
            ["q", "k", "v"].map { "blk.1.attn_\($0).bias" }, into: "blk.1.attn_qkv.bias")
        let expected = try expectAgreement(apart)
        #expect(try expectAgreement(fused) == expected)
    }

    // MARK: Rotation

    @Test(arguments: names)
    func scalesItsRotation(_ name: String) throws {
        let plain = try expectAgreement(.tiny(name, seed: 24))
        var found: [[[Float]]] = []
        for type in ["linear", "yarn"] {
            let builder = try GGUFBuilder.tiny(name, seed: 24) {
                $0.set("\(name).rope.scaling.type", .string(type))
                $0.set("\(name).rope.scaling.factor", .float32(4))
                $0.set("\(name).rope.scaling.original_context_length", .uint32(4096))
            }
            found.append(try expectAgreement(builder))
        }
        #expect(found[0] != plain && found[1] != plain && found[0] != found[1])
        let attentionFactor = try GGUFBuilder.tiny(name, seed: 24) {
            $0.set("\(name).rope.scaling.attn_factor", .float32(1.25))
        }
        #expect(try expectAgreement(attentionFactor) != plain)
    }

    /// The divisors for long contexts serve a model made to go beyond its original context, those
    /// for short ones any other; an override of the context length decides it too.
    @Test func choosesRotaryDivisorsByTheContextLength() throws {
        func builder(original: UInt32, type: String? = nil) throws -> GGUFBuilder {
            try GGUFBuilder.tiny("phi3", seed: 25, optional: [.ropeFactorsLong]) {
                $0.set("phi3.rope.scaling.original_context_length", .uint32(original))
                $0.set("phi3.rope.scaling.attn_factor", .float32(1.19))
                // The tensors must be there before the type asks for them.
                if let type { $0.set("phi3.rope.scaling.type", .string(type)) }
            }
        }
        let short = try expectAgreement(builder(original: 128))
        let long = try expectAgreement(builder(original: 127))
        #expect(short != long)
        #expect(try expectAgreement(builder(original: 127, type: "longrope")) == long)
        let shortened = try ModelConfiguration.extract(
            from: builder(original: 100).parsed(), overrides: ["context_length": "100"])
        #expect(!shortened.usesLongRopeFactors)
    }

    // MARK: What is read and what is not

    /// Values that switch a part of other families off.
    @Test(arguments: names)
    func keysOfOtherFamiliesThatAreOffChangeNothing(_ name: String) throws {
        let plain = try FixtureModel.place(GGUFBuilder.tiny(name).parsed())
            .logits(of: Self.prompt, wants: .last)
        let builder = try GGUFBuilder.tiny(name) {
            $0.set("\(name).attention.sliding_window", .uint32(0))
            $0.set("\(name).attn_logit_softcapping", .float32(0))
            $0.set("\(name).logit_scale", .float32(1))
            $0.set("\(name).expert_count", .uint32(0))
        }
        let found = try FixtureModel.place(builder.parsed())
            .logits(of: Self.prompt, wants: .last)
        #expect(found == plain)
    }

    /// Within the window every answer is the reference's.
    @Test func phi3EndsAtItsWindow() throws {
        for (window, length) in [(0, 128), (48, 48), (4_096, 128)] {
            let builder = try GGUFBuilder.tiny("phi3") {
                $0.set("phi3.attention.sliding_window", .uint32(UInt32(window)))
            }
            let configuration = try ModelConfiguration.extract(from: builder.parsed())
            #expect(configuration.contextLength == length)
            #expect(configuration.originalContextLength == 128)
        }
    }

    @Test(arguments: ["bitnet-b1.58", "bitnet-25"])
    func roundsActivationsUnlessToldNotTo(_ name: String) throws {
        let rounded = try expectAgreement(.tiny(name, seed: 26))
        for (word, isRounded) in [("int8_per_token", true), ("none", false)] {
            let builder = try GGUFBuilder.tiny(name, seed: 26) {
                $0.set("\(name).activation_rounding", .string(word))
            }
            #expect(try (expectAgreement(builder) == rounded) == isRounded, "\(word)")
        }
    }

    @Test(arguments: names)
    func onlyTheFamiliesTrainedSoRoundActivations(_ name: String) throws {
        let file = try GGUFBuilder.tiny(name).parsed()
        let isTrainedSo = ["bitnet-b1.58", "bitnet-25"].contains(name)
        #expect(
            try ModelConfiguration.extract(from: file).activationRounding
                == (isTrainedSo ? .int8PerToken : .none))
        let chosen = try ModelConfiguration.extract(
            from: file, overrides: ["activation_rounding": "none"])
        #expect(chosen.activationRounding == .none)
        #expect(chosen.overrides.map(\.replacement) == ["\"none\""])
        let error = #expect(throws: InferenceError.self) {
            try ModelConfiguration.extract(
                from: file, overrides: ["activation_rounding": "int4"])
        }
        #expect(error?.code == .unsupportedFeature)
        #expect(error?.location == "\(name).activation_rounding")
    }

    /// Integer kernels where there are any, floats where the float form was asked for; what the
    /// format says in every other family.
    @Test(arguments: WeightFormat.allCases)
    func theFormatDecidesHowRoundedInputsAreMultiplied(_ format: WeightFormat) throws {
        let chooses = try #require(ArchitectureDescription.all["bitnet-b1.58"])
        let rounded = chooses.inputRounding(of: format, under: .int8PerToken)
        #expect(rounded == (format.quantisesInput ? .rows : nil))
        let floats = chooses.inputRounding(of: format, under: .none)
        let isTernary = [.tq1_0, .tq2_0, .i2_s].contains(format)
        let isExact = isTernary || !format.quantisesInput
        #expect(floats == (isExact ? InputRounding.none : nil))
        for name in ["llama", "bitnet"] {
            let other = try #require(ArchitectureDescription.all[name])
            #expect(other.inputRounding(of: format, under: .none) == nil)
        }
    }

    /// A scaled product is made where the normed residual lies, and rounding happens in place; a
    /// parallel family reads that norm again.
    @Test func familiesThatReadTheNormTwiceLeaveItAlone() {
        for description in ArchitectureDescription.all.values {
            let isParallel = !description.tensors.contains { $0.role == .feedForwardNorm }
            #expect(!isParallel || description.activationRoundings == [.none])
            let roles = Set(description.tensors.map(\.role))
            let scales: Set<TensorRole> = [
                .queryScale, .keyScale, .valueScale, .attentionOutputScale, .gateScale, .upScale,
                .downScale,
            ]
            #expect(
                roles.contains(.feedForwardNorm) || roles.isDisjoint(with: scales),
                "\(description.name)")
        }
    }

    /// A rule can only look back at what another one found.
    @Test func rulesStandBehindThoseTheyDependOn() {
        for description in ArchitectureDescription.all.values {
            var seen: Set<TensorRole> = []
            for rule in description.tensors {
                switch rule.presence {
                case .required, .optional: break
                case .unless(let other), .with(let other), .allowedWith(let other):
                    #expect(seen.contains(other), "\(description.name): \(rule.pattern)")
                }
                #expect(seen.insert(rule.role).inserted, "\(rule.role) twice")
            }
        }
    }

    @Test func aPlanNamesEveryFamilyItsFileBelongsTo() throws {
        for name in Self.names {
            let plan = try ModelPlan(file: GGUFBuilder.tiny(name).parsed())
            #expect(plan.architecture.name == name)
            #expect(plan.configuration.architecture == name)
        }
        #expect(
            ArchitectureDescription.supportedNames
                == "bitnet, bitnet-25, bitnet-b1.58, llama, phi2, phi3, qwen2, qwen3, smollm3")
    }
}
