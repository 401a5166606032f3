// Scans of rows of values that lie in a line, cut into slices for the queue's threads.
//
//     row 0 |slice|slice|sl|   row 1 |slice|slice|sl|
//
// Keeps its memory from call to call.

import Compute

/// See the head of the file.
package struct RowScans {
    /// Values of a slice, some microseconds of work.
    private static let sliceSize = 16_384

    private var scans: [LogitScan] = []

    package init() {}

    /// Replaces the scans by those of rows of `width` values.
    package mutating func scan(
        _ values: UnsafeBufferPointer<Float>, width: Int, on queue: any ComputeQueue
    ) {
        let rowCount = values.count / width
        let perRow = (width - 1) / Self.sliceSize + 1
        scans.removeAll(keepingCapacity: true)
        scans += repeatElement(LogitScan(), count: rowCount * perRow)
        scans.withUnsafeMutableBufferPointer { scans in
            func scan(_ slice: Int) {
                let (row, part) = slice.quotientAndRemainder(dividingBy: perRow)
                let range = part * Self.sliceSize..<min((part + 1) * Self.sliceSize, width)
                let start = row * width
                scans[slice] = LogitScan(
                    UnsafeBufferPointer(
                        rebasing: values[start + range.lowerBound..<start + range.upperBound]),
                    first: range.lowerBound)
            }
            if values.count < 2 * Self.sliceSize {
                for slice in scans.indices { scan(slice) }
            } else {
                queue.concurrently(scans.count, scan)
            }
            for row in 0..<rowCount {
                var joined = scans[row * perRow]
                for part in 1..<perRow { joined.join(scans[row * perRow + part]) }
                scans[row] = joined
            }
        }
    }

    /// The scan of a row.
    package subscript(row: Int) -> LogitScan { scans[row] }
}
