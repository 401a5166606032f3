// How much one pass of the transformer takes at a time.
//
// A step may hold any number of tokens; it is carried out in passes of at most `rowCountMax` rows
// so that the scratch stays bounded, and the output matrix (whose rows of logits are the widest
// thing in the model) takes at most `logitRowCountMax` rows at a time. Neither changes any value.

/// Sizes of the scratch buffers.
package struct StepShape: Sendable {
    /// Tokens of one pass.
    package let rowCountMax: Int
    /// Rows of logits of one pass; at most `rowCountMax`.
    package let logitRowCountMax: Int

    /// Bytes the logits of one pass may take before fewer rows are taken at a time.
    private static let logitSizeMax = 16 << 20

    package init(_ configuration: ModelConfiguration) {
        rowCountMax = 256
        let rowSize = configuration.vocabularySize * MemoryLayout<Float>.size
        logitRowCountMax = min(64, max(1, Self.logitSizeMax / rowSize))
    }

    /// Bytes of all scratch buffers.
    package func scratchBytes(_ configuration: ModelConfiguration) -> Int {
        let widths = BlockWidths(configuration)
        let activations =
            2 * configuration.embeddingLength + widths.attentionInputs + widths.attended
            + 2 * widths.feedForward
        let logits = logitRowCountMax * configuration.vocabularySize
        return (rowCountMax * activations + logits) * MemoryLayout<Float>.size
    }
}

/// The widest each kind of activation gets over all blocks.
package struct BlockWidths: Sendable {
    /// Queries, keys and values of one token, side by side.
    package let attentionInputs: Int
    /// What attention hands to its output matrix.
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
