// The weights of a model on a back end.
//
// `PackedTensors` placed every tensor of the plan. Here the tensors are put together by block and
// role. Nothing is changed afterwards. Parts that a block lacks stay nil.

import Compute
import ModelFiles

/// Weights as the forward pass uses them.
struct TransformerWeights: Sendable {
    /// A matrix with its optional bias and factor.
    struct Linear: Sendable {
        let matrix: WeightMatrix
        let bias: FloatBuffer?
        /// Factor on the products, or nil for 1.
        let scale: Float?
        /// Rounding of the input of products, or nil for the default of the format.
        let rounding: InputRounding?

        /// Returns the product of this matrix. The caller names the input later.
        func product(into output: FloatRows, accumulates: Bool = false) -> MatrixProduct {
            MatrixProduct(
                matrix, bias: bias, into: output, accumulates: accumulates, rounding: rounding)
        }
    }

    struct Norm: Sendable {
        let weight: FloatBuffer
        let bias: FloatBuffer?
    }

    struct Block: Sendable {
        let attentionNorm: Norm
        /// Queries, keys and values: three matrices, or a fused matrix with the rows of all three.
        let attentionInputs: [Linear]
        let queryNorm: Norm?
        let keyNorm: Norm?
        let attentionSubNorm: Norm?
        let attentionOutput: Linear
        /// Nil where the feed-forward layer shares the input of attention.
        let feedForwardNorm: Norm?
        /// Gate and up (two matrices, or a fused matrix with the rows of both), or up alone.
        let feedForwardInputs: [Linear]
        let feedForwardSubNorm: Norm?
        let down: Linear
    }

    let embedding: EmbeddingTable
    /// See `PackedTensors`.
    let embeddingFault: Int?
    let blocks: [Block]
    let outputNorm: Norm
    let output: Linear
    let rope: RopeTable

    /// Places every tensor of `plan`. Throws `placement_failed` with the tensor's name.
    ///
    /// - Parameter observer: sees every byte of the files that hold tensors.
    init(
        _ plan: WeightPlan, on backend: any Backend, observer: (any ReadObserver)?
    ) throws(InferenceError) {
        let packed = try PackedTensors(plan, on: backend, observer: observer)
        let assembly = BlockAssembly(plan: plan, packed: packed)
        (embedding, embeddingFault) = (packed.embedding, packed.embeddingFault)
        outputNorm = assembly.norm(.outputNorm, .outputNormBias)
        output = assembly.linear(plan.isOutputTied ? .tokenEmbedding : .output, .outputBias)
        rope = assembly.rope(on: backend)
        blocks = (0..<plan.configuration.blockCount).map { assembly.block($0) }
    }
}

/// Puts the placed tensors of a plan together, one role at a time.
private struct BlockAssembly {
    let plan: WeightPlan
    let packed: PackedTensors

    func block(_ block: Int) -> TransformerWeights.Block {
        TransformerWeights.Block(
            attentionNorm: norm(.attentionNorm, .attentionNormBias, block),
            attentionInputs: linears(
                [
                    (.queryKeyValue, .queryKeyValueBias, nil),
                    (.query, .queryBias, .queryScale), (.key, .keyBias, .keyScale),
                    (.value, .valueBias, .valueScale),
                ], block),
            queryNorm: optionalNorm(.queryNorm, block),
            keyNorm: optionalNorm(.keyNorm, block),
            attentionSubNorm: optionalNorm(.attentionSubNorm, block),
            attentionOutput: linear(
                .attentionOutput, .attentionOutputBias, .attentionOutputScale, block),
            feedForwardNorm: optionalNorm(.feedForwardNorm, block),
            feedForwardInputs: linears(
                [
                    (.gateUp, nil, nil), (.gate, .gateBias, .gateScale),
                    (.up, .upBias, .upScale),
                ], block),
            feedForwardSubNorm: optionalNorm(.feedForwardSubNorm, block),
            down: linear(.down, .downBias, .downScale, block))
    }

    /// Returns the matrices that the block has, in order.
    private func linears(
        _ roles: [(matrix: TensorRole, bias: TensorRole?, scale: TensorRole?)], _ block: Int
    ) -> [TransformerWeights.Linear] {
        var linears: [TransformerWeights.Linear] = []
        for roles in roles where plan.tensor(roles.matrix, block: block) != nil {
            linears.append(linear(roles.matrix, roles.bias, roles.scale, block))
        }
        return linears
    }

    func linear(
        _ role: TensorRole, _ biasRole: TensorRole? = nil, _ scaleRole: TensorRole? = nil,
        _ block: Int = 0
    ) -> TransformerWeights.Linear {
        let matrix = part(required(role, block), packed.matrices)
        var bias: FloatBuffer?
        if let biasRole, let tensor = plan.tensor(biasRole, block: block) {
            bias = vector(tensor)
        }
        let scale = scaleRole.flatMap { plan.tensor($0, block: block) }.map { values($0)[0] }
        return TransformerWeights.Linear(
            matrix: matrix, bias: bias, scale: scale == 1 ? nil : scale,
            rounding: rounding(of: matrix, role))
    }

    /// Returns the rounding of the matrix's input. Inputs of the output matrix are never rounded.
    private func rounding(of matrix: WeightMatrix, _ role: TensorRole) -> InputRounding? {
        guard role != .output, role != .tokenEmbedding else { return nil }
        return plan.architecture.inputRounding(
            of: matrix.format, under: plan.configuration.activationRounding)
    }

    func norm(
        _ role: TensorRole, _ biasRole: TensorRole? = nil, _ block: Int = 0
    ) -> TransformerWeights.Norm {
        let weight = vector(required(role, block))
        var bias: FloatBuffer?
        if let biasRole, let tensor = plan.tensor(biasRole, block: block) {
            bias = vector(tensor)
        }
        return TransformerWeights.Norm(weight: weight, bias: bias)
    }

    private func optionalNorm(
        _ role: TensorRole, _ block: Int
    ) -> TransformerWeights.Norm? {
        guard plan.tensor(role, block: block) != nil else { return nil }
        return norm(role, nil, block)
    }

    /// Makes the rotary table, with the file's own divisors if there are any.
    func rope(on backend: any Backend) -> RopeTable {
        let byContext =
            plan.configuration.usesLongRopeFactors
            ? TensorRole.ropeFactorsLong : .ropeFactorsShort
        let tensor = plan.tensor(.ropeFactors) ?? plan.tensor(byContext)
        let angles = RotaryAngles(
            plan.configuration, factors: tensor.map { values($0).map(Double.init) })
        return backend.makeRopeTable(
            frequencies: angles.frequencies, magnitude: angles.magnitude)
    }

    // MARK: Parts

    private func values(_ tensor: TensorInfo) -> [Float] { part(tensor, packed.values) }

    private func vector(_ tensor: TensorInfo) -> FloatBuffer { part(tensor, packed.vectors) }

    /// Every planned tensor was placed in one form, so a gap here is a bug of this module.
    private func part<Part>(_ tensor: TensorInfo, _ parts: [String: Part]) -> Part {
        guard let part = parts[tensor.name] else {
            preconditionFailure("tensor \(tensor.name) was not placed as \(Part.self)")
        }
        return part
    }

    /// The plan has checked presence, so a gap here is a bug of this module.
    private func required(_ role: TensorRole, _ block: Int) -> TensorInfo {
        guard let tensor = plan.tensor(role, block: block) else {
            preconditionFailure("the plan lacks \(role) in block \(block)")
        }
        return tensor
    }
}
