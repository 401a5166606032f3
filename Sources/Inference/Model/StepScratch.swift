// The buffers of a pass, made once per runner.
//
//     qkv row of a block:   | queries | keys | values | unused up to the widest block |
//     gates row:            | gate    | up   | unused                                |
//
// The parts lie side by side, so that a single rotation covers queries and keys, and a family with
// fused matrices needs other products but no other buffers.

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
    /// Factor on attention scores: 1 / sqrt(key length).
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
