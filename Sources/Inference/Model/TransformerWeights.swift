// The weights of one model on a back end.
//
// Every tensor of the plan is handed over once: matrices are packed into the back end's layout,
// norms and biases copied, the token embedding read in place from the mapping (so the plan must
// outlive the weights). Nothing is changed afterwards. Optional biases stay nil; a tied output is
// packed from the embedding's bytes.

import Compute
import Glibc
import ModelFiles

/// Weights as the forward pass uses them.
struct TransformerWeights: Sendable {
    /// A matrix with its optional bias.
    struct Linear: Sendable {
        let matrix: WeightMatrix
        let bias: FloatBuffer?

        /// The product of this matrix with an input still to be named.
        func product(into output: FloatRows, accumulates: Bool = false) -> MatrixProduct {
            MatrixProduct(matrix, bias: bias, into: output, accumulates: accumulates)
        }
    }

    struct Block: Sendable {
        let attentionNorm: FloatBuffer
        let query: Linear
        let key: Linear
        let value: Linear
        let attentionOutput: Linear
        let feedForwardNorm: FloatBuffer
        let gate: Linear
        let up: Linear
        let down: Linear
    }

    let embedding: EmbeddingTable
    let blocks: [Block]
    let outputNorm: FloatBuffer
    let output: Linear
    let rope: RopeTable

    /// Places every tensor of `plan`; throws `placement_failed` naming the tensor.
    init(_ plan: ModelPlan, on backend: any Backend) throws(InferenceError) {
        let placer = TensorPlacer(plan: plan, backend: backend)
        embedding = try placer.table(.tokenEmbedding)
        outputNorm = try placer.vector(.outputNorm)
        output = try placer.linear(plan.isOutputTied ? .tokenEmbedding : .output)
        rope = placer.rope()
        var blocks: [Block] = []
        for block in 0..<plan.configuration.blockCount {
            blocks.append(
                Block(
                    attentionNorm: try placer.vector(.attentionNorm, block),
                    query: try placer.linear(.query, .queryBias, block),
                    key: try placer.linear(.key, .keyBias, block),
                    value: try placer.linear(.value, .valueBias, block),
                    attentionOutput: try placer.linear(
                        .attentionOutput, .attentionOutputBias, block),
                    feedForwardNorm: try placer.vector(.feedForwardNorm, block),
                    gate: try placer.linear(.gate, .gateBias, block),
                    up: try placer.linear(.up, .upBias, block),
                    down: try placer.linear(.down, .downBias, block)))
        }
        self.blocks = blocks
    }
}

/// Hands tensors of a plan to a back end, one role at a time.
private struct TensorPlacer {
    let plan: ModelPlan
    let backend: any Backend

    func linear(
        _ role: TensorRole, _ biasRole: TensorRole? = nil, _ block: Int = 0
    ) throws(InferenceError) -> TransformerWeights.Linear {
        let matrix = try place(required(role, block)) { tensor, bytes throws(ComputeError) in
            try backend.makeMatrix(
                bytes, format: format(of: tensor), rows: tensor.rows, columns: tensor.columns)
        }
        var bias: FloatBuffer?
        if let biasRole, let tensor = plan.tensor(biasRole, block: block) {
            bias = try vector(tensor)
        }
        return TransformerWeights.Linear(matrix: matrix, bias: bias)
    }

    func vector(_ role: TensorRole, _ block: Int = 0) throws(InferenceError) -> FloatBuffer {
        try vector(required(role, block))
    }

    func table(_ role: TensorRole) throws(InferenceError) -> EmbeddingTable {
        try place(required(role, 0)) { tensor, bytes throws(ComputeError) in
            try backend.makeEmbedding(
                bytes, format: format(of: tensor), rows: tensor.rows, columns: tensor.columns)
        }
    }

    /// `base^(-2i / rotary dimensions)`, divided by the linear scale and by the file's own factor
    /// for that pair where it has any.
    func rope() -> RopeTable {
        let configuration = plan.configuration
        var scale = 1.0
        if case .linear(let factor) = configuration.ropeScaling { scale = factor }
        let factors = plan.tensor(.ropeFactors).map { tensor in
            let bytes = plan.file.bytes(of: tensor)
            return (0..<tensor.valueCount).map { index in
                let bits = bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                return Double(Float(bitPattern: UInt32(littleEndian: bits)))
            }
        }
        let length = Double(configuration.ropeDimensionCount)
        let frequencies = (0..<configuration.ropeDimensionCount / 2).map { pair in
            pow(configuration.ropeBase, -2 * Double(pair) / length) / scale
                / (factors?[pair] ?? 1)
        }
        return RopeTable(frequencies: frequencies)
    }

    // MARK: Parts

    private func vector(_ tensor: TensorInfo) throws(InferenceError) -> FloatBuffer {
        try place(tensor) { tensor, bytes throws(ComputeError) in
            try backend.makeVector(bytes, format: format(of: tensor), count: tensor.valueCount)
        }
    }

    private func place<Placed>(
        _ tensor: TensorInfo,
        _ body: (TensorInfo, UnsafeRawBufferPointer) throws(ComputeError) -> Placed
    ) throws(InferenceError) -> Placed {
        do {
            return try body(tensor, plan.file.bytes(of: tensor))
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
