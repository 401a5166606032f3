// Row limits of a pass of the transformer.
//
// A step may hold any number of tokens. It runs in passes of at most `rowCountMax` rows, so the
// scratch stays bounded. The output matrix takes at most `logitRowCountMax` rows at a time, because
// rows of logits are the widest values in the model. Neither limit changes any value.
//
// Where attention is not causal, a block needs the keys and values of a whole sequence. A sequence
// of more than `rowCountMax` rows then goes through each block in pieces, and the rows that lie
// between two pieces are kept: the residual stream, queries, and in a parallel block the norm.

import Compute

/// Sizes of the scratch buffers.
package struct StepShape: Sendable {
    /// Largest number of tokens in a pass.
    package let rowCountMax: Int
    /// Largest number of logit rows at a time, at most `rowCountMax`.
    package let logitRowCountMax: Int
    /// Largest number of rows that are kept between the pieces of a sequence. 0 where no sequence
    /// is longer than a pass, and where attention is causal.
    package let keptRowCountMax: Int

    /// Bytes that logit rows may take before fewer rows are taken at a time.
    private static let logitSizeMax = 16 << 20

    /// - Parameter pageCount: pages of the cache, which bound a sequence beside the context. Any
    ///   number is allowed, because memory is estimated before a cache is known to fit.
    package init(_ configuration: ModelConfiguration, pageCount: Int) {
        rowCountMax = 256
        let context = configuration.contextLength
        // A page has a position at least, so no more pages than the context bound a sequence.
        let positions = min(pageCount, context) * CacheShape.pagePositions
        let longest = configuration.isCausal ? 0 : min(context, positions)
        keptRowCountMax = longest > rowCountMax ? longest : 0
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
        let kept = keptRowCountMax * (2 * configuration.embeddingLength + widths.queries)
        return (rowCountMax * activations + logits + kept) * MemoryLayout<Float>.size
    }
}

/// Largest width of each kind of activation over all blocks.
package struct BlockWidths: Sendable {
    /// Queries, keys and values of one token, side by side.
    package let attentionInputs: Int
    /// Queries of one token.
    package let queries: Int
    /// Input width of attention's output matrix.
    package let attended: Int
    package let feedForward: Int

    package init(_ configuration: ModelConfiguration) {
        let heads = configuration.headCount.max() ?? 0
        let headsKV = configuration.headCountKV.max() ?? 0
        attentionInputs =
            (heads + headsKV) * configuration.keyLength + headsKV * configuration.valueLength
        queries = heads * configuration.keyLength
        attended = heads * configuration.valueLength
        feedForward = configuration.feedForwardLength.max() ?? 0
    }
}
