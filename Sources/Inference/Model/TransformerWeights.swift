// The weights of one model on a back end.
//
// Every tensor of the plan is handed over once: matrices are packed into the back end's layout,
// norms and biases copied, the token embedding read in place from the mapping (so the plan must
// outlive the weights). Nothing is changed afterwards. What a block lacks stays nil; a tied output
// is packed from the embedding's bytes.

import Compute
import ModelFiles

/// Weights as the forward pass uses them.
struct TransformerWeights: Sendable {
    /// A matrix with its optional bias and factor.
    struct Linear: Sendable {
        let matrix: WeightMatrix
        let bias: FloatBuffer?
        /// What products are multiplied with, when not 1.
        let scale: Float?
        /// What products do to their input; nil: as the format has it.
        let rounding: InputRounding?

        /// The product of this matrix with an input still to be named.
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
        /// Queries, keys and values: three matrices, or one with the rows of all.
        let attentionInputs: [Linear]
        let queryNorm: Norm?
        let keyNorm: Norm?
        let attentionSubNorm: Norm?
        let attentionOutput: Linear
        /// Nil where the feed-forward layer reads what attention reads.
        let feedForwardNorm: Norm?
        /// Gate and up (two matrices, or one with the rows of both), or up alone.
        let feedForwardInputs: [Linear]
        let feedForwardSubNorm: Norm?
        let down: Linear
    }

    let embedding: EmbeddingTable
    let blocks: [Block]
    let outputNorm: Norm
    let output: Linear
    let rope: RopeTable

    /// Places every tensor of `plan`; throws `placement_failed` naming the tensor.
    init(_ plan: ModelPlan, on backend: any Backend) throws(InferenceError) {
        let placer = TensorPlacer(plan: plan, backend: backend)
        embedding = try placer.table(.tokenEmbedding)
        outputNorm = try placer.norm(.outputNorm, .outputNormBias)
        output = try placer.linear(plan.isOutputTied ? .tokenEmbedding : .output, .outputBias)
        rope = placer.rope()
        var blocks: [Block] = []
        for block in 0..<plan.configuration.blockCount {
            blocks.append(try placer.block(block))
        }
        self.blocks = blocks
    }
}

/// Hands tensors of a plan to a back end, one role at a time.
private struct TensorPlacer {
    let plan: ModelPlan
    let backend: any Backend

    func block(_ block: Int) throws(InferenceError) -> TransformerWeights.Block {
        TransformerWeights.Block(
            attentionNorm: try norm(.attentionNorm, .attentionNormBias, block),
            attentionInputs: try linears(
                [
                    (.queryKeyValue, .queryKeyValueBias, nil),
                    (.query, .queryBias, .queryScale), (.key, .keyBias, .keyScale),
                    (.value, .valueBias, .valueScale),
                ], block),
            queryNorm: try optionalNorm(.queryNorm, block),
            keyNorm: try optionalNorm(.keyNorm, block),
            attentionSubNorm: try optionalNorm(.attentionSubNorm, block),
            attentionOutput: try linear(
                .attentionOutput, .attentionOutputBias, .attentionOutputScale, block),
            feedForwardNorm: try optionalNorm(.feedForwardNorm, block),
            feedForwardInputs: try linears(
                [
                    (.gateUp, nil, nil), (.gate, .gateBias, .gateScale),
                    (.up, .upBias, .upScale),
                ], block),
            feedForwardSubNorm: try optionalNorm(.feedForwardSubNorm, block),
            down: try linear(.down, .downBias, .downScale, block))
    }

    /// Those of the matrices that the block has, in order.
    private func linears(
        _ roles: [(matrix: TensorRole, bias: TensorRole?, scale: TensorRole?)], _ block: Int
    ) throws(InferenceError) -> [TransformerWeights.Linear] {
        var linears: [TransformerWeights.Linear] = []
        for roles in roles where plan.tensor(roles.matrix, block: block) != nil {
            linears.append(try linear(roles.matrix, roles.bias, roles.scale, block))
        }
        return linears
    }

    func linear(
        _ role: TensorRole, _ biasRole: TensorRole? = nil, _ scaleRole: TensorRole? = nil,
        _ block: Int = 0
    ) throws(InferenceError) -> TransformerWeights.Linear {
        let matrix = try place(required(role, block)) { tensor, bytes throws(ComputeError) in
            try backend.makeMatrix(
                bytes, format: format(of: tensor), rows: tensor.rows, columns: tensor.columns)
        }
        var bias: FloatBuffer?
        if let biasRole, let tensor = plan.tensor(biasRole, block: block) {
            bias = try vector(tensor)
        }
        let scale = scaleRole.flatMap { plan.tensor($0, block: block) }.map { values($0)[0] }
        return TransformerWeights.Linear(
            matrix: matrix, bias: bias, scale: scale == 1 ? nil : scale,
            rounding: rounding(of: matrix, role))
    }

    /// The output matrix is never affected.
    private func rounding(of matrix: WeightMatrix, _ role: TensorRole) -> InputRounding? {
        guard role != .output, role != .tokenEmbedding else { return nil }
        return plan.architecture.inputRounding(
            of: matrix.format, under: plan.configuration.activationRounding)
    }

    func norm(
        _ role: TensorRole, _ biasRole: TensorRole? = nil, _ block: Int = 0
    ) throws(InferenceError) -> TransformerWeights.Norm {
        let weight = try vector(required(role, block))
        var bias: FloatBuffer?
        if let biasRole, let tensor = plan.tensor(biasRole, block: block) {
            bias = try vector(tensor)
        }
        return TransformerWeights.Norm(weight: weight, bias: bias)
    }

    private func optionalNorm(
        _ role: TensorRole, _ block: Int
    ) throws(InferenceError) -> TransformerWeights.Norm? {
        guard plan.tensor(role, block: block) != nil else { return nil }
        return try norm(role, nil, block)
    }

    /// Read in place for as long as the plan lives.
    func table(_ role: TensorRole) throws(InferenceError) -> EmbeddingTable {
        let tensor = required(role, 0)
        return try naming(tensor) { () throws(ComputeError) in
            try backend.makeEmbedding(
                plan.source.bytes(of: tensor), format: format(of: tensor), rows: tensor.rows,
                columns: tensor.columns)
        }
    }

    /// With the file's own divisors, where it has any.
    func rope() -> RopeTable {
        let byContext =
            plan.configuration.usesLongRopeFactors
            ? TensorRole.ropeFactorsLong : .ropeFactorsShort
        let tensor = plan.tensor(.ropeFactors) ?? plan.tensor(byContext)
        let angles = RotaryAngles(
            plan.configuration, factors: tensor.map { values($0).map(Double.init) })
        return RopeTable(frequencies: angles.frequencies, magnitude: angles.magnitude)
    }

    // MARK: Parts

    /// The values of a vector, which is F32 in every plan.
    private func values(_ tensor: TensorInfo) -> [Float] {
        plan.source.withBytes(of: tensor, plan.configuration) { bytes in
            (0..<tensor.valueCount).map { index in
                let bits = bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }

    private func vector(_ tensor: TensorInfo) throws(InferenceError) -> FloatBuffer {
        try place(tensor) { tensor, bytes throws(ComputeError) in
            try backend.makeVector(bytes, format: format(of: tensor), count: tensor.valueCount)
        }
    }

    private func place<Placed>(
        _ tensor: TensorInfo,
        _ body: (TensorInfo, UnsafeRawBufferPointer) throws(ComputeError) -> Placed
    ) throws(InferenceError) -> Placed {
        try naming(tensor) { () throws(ComputeError) in
            try plan.source.withBytes(of: tensor, plan.configuration) {
                bytes throws(ComputeError) in try body(tensor, bytes)
            }
        }
    }

    /// Adds to an error which tensor it was about.
    private func naming<Placed>(
        _ tensor: TensorInfo, _ body: () throws(ComputeError) -> Placed
    ) throws(InferenceError) -> Placed {
        do throws(ComputeError) {
            return try body()
        } catch {
            throw InferenceError(
                .placement,
                tried: "placing tensor \"\(tensor.name)\" on \(backend.deviceName): "
                    + error.tried,
                found: error.found, allowed: error.allowed, location: tensor.name, cause: error)
        }
    }

    /// The plan has checked presence and format; a gap here is this module's own bug.
    private func required(_ role: TensorRole, _ block: Int) -> TensorInfo {
        guard let tensor = plan.tensor(role, block: block) else {
            preconditionFailure("the plan lacks \(role) in block \(block)")
        }
        return tensor
    }

    private func format(of tensor: TensorInfo) -> WeightFormat {
        guard let format = WeightFormat(rawValue: tensor.format.id) else {
            preconditionFailure("the plan let \(tensor.format.name) pass")
        }
        return format
    }
}
