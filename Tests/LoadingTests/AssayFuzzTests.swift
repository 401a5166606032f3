// Damaged models through the whole assay: accepted and usable, or refused with a typed error;
// never anything else.
// Seeded, and repeatable with ASSAY_FUZZ_SEED.

import Inference
import Loading
import TestSupport
import Testing

@Suite struct AssayFuzzTests {
    private static let small: GGUFBuilder = {
        var shape = TinyLlamaShape()
        shape.blockCount = 1
        shape.embeddingLength = 32
        shape.headCount = 2
        shape.headCountKV = 1
        shape.feedForwardLength = 32
        return GGUFBuilder.tinyLlama(shape: shape, encoding: .q8_0)
    }()

    /// Runs a damaged file; an accepted one must then compute.
    private func judge(_ bytes: [UInt8], _ directory: TemporaryDirectory) throws -> String {
        let path = try directory.write(bytes, as: "fuzz.gguf")
        let outcome = try ModelLoader.test().run(path: path)
        if let rejection = outcome.rejection {
            #expect(rejection.code != .unexpected, "\(rejection)")
            return "\(rejection.layer)/\(rejection.code)"
        }
        let model = try #require(outcome.model)
        let runner = try model.tokenModel.makeRunner(maxSequences: 1, tokenBudget: 16)
        // A context of one token is odd, not wrong.
        let tokens: [Int32] = Array([1, 5].prefix(model.tokenModel.contextLength))
        let sequence = try runner.open(capacity: tokens.count)
        try runner.step([StepItem(sequence: sequence, tokens: tokens, wants: .last)]) { _, _, row in
            #expect(row.count == model.facts.vocabularySize)
        }
        return "accepted"
    }

    @Test func flippedBitsInHeaderKeysAndTable() throws {
        var random = SeededGenerator(
            seed: SeededGenerator.fuzzSeed("flippedBitsInHeaderKeysAndTable"))
        let directory = try TemporaryDirectory()
        let layout = Self.small.layout()
        var seen: Set<String> = []
        for _ in 0..<300 {
            var bytes = layout.bytes
            bytes[random.below(layout.dataOffset)] ^= UInt8(1 << random.below(8))
            seen.insert(try judge(bytes, directory))
        }
        #expect(seen.contains("accepted"))
        #expect(seen.contains { $0.hasPrefix("compatibility/") })
        #expect(seen.count > 3, "\(seen)")
    }

    @Test func flippedBitsInTheWeights() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("flippedBitsInTheWeights"))
        let directory = try TemporaryDirectory()
        let layout = Self.small.layout()
        for _ in 0..<100 {
            var bytes = layout.bytes
            for _ in 0..<8 {
                let offset = layout.dataOffset + random.below(bytes.count - layout.dataOffset)
                bytes[offset] ^= UInt8(1 << random.below(8))
            }
            let outcome = try judge(bytes, directory)
            #expect(outcome == "accepted" || outcome.hasPrefix("validation/"), "\(outcome)")
        }
    }

    @Test func keysReplacedByRandomValues() throws {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("keysReplacedByRandomValues"))
        let directory = try TemporaryDirectory()
        let extremes: [UInt32] = [0, 1, 2, 3, 7, 16, 33, 255, 1 << 16, 1 << 24, 1 << 31, .max]
        for _ in 0..<200 {
            var builder = Self.small
            let index = random.below(builder.metadata.count)
            let number = extremes[random.below(extremes.count)]
            builder.metadata[index].value =
                switch random.below(6) {
                case 0: .uint32(number)
                case 1: .int32(Int32(bitPattern: number))
                case 2: .float32(Float(bitPattern: number &* 0x9E37_79B9))
                case 3: .string("x")
                case 4: .uint32s([number, number])
                default: .uint64(UInt64(number) << 32 | UInt64(number))
                }
            let outcome = try judge(builder.build(), directory)
            let isExpected =
                outcome == "accepted" || outcome.hasPrefix("compatibility/")
                || outcome.hasPrefix("validation/")
            #expect(isExpected, "\(outcome)")
        }
    }
}
