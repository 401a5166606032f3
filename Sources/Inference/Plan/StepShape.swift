// How much one pass of the transformer takes at a time.
//
// A step may hold any number of tokens; it is carried out in passes of at most `rowCountMax` rows so
// that the scratch stays bounded, and the output matrix (whose rows of logits are the widest thing
// in the model) takes at most `logitRowCountMax` rows at a time. Neither changes any value.

/// Sizes of the scratch buffers.
package struct StepShape: Sendable {
    /// Tokens of one pass.
    package let rowCountMax: Int
    /// Rows of logits of one pass.
    package let logitRowCountMax: Int

    /// Bytes the logits of one pass may take before fewer rows are taken at a time.
    private static let logitSizeMax = 16 << 20

    package init(_ configuration: ModelConfiguration) {
        rowCountMax = 256
        let rowSize = configuration.vocabularySize * MemoryLayout<Float>.size
        logitRowCountMax = min(64, max(1, Self.logitSizeMax / rowSize))
    }

    /// Floats of one row of activations, over all buffers a pass needs.
    package static func floatsPerRow(_ configuration: ModelConfiguration) -> Int {
        let widths = BlockWidths(configuration)
        return 3 * configuration.embeddingLength + widths.queries + widths.keys + widths.values
            + widths.attended + 2 * widths.feedForward
    }

    /// Bytes of all scratch buffers.
    package func scratchBytes(_ configuration: ModelConfiguration) -> Int {
        let activations = rowCountMax * Self.floatsPerRow(configuration)
        let logits = logitRowCountMax * (configuration.vocabularySize + configuration.embeddingLength)
        return (activations + logits) * MemoryLayout<Float>.size
    }
}

/// The widest each kind of activation gets over all blocks.
package struct BlockWidths: Sendable {
    package let queries: Int
    package let keys: Int
    package let values: Int
    package let attended: Int
    package let feedForward: Int

    package init(_ configuration: ModelConfiguration) {
        let heads = configuration.headCount.max() ?? 0
        let headsKV = configuration.headCountKV.max() ?? 0
        queries = heads * configuration.keyLength
        keys = headsKV * configuration.keyLength
        values = headsKV * configuration.valueLength
        attended = heads * configuration.valueLength
        feedForward = configuration.feedForwardLength.max() ?? 0
    }
}
