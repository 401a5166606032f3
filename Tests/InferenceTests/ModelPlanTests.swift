// The compatibility layer: what it accepts, what it says about itself, and the table of defects.

import Inference
import TestSupport
import Testing

@Suite struct ModelPlanTests {
    @Test(arguments: PlanDefect.llama)
    func refuses(_ defect: PlanDefect) throws {
        try expectRefusal(defect, of: .tinyLlama())
    }

    @Test(arguments: PlanDefect.ofFamilies)
    func refusesInItsFamily(_ defect: PlanDefect) throws {
        try expectRefusal(defect, of: #require(Self.families[defect.architecture]))
    }

    /// Made once: there are hundreds of defects.
    private static let families: [String: GGUFBuilder] = Dictionary(
        uniqueKeysWithValues: FamilyTests.names.compactMap { name in
            (try? GGUFBuilder.tiny(name)).map { (name, $0) }
        })

    private func expectRefusal(_ defect: PlanDefect, of whole: GGUFBuilder) throws {
        var builder = whole
        defect.change(&builder)
        let file = try builder.parsed()
        let error = #expect(throws: InferenceError.self) { try ModelPlan(file: file) }
        #expect(error?.code == defect.code)
        #expect(error?.location == defect.location)
        #expect(
            error?.message.contains(defect.says) == true, "\(error?.message ?? "no error")")
    }

    @Test func acceptsTheModelTheDefectsStartFrom() throws {
        let plan = try ModelPlan(file: GGUFBuilder.tinyLlama().parsed())
        #expect(plan.configuration.blockCount == 2)
        #expect(plan.configuration.headCount == [4, 4])
        #expect(plan.configuration.headCountKV == [2, 2])
        #expect(plan.configuration.keyLength == 16)
        #expect(plan.configuration.vocabularySize == GGUFBuilder.tinyVocabulary.count)
        #expect(plan.formatCounts == ["F32": 16])
        #expect(!plan.isOutputTied)
    }

    @Test func acceptsATiedOutput() throws {
        var shape = TinyLlamaShape()
        shape.hasOutput = false
        let plan = try ModelPlan(file: GGUFBuilder.tinyLlama(shape: shape).parsed())
        #expect(plan.isOutputTied)
    }

    @Test func acceptsOptionalTensors() throws {
        var builder = GGUFBuilder.tinyLlama()
        for (name, length) in [
            ("rope_freqs.weight", 8), ("blk.0.attn_q.bias", 64), ("blk.1.attn_output.bias", 64),
            ("blk.0.ffn_gate.bias", 96), ("blk.1.ffn_down.bias", 64),
        ] {
            let ones = WeightEncoding.f32.encode(Array(repeating: 1, count: length))
            builder.tensors.append(.init(name, [length], format: 0, data: ones))
        }
        _ = try ModelPlan(file: builder.parsed())
    }

    @Test func aTrailingDimensionOfOneChangesNothing() throws {
        var builder = GGUFBuilder.tinyLlama()
        builder.change("output_norm.weight") { $0.dimensions = [64, 1] }
        builder.change("blk.0.attn_q.weight") { $0.dimensions = [64, 64, 1] }
        _ = try ModelPlan(file: builder.parsed())
    }

    @Test func countsParametersAndBytes() throws {
        let plan = try ModelPlan(file: GGUFBuilder.tinyLlama(encoding: .f16).parsed())
        let vocabulary = GGUFBuilder.tinyVocabulary.count
        let matrices = 2 * (64 * 64 * 2 + 64 * 32 * 2 + 64 * 96 * 3) + 2 * 64 * vocabulary
        let norms = 5 * 64
        #expect(plan.parameterCount == matrices + norms)
        #expect(plan.weightBytes == matrices * 2 + norms * 4)
        #expect(plan.formatCounts == ["F16": 16])
    }

    @Test func estimatesMemoryWithoutOverflow() throws {
        let plan = try ModelPlan(file: GGUFBuilder.tinyLlama().parsed())
        // Two blocks, two key-value heads of 16 + 16 floats each, pages of 16 positions.
        #expect(plan.memory(contextTokens: 96).cache == 96 * 512)
        #expect(plan.memory(contextTokens: 97).cache == 112 * 512)
        #expect(plan.memory(contextTokens: -1).cache == 0)
        #expect(plan.memory(contextTokens: 0).cache == 0)
        #expect(plan.memory(contextTokens: .max).total == .max)
    }

    @Test func theLargestShapeInRangeFitsAnInteger() {
        let widest = HyperParameter.headCountMax * HyperParameter.headLengthMax
        let cache = HyperParameter.blockCountMax * widest * 2 * MemoryLayout<Float>.size
        #expect(!cache.multipliedReportingOverflow(by: HyperParameter.contextLengthMax).overflow)
        let width = max(HyperParameter.embeddingLengthMax, widest)
        #expect(!width.multipliedReportingOverflow(by: HyperParameter.vocabularySizeMax).overflow)
    }
}
