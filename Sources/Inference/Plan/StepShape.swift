// Row limits of a pass of the transformer.
//
// A step may hold any number of tokens. It runs in passes of at most `rowCountMax` rows, so the
// scratch stays bounded. The output matrix takes at most `logitRowCountMax` rows at a time, because
// rows of logits are the widest values in the model. Neither limit changes any value.

/// Sizes of the scratch buffers.
package struct StepShape: Sendable {
    /// Largest number of tokens in a pass.
    package let rowCountMax: Int
    /// Largest number of logit rows at a time, at most `rowCountMax`.
    package let logitRowCountMax: Int

    /// Bytes that logit rows may take before fewer rows are taken at a time.
    private static let logitSizeMax = 16 << 20

    package init(_ configuration: ModelConfiguration) {
        rowCountMax = 256
        let rowSize = configuration.vocabularySize * MemoryLayout<Float>.size
        logitRowCountMax = min(64, max(1, Self.logitSizeMax / rowSize))
    }

    /// Returns the bytes of all scratch buffers.
    package func scratchBytes(_ configuration: ModelConfiguration) -> Int {
        let widths = BlockWidths(configuration)
        let activations =
            2 * configuration.embeddingLength + widths.attentionInputs + widths.attended
            + 2 * widths.feedForward
        let logits = logitRowCountMax * configuration.vocabularySize
        return (rowCountMax * activations + logits) * MemoryLayout<Float>.size
    }
}

/// Largest width of each kind of activation over all blocks.
package struct BlockWidths: Sendable {
    /// Queries, keys and values of one token, side by side.
    package let attentionInputs: Int
    /// Input width of attention's output matrix.
    package let attended: Int
    package let feedForward: Int

    package init(_ configuration: ModelConfiguration) {
        let heads = configuration.headCount.max() ?? 0
        let headsKV = configuration.headCountKV.max() ?? 0
        attentionInputs =
            (heads + headsKV) * configuration.keyLength + headsKV * configuration.valueLength
        attended = heads * configuration.valueLength
        feedForward = configuration.feedForwardLength.max() ?? 0
    }
}
