// The lists of a pass in the kernels' form, made once and read by every block.
//
// Guarantees: largest page and slot are known, so that an operation checks the bounds of a whole
// pass with one comparison. The lists keep their memory from pass to pass.

import CKernels

/// The running pass of a queue.
struct CPUPass {
    private(set) var inputs = PassInputs()
    private(set) var spans: [kn_span] = []
    /// The wanted rows, a span of one row each.
    private(set) var wantedSpans: [kn_span] = []
    /// Pages of all sequences, each in position order.
    private(set) var pages: [Int32] = []
    /// Largest page that a row reads or writes, or -1.
    private(set) var largestPage: Int32 = -1
    /// Number of positions that the furthest row attends to.
    private(set) var longest = 0
    /// Addresses of each row's cosines and sines in `rotation`.
    private(set) var cosines: [UnsafePointer<Float>?] = []
    private(set) var sines: [UnsafePointer<Float>?] = []
    private var rotation: RopeTable?

    var rowCount: Int { inputs.rowCount }

    mutating func begin(_ pass: PassInputs) {
        inputs.copy(pass)
        rotation = nil
        spans.removeAll(keepingCapacity: true)
        wantedSpans.removeAll(keepingCapacity: true)
        pages.removeAll(keepingCapacity: true)
        longest = 0
        var row = 0
        var next = 0
        for span in inputs.spans {
            let firstPage = pages.count
            let sees = span.sees ?? 0
            spans.append(
                kn_span(pages: firstPage, first: span.first, rows: span.rows, sees: sees))
            pages += span.pages[..<span.pagesRead]
            longest = max(longest, span.positionsRead)
            while next < inputs.wanted.count, inputs.wanted[next] < row + span.rows {
                let position = span.first + Int(inputs.wanted[next]) - row
                wantedSpans.append(
                    kn_span(pages: firstPage, first: position, rows: 1, sees: sees))
                next += 1
            }
            row += span.rows
        }
        precondition(pages.allSatisfy { $0 >= 0 }, "a page below 0")
        largestPage = pages.max() ?? -1
    }

    /// Finds the angles of the rows in `table`, once for a pass.
    mutating func find(_ table: RopeTable) throws(ComputeError) {
        guard rotation !== table else { return }
        rotation = nil
        cosines.removeAll(keepingCapacity: true)
        sines.removeAll(keepingCapacity: true)
        let half = table.rotaryLength / 2
        for position in inputs.positions {
            let (chunk, offset) = Int(position)
                .quotientAndRemainder(dividingBy: RopeTable.chunkPositions)
            let row = try table.chunk(chunk).floats + offset * table.rotaryLength
            cosines.append(UnsafePointer(row))
            sines.append(UnsafePointer(row + half))
        }
        rotation = table
    }
}
