// The buffers of a pass, and each block's products and views into them, made once per runner.
//
//     qkv row of a block:   | queries | keys | values | unused up to the widest block |
//     gates row:            | gate    | up   | unused                                |
//
// Side by side, so that one rotation covers queries and keys, and so that a family with fused
// matrices needs other products but no other buffers.

import Compute

/// Activations of a pass.
struct StepScratch {
    /// The residual stream.
    let x: FloatRows
    /// The residual after a norm.
    let normed: FloatRows
    let qkv: FloatRows
    let attended: FloatRows
    let gates: FloatRows
    let logits: FloatRows
    let normEpsilon: Float
    /// What scores are multiplied with: 1 / sqrt(key length).
    let attentionScale: Float

    init(
        _ configuration: ModelConfiguration, _ shape: StepShape, on backend: any Backend
    ) throws(ComputeError) {
        func rows(_ width: Int, count: Int) throws(ComputeError) -> FloatRows {
            try backend.makeBuffer(count: width * count).rows(of: width)
        }
        let widths = BlockWidths(configuration)
        x = try rows(configuration.embeddingLength, count: shape.rowCountMax)
        normed = try rows(configuration.embeddingLength, count: shape.rowCountMax)
        qkv = try rows(widths.attentionInputs, count: shape.rowCountMax)
        attended = try rows(widths.attended, count: shape.rowCountMax)
        gates = try rows(2 * widths.feedForward, count: shape.rowCountMax)
        logits = try rows(configuration.vocabularySize, count: shape.logitRowCountMax)
        normEpsilon = Float(configuration.normEpsilon)
        attentionScale = Float(1 / Double(configuration.keyLength).squareRoot())
    }
}

/// One block, ready to run: its norms, its products with their outputs, its views. A class, so that
/// walking over the blocks copies one reference each.
final class BlockPass {
    let index: Int
    let headCount: Int
    let headCountKV: Int
    let feedForwardLength: Int
    let queryWidth: Int
    let attentionNorm: FloatBuffer
    let feedForwardNorm: FloatBuffer
    /// Queries, keys and values of the normed residual.
    let inputProducts: [MatrixProduct]
    /// Attention's output, added to the residual.
    let outputProducts: [MatrixProduct]
    let gateProducts: [MatrixProduct]
    /// The feed-forward layer's output, added to the residual.
    let downProducts: [MatrixProduct]
    let queries: FloatRows
    let keys: FloatRows
    let values: FloatRows
    let attended: FloatRows
    let gate: FloatRows
    let up: FloatRows

    init(
        _ weights: TransformerWeights.Block, index: Int, _ configuration: ModelConfiguration,
        _ scratch: StepScratch
    ) {
        self.index = index
        headCount = configuration.headCount[index]
        headCountKV = configuration.headCountKV[index]
        feedForwardLength = configuration.feedForwardLength[index]
        attentionNorm = weights.attentionNorm
        feedForwardNorm = weights.feedForwardNorm

        queryWidth = headCount * configuration.keyLength
        let keyWidth = headCountKV * configuration.keyLength
        let qkv = scratch.qkv
        queries = qkv
        keys = qkv.buffer.rows(offset: queryWidth, stride: qkv.stride)
        values = qkv.buffer.rows(offset: queryWidth + keyWidth, stride: qkv.stride)
        attended = scratch.attended
        gate = scratch.gates
        up = gate.buffer.rows(offset: feedForwardLength, stride: gate.stride)

        inputProducts = [
            weights.query.product(into: queries), weights.key.product(into: keys),
            weights.value.product(into: values),
        ]
        outputProducts = [weights.attentionOutput.product(into: scratch.x, accumulates: true)]
        gateProducts = [weights.gate.product(into: gate), weights.up.product(into: up)]
        downProducts = [weights.down.product(into: scratch.x, accumulates: true)]
    }
}
