// A block, ready to run: norms, products with their outputs, and views of the scratch.
//
// Made once per runner, so that a pass walks over values that already exist. The tensors of the
// block decide all differences between families: a missing norm is nil, and fused matrices are
// fewer products over the same rows.
// Does not: run anything. The runner does.

import Compute

/// Products of a shared input, and scalings of the results.
struct BlockProducts {
    /// Multiplication of a result with a number after the product.
    struct Scaling {
        let rows: FloatRows
        let width: Int
        let factor: Float
        /// Rows to add the scaled result to, or nil when the result stays in place.
        let sum: FloatRows?
    }

    var products: [MatrixProduct] = []
    var scalings: [Scaling] = []
    /// True when the input is rounded to eight bits per row before any product reads it: the model
    /// asks for rounding, and some of the products do not round by themselves. A product with its
    /// own rounding finds its integers unchanged in the rounded rows.
    let roundsInput: Bool

    /// Puts the results side by side from `rows` on, in the order of `linears`.
    init(
        _ linears: [TransformerWeights.Linear], _ rounding: ActivationRounding,
        into rows: FloatRows
    ) {
        roundsInput = rounding.needsRoundedInput(linears)
        var offset = rows.offset
        for linear in linears {
            let output = rows.buffer.rows(offset: offset, stride: rows.stride)
            products.append(linear.product(into: output))
            let width = linear.matrix.rows
            if let scale = linear.scale {
                scalings.append(Scaling(rows: output, width: width, factor: scale, sum: nil))
            }
            offset += width
        }
    }

    /// Adds a single result to `sum`. A scaled result is made in `spare` first.
    init(
        _ linear: TransformerWeights.Linear, _ rounding: ActivationRounding,
        addedTo sum: FloatRows, spare: FloatRows
    ) {
        roundsInput = rounding.needsRoundedInput([linear])
        guard let scale = linear.scale else {
            products = [linear.product(into: sum, accumulates: true)]
            return
        }
        products = [linear.product(into: spare)]
        scalings = [
            Scaling(rows: spare, width: linear.matrix.rows, factor: scale, sum: sum)
        ]
    }
}

/// A norm over rows of `width` values.
struct RowNorm {
    let weight: FloatBuffer
    let bias: FloatBuffer?
    let width: Int

    init(_ norm: TransformerWeights.Norm, width: Int) {
        (weight, bias, self.width) = (norm.weight, norm.bias, width)
    }
}

/// A class, so that a walk over the blocks copies a single reference for each block.
final class BlockPass {
    let index: Int
    let headCount: Int
    let headCountKV: Int
    let feedForwardLength: Int
    /// True when queries and keys rotate.
    let rotates: Bool
    let attentionNorm: RowNorm
    /// Queries, keys and values of the normed residual.
    let inputs: BlockProducts
    let queryNorm: RowNorm?
    let keyNorm: RowNorm?
    let attentionSubNorm: RowNorm?
    /// Attention's output, added to the residual.
    let output: BlockProducts
    /// Nil where the feed-forward layer shares the input of attention.
    let feedForwardNorm: RowNorm?
    let feedForwardInputs: BlockProducts
    let feedForwardSubNorm: RowNorm?
    /// The feed-forward layer's output, added to the residual.
    let down: BlockProducts
    let queries: FloatRows
    let keys: FloatRows
    let values: FloatRows
    let gate: FloatRows
    /// Nil in a layer without a gate. Then `gate` holds the input of the activation.
    let up: FloatRows?
    /// Rows that the block still reads after keys and values went to the cache, and the widths.
    let carried: [(rows: FloatRows, width: Int)]

    init(
        _ weights: TransformerWeights.Block, index: Int, _ plan: WeightPlan, _ scratch: StepScratch
    ) {
        let configuration = plan.configuration
        let embedding = configuration.embeddingLength
        let rounding = configuration.activationRounding
        self.index = index
        headCount = configuration.headCount[index]
        headCountKV = configuration.headCountKV[index]
        feedForwardLength = configuration.feedForwardLength[index]
        rotates = plan.architecture.rope.rotates(block: index)

        let (keyLength, valueLength) = (configuration.keyLength, configuration.valueLength)
        let queryWidth = headCount * keyLength
        let keyWidth = headCountKV * keyLength
        queries = scratch.qkv
        keys = scratch.qkv.dropping(columns: queryWidth)
        values = scratch.qkv.dropping(columns: queryWidth + keyWidth)
        attentionNorm = RowNorm(weights.attentionNorm, width: embedding)
        inputs = BlockProducts(weights.attentionInputs, rounding, into: queries)
        queryNorm = weights.queryNorm.map { RowNorm($0, width: keyLength) }
        keyNorm = weights.keyNorm.map { RowNorm($0, width: keyLength) }
        let attendedWidth = headCount * valueLength
        attentionSubNorm = weights.attentionSubNorm.map { RowNorm($0, width: attendedWidth) }

        feedForwardNorm = weights.feedForwardNorm.map { RowNorm($0, width: embedding) }
        feedForwardInputs = BlockProducts(
            weights.feedForwardInputs, rounding, into: scratch.gates)
        gate = scratch.gates
        let inputRows = weights.feedForwardInputs.reduce(0) { $0 + $1.matrix.rows }
        let isGated = inputRows == 2 * feedForwardLength
        up = isGated ? gate.dropping(columns: feedForwardLength) : nil
        let feedForward = feedForwardLength
        feedForwardSubNorm = weights.feedForwardSubNorm.map { RowNorm($0, width: feedForward) }

        // A scaled result replaces the normed residual after its last read. Families that read the
        // normed residual twice have no scales (a test walks over all families).
        let spare = scratch.normed
        output = BlockProducts(
            weights.attentionOutput, rounding, addedTo: scratch.x, spare: spare)
        down = BlockProducts(weights.down, rounding, addedTo: scratch.x, spare: spare)
        var carried = [(rows: scratch.x, width: embedding), (queries, queryWidth)]
        if weights.feedForwardNorm == nil { carried.append((scratch.normed, embedding)) }
        self.carried = carried
    }
}

extension ActivationRounding {
    fileprivate func needsRoundedInput(_ linears: [TransformerWeights.Linear]) -> Bool {
        self == .int8PerToken && linears.contains { $0.rounding != .rows }
    }
}

extension FloatRows {
    /// Returns the rows without the first `count` values.
    fileprivate func dropping(columns count: Int) -> FloatRows {
        FloatRows(buffer, offset: offset + count, stride: stride)
    }
}
