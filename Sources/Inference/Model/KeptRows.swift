// Rows of a whole sequence that wait while a block works on another piece of the sequence.
//
//     block    piece 0 in | piece 1 in | piece 2 in | piece 0 on | piece 1 on | piece 2 on
//              keys and values of all pieces lie in the cache from here
//
// Where attention is not causal, a row attends to the rows of all pieces. So the first half of a
// block runs over every piece before the second half does. The rows that the second half reads wait
// here, and the residual stream waits here between two blocks.
// Does not: compute.

import Compute

/// Rows of a sequence in position order, kept beside the scratch of a pass.
struct KeptRows {
    /// The rows of each of `BlockPass.carried`, the residual stream first.
    private let parts: [FloatRows]

    /// Makes buffers for `count` rows of each part that a block carries. Returns nil for none.
    init?(_ blocks: [BlockPass], count: Int, on backend: any Backend) throws(ComputeError) {
        guard count > 0 else { return nil }
        var parts: [FloatRows] = []
        for index in 0..<(blocks.map(\.carried.count).max() ?? 0) {
            let widths = blocks.map { $0.carried.count > index ? $0.carried[index].width : 0 }
            let width = widths.max() ?? 0
            parts.append(try backend.makeBuffer(count: width * count).rows(of: width))
        }
        self.parts = parts
    }

    /// Keeps the rows of `range`, which lie in front of the block's scratch. Takes the residual
    /// stream alone where `residualOnly` is true.
    func keep(
        _ range: Range<Int>, of block: BlockPass, residualOnly: Bool, on queue: any ComputeQueue
    ) {
        for (part, kept) in zip(block.carried, parts).prefix(residualOnly ? 1 : parts.count) {
            queue.copy(
                part.rows, into: kept.dropping(range.lowerBound), rows: range.count,
                width: part.width)
        }
    }

    /// Brings kept rows back to the front of the block's scratch.
    func bringBack(
        _ range: Range<Int>, to block: BlockPass, residualOnly: Bool, on queue: any ComputeQueue
    ) {
        for (part, kept) in zip(block.carried, parts).prefix(residualOnly ? 1 : parts.count) {
            queue.copy(
                kept.dropping(range.lowerBound), into: part.rows, rows: range.count,
                width: part.width)
        }
    }
}
