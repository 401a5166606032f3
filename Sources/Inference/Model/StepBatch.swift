// The rows of a pass, gathered from the items of a step.
//
//     items   A: prompt tokens 5 6 7   B: token 9        C: token 2
//     rows    0  1  2                  3                 4          tokens, positions, slots
//     spans   A rows 0...2             B row 3           C row 4
//     wanted        2                  3                 4          rows with requested values
//
// The lists are emptied and refilled for every pass and keep their memory, so that a steady decode
// allocates nothing.
// Does not: compute. The runner does.

import Compute

/// Rows of a single pass.
struct StepBatch {
    /// A row with requested logits or a requested hidden state.
    struct Wanted {
        let row: Int
        let item: Int
        let position: Int
        let output: StepItem.Output
    }

    private(set) var tokens: [Int32] = []
    private(set) var positions: [Int32] = []
    private(set) var slots: [Int32] = []
    private(set) var spans: [AttentionSpan] = []
    private(set) var wanted: [Wanted] = []
    /// The wanted rows as spans of a single row.
    private(set) var wantedSpans: [AttentionSpan] = []

    var rowCount: Int { tokens.count }

    init(rowCountMax: Int) {
        tokens.reserveCapacity(rowCountMax)
        positions.reserveCapacity(rowCountMax)
        slots.reserveCapacity(rowCountMax)
        spans.reserveCapacity(rowCountMax)
        wanted.reserveCapacity(rowCountMax)
        wantedSpans.reserveCapacity(rowCountMax)
    }

    mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        spans.removeAll(keepingCapacity: true)
        wanted.removeAll(keepingCapacity: true)
        wantedSpans.removeAll(keepingCapacity: true)
    }

    /// Appends the tokens in `range` of an item whose sequence had `length` positions before the
    /// step.
    mutating func append(
        _ item: StepItem, index: Int, range: Range<Int>, length: Int, pages: [Int32]
    ) {
        let first = length + range.lowerBound
        let pageSize = CacheShape.pagePositions
        spans.append(AttentionSpan(pages: pages, first: first, rows: range.count))
        for offset in range {
            let position = length + offset
            let page = Int(pages[position / pageSize])
            let isLast = offset == item.tokens.count - 1
            if item.wants == .all || (item.wants == .last && isLast) {
                wanted.append(
                    Wanted(
                        row: tokens.count, item: index, position: position, output: item.output))
                wantedSpans.append(AttentionSpan(pages: pages, first: position, rows: 1))
            }
            tokens.append(item.tokens[offset])
            positions.append(Int32(position))
            slots.append(Int32(page * pageSize + position % pageSize))
        }
    }
}
