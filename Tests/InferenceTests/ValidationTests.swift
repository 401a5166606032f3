// The validation layer on whole models: one bad number anywhere must be found and named.

import Compute
import Inference
import TestSupport
import Testing

@Suite struct ValidationTests {
    private func validate(
        _ builder: GGUFBuilder, on instructionSet: InstructionSet = .best
    ) throws -> ForwardPassVerdict {
        try FixtureModel.place(builder.parsed(), on: instructionSet, threads: 1).model.validate()
    }

    private func refusal(
        _ builder: GGUFBuilder, on instructionSet: InstructionSet = .best
    ) -> InferenceError? {
        #expect(throws: InferenceError.self) { try validate(builder, on: instructionSet) }
    }

    @Test(arguments: WeightEncoding.allCases)
    func acceptsAModelInEveryFormat(_ encoding: WeightEncoding) throws {
        let verdict = try validate(.tinyLlama(encoding: encoding))
        #expect(verdict.tokenCount == 4)
        #expect(verdict.logitMin < verdict.logitMax)
    }

    /// The last value of the tensor's last row: for embeddings a token the check does not feed.
    @Test(arguments: WeightEncoding.allCases, [UInt16(0x7E00), 0x7C00, 0xFC00])
    func findsOneBadNumberInAnyTensor(_ encoding: WeightEncoding, _ half: UInt16) throws {
        let sound = GGUFBuilder.tinyLlama(encoding: encoding)
        for tensor in sound.tensors {
            let name = String(decoding: tensor.name, as: UTF8.self)
            var builder = sound
            builder.change(name) { $0.plant(half) }
            let error = refusal(builder)
            #expect(error?.code == .nonFiniteLogits, "\(name)")
            #expect(error?.location == name)
        }
    }

    @Test(arguments: InstructionSet.available())
    func findsItOnEveryInstructionSet(_ instructionSet: InstructionSet) throws {
        for name in ["blk.0.attn_q.weight", "blk.1.attn_k.weight", "blk.1.ffn_gate.weight"] {
            for half: UInt16 in [0x7E00, 0x7C00, 0xFC00] {
                var builder = GGUFBuilder.tinyLlama()
                builder.change(name) { $0.plant(half) }
                let error = refusal(builder, on: instructionSet)
                #expect(error?.code == .nonFiniteLogits, "\(name)")
                #expect(error?.location == name)
            }
        }
    }

    @Test func namesARopeFactorThatIsNotANumber() throws {
        var builder = GGUFBuilder.tinyLlama()
        let factors: [Float] = [1, 1, 1, 1, 1, 1, 1, .nan]
        builder.tensors.append(
            .init("rope_freqs.weight", [8], format: 0, data: WeightEncoding.f32.encode(factors)))
        let error = refusal(builder)
        #expect(error?.code == .nonFiniteLogits)
        #expect(error?.location == "rope_freqs.weight")
    }

    @Test func refusesARopeFactorOfZero() throws {
        var builder = GGUFBuilder.tinyLlama()
        let factors: [Float] = [0, 1, 1, 1, 1, 1, 1, 1]
        builder.tensors.append(
            .init("rope_freqs.weight", [8], format: 0, data: WeightEncoding.f32.encode(factors)))
        #expect(refusal(builder)?.code == .nonFiniteLogits)
    }

    @Test(arguments: ["output.weight", "output_norm.weight", "token_embd.weight"])
    func refusesAModelOfZeros(_ tensor: String) throws {
        var builder = GGUFBuilder.tinyLlama()
        builder.change(tensor) { $0.data = Array(repeating: 0, count: $0.data.count) }
        #expect(refusal(builder)?.code == .constantLogits)
    }

    @Test func refusesWeightsThatOverflow() throws {
        var builder = GGUFBuilder.tinyLlama()
        builder.change("output.weight") { tensor in
            let huge = Array(repeating: Float.greatestFiniteMagnitude, count: tensor.data.count / 4)
            tensor.data = WeightEncoding.f32.encode(huge)
        }
        let error = refusal(builder)
        #expect(error?.code == .nonFiniteLogits)
        // Every weight is finite, so there is no tensor to blame.
        #expect(error?.location == nil)
    }
}

extension GGUFBuilder.Tensor {
    /// Puts a number (given as IEEE half bits) into the last floating-point field of the data.
    fileprivate mutating func plant(_ half: UInt16) {
        let (size, offset): (Int, Int) =
            switch format {
            case 0: (4, data.count - 4)
            case 2: (2, data.count - 18)
            case 8: (2, data.count - 34)
            default: (2, data.count - 2)
            }
        let single = Float(Float16(bitPattern: half)).bitPattern
        let bits =
            switch format {
            case 0: single
            case 30: single >> 16
            default: UInt32(half)
            }
        for byte in 0..<size { data[offset + byte] = UInt8(truncatingIfNeeded: bits >> (8 * byte)) }
    }
}
