// The rows of a pass, gathered from the items of a step.
//
//     items   A: prompt tokens 5 6 7   B: token 9        C: token 2
//     rows    0  1  2                  3                 4
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
        let item: Int
        let position: Int
        let output: StepItem.Output
        /// True at the item's last token.
        let isLast: Bool
    }

    /// The rows as the device needs them.
    private(set) var inputs: PassInputs
    /// The use of each row in `inputs.wanted`, in the same order.
    private(set) var wanted: [Wanted] = []

    var rowCount: Int { inputs.rowCount }

    init(rowCountMax: Int) {
        inputs = PassInputs(rowCountMax: rowCountMax)
        wanted.reserveCapacity(rowCountMax)
    }

    mutating func removeAll() {
        inputs.removeAll()
        wanted.removeAll(keepingCapacity: true)
    }

    /// Appends the tokens in `range` of an item whose sequence had `length` positions before the
    /// step. A whole item is all of its sequence, and its rows attend to all of its positions.
    mutating func append(
        _ item: StepItem, index: Int, range: Range<Int>, length: Int, pages: [Int32],
        isWhole: Bool
    ) {
        let firstRow = inputs.rowCount
        inputs.append(
            item.tokens[range], first: length + range.lowerBound, pages: pages,
            sees: isWhole ? item.tokens.count : nil)
        for offset in range where item.wantsValues(of: offset) {
            inputs.want(row: firstRow + offset - range.lowerBound)
            wanted.append(
                Wanted(
                    item: index, position: length + offset, output: item.output,
                    isLast: offset == item.tokens.count - 1))
        }
    }
}
