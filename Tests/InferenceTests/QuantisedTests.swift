// Formats other than F32: what each may differ by, and from what.
//
// Half-precision weights are widened exactly and multiplied with float activations, so they equal
// the same values stored as F32 bit for bit. Eight- and four-bit formats round activations to eight
// bits per block of 32, as llama.cpp does; that moves single logits of these tiny models by a few
// tenths of a unit (standard deviation of the logits: 7.6 in the trained model).

import Compute
import Goldens
import Inference
import ModelFiles
import TestSupport
import Testing

@Suite struct QuantisedTests {
    private static let prompt: [Int32] = (0..<30).map { Int32(($0 * 53 + 7) % 340) }

    @Test(arguments: [WeightEncoding.f16, .bf16], InstructionSet.available())
    func halfPrecisionEqualsTheSameValuesAsF32(
        _ encoding: WeightEncoding, _ instructionSet: InstructionSet
    ) throws {
        let half = GGUFBuilder.tinyLlama(seed: 3, encoding: encoding)
        let found = try FixtureModel.place(half.parsed(), on: instructionSet)
            .logits(of: Self.prompt, wants: .all)
        let expected = try FixtureModel.place(half.widened().parsed(), on: instructionSet)
            .logits(of: Self.prompt, wants: .all)
        #expect(found == expected)
    }

    @Test(arguments: [WeightEncoding.q8_0, .q4_0])
    func blockFormatsStayNearTheSameValuesAsF32(_ encoding: WeightEncoding) throws {
        let quantised = GGUFBuilder.tinyLlama(seed: 3, encoding: encoding)
        let found = try FixtureModel.place(quantised.parsed())
            .logits(of: Self.prompt, wants: .all).flatMap(\.self)
        let expected = try FixtureModel.place(quantised.widened().parsed())
            .logits(of: Self.prompt, wants: .all).flatMap(\.self)
        let deviation = Deviation(found, expected)
        print("\(encoding) vs its own values: \(deviation)")
        #expect(deviation.largest <= 0.3)
        #expect(deviation.rootMeanSquare <= 0.03)
    }

    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the trained model"),
        arguments: InstructionSet.available())
    func trainedEightBitLogitsAreAsNearAsTheReferencesOwn(
        _ instructionSet: InstructionSet
    ) throws {
        let golden = try Golden.read("stories/stories260K-q8_0.golden.json")
        let model = try FixtureModel.load("stories/stories260K-q8_0.gguf", on: instructionSet)
        let rows = try golden.prompts.map { try model.logits(of: $0, wants: .last)[0] }
        // The references themselves are 0.29 apart; against llama.cpp two roundings add up.
        for (reference, rootMeanSquareMax) in [
            ("numpy64_dequantised", 0.06), ("llama.cpp", 0.1),
        ] {
            let expected = try golden.logits(of: reference, folder: "stories")
            let deviation = Deviation(rows.flatMap(\.self), expected.flatMap(\.self))
            print("q8_0 vs \(reference) on \(instructionSet): \(deviation)")
            #expect(deviation.largest <= 0.4)
            #expect(deviation.rootMeanSquare <= rootMeanSquareMax)
        }
    }

    /// Q4_K with Q6_K for some matrices and the output, as llama-quantize mixes them. Float
    /// activations would stay within 2e-3; rounding them to eight bits moves logits by 0.06 (root
    /// mean square), for llama.cpp as well.
    @Test(
        .enabled(if: Fixtures.directory != nil, "needs the reference models"),
        arguments: InstructionSet.available())
    func aMixedFileStaysNearItsDequantisedWeights(_ instructionSet: InstructionSet) throws {
        let golden = try MixGolden.read()
        for variant in golden.variants {
            let model = try FixtureModel.load("quant/\(variant.file)", on: instructionSet)
            let rows = try golden.prompts.map { try model.logits(of: $0, wants: .last)[0] }
            let deviation = Deviation(
                rows.flatMap(\.self), try golden.logits(of: variant).flatMap(\.self))
            print("\(variant.file) on \(instructionSet): \(deviation)")
            #expect(deviation.largest <= 0.5)
            #expect(deviation.rootMeanSquare <= 0.08)
        }
        #expect(!golden.variants.isEmpty)
    }

    /// The same ternary model twice: as I2_S and as F32 values (where a zero may have a sign).
    @Test(.enabled(if: Fixtures.directory != nil, "needs the reference models"))
    func ternaryTensorsOfARealFileHoldTheReferencesValues() throws {
        func file(_ name: String) throws -> GGUFFile {
            try GGUFFile(ModelFile(path: Fixtures.path("models/\(name).gguf")))
        }
        let packed = try file("bitnet-b158-i2_s"), plain = try file("bitnet-b158-f32")
        let tensors = packed.tensors.filter { $0.format.id == WeightFormat.i2_s.rawValue }
        for tensor in tensors {
            let expected = try plain.bytes(of: try #require(plain.tensor(tensor.name)))
            let stored = try packed.bytes(of: tensor)
            let values = [Float](unsafeUninitializedCapacity: tensor.valueCount) { buffer, used in
                let target = UnsafeMutableBufferPointer(rebasing: buffer[..<tensor.valueCount])
                stored.withUnsafeBytes { WeightFormat.i2_s.dequantise($0, into: target) }
                used = tensor.valueCount
            }
            let isEqual = values.indices.allSatisfy {
                values[$0] == expected.loadFloat($0)
            }
            #expect(isEqual && values.contains { $0 > 0 }, "\(tensor.name)")
        }
        #expect(tensors.count >= 7)
    }

    @Test(.enabled(if: Fixtures.directory != nil, "needs the trained model"))
    func trainedHalfPrecisionLogitsStayNearF32() throws {
        let golden = try Golden.read("stories/stories260K-f32.golden.json")
        let model = try FixtureModel.load("stories/stories260K-f16.gguf")
        let rows = try golden.prompts.map { try model.logits(of: $0, wants: .last)[0] }
        let expected = try golden.logits(of: "numpy64", folder: "stories")
        let deviation = Deviation(rows.flatMap(\.self), expected.flatMap(\.self))
        print("f16 weights vs f32 weights: \(deviation)")
        #expect(deviation.largest <= 0.02)
    }
}

extension GGUFBuilder {
    /// The same model with every tensor stored as F32 values.
    fileprivate func widened() -> GGUFBuilder {
        var builder = self
        for index in builder.tensors.indices {
            guard let encoding = WeightEncoding(rawValue: tensors[index].format) else { continue }
            let values = encoding.decode(tensors[index].data)
            builder.tensors[index].data = WeightEncoding.f32.encode(values)
            builder.tensors[index].format = 0
        }
        return builder
    }
}

extension WeightEncoding {
    /// Stored bytes back to values, written from the block layouts.
    fileprivate func decode(_ bytes: [UInt8]) -> [Float] {
        func word(_ offset: Int) -> UInt16 {
            UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
        }
        func half(_ offset: Int) -> Float { Float(Float16(bitPattern: word(offset))) }
        switch self {
        case .f32:
            return stride(from: 0, to: bytes.count, by: 4).map {
                Float(bitPattern: UInt32(word($0)) | UInt32(word($0 + 2)) << 16)
            }
        case .f16: return stride(from: 0, to: bytes.count, by: 2).map(half)
        case .bf16:
            return stride(from: 0, to: bytes.count, by: 2).map {
                Float(bitPattern: UInt32(word($0)) << 16)
            }
        case .q8_0:
            return stride(from: 0, to: bytes.count, by: 34).flatMap { block in
                (0..<32).map { Float(Int8(bitPattern: bytes[block + 2 + $0])) * half(block) }
            }
        case .q4_0:
            return stride(from: 0, to: bytes.count, by: 18).flatMap { block in
                (0..<32).map { index in
                    let byte = bytes[block + 2 + index % 16]
                    return Float(Int(index < 16 ? byte & 15 : byte >> 4) - 8) * half(block)
                }
            }
        }
    }
}
