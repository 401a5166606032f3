// A back end whose rows of one width are damaged when the test says so: what a flipped bit in
// memory or a faulty device would do to logits.
//
// Everything is computed by a sound CPU back end; only what is handed out is changed.

import Compute
import ComputeTestSupport
import Synchronization

/// See the head of the file. Any thread.
final class FaultyBackend: Sendable {
    let device: RecordingBackend
    private let rows = Rows()

    private final class Rows: Sendable {
        let count = Mutex(0)
    }

    /// - Parameters:
    ///   - rowWidth: values of the rows that are counted.
    ///   - fault: what stands in the last place of row number `n`, from 0; nil for a sound row.
    init(rowWidth: Int, fault: @escaping @Sendable (_ n: Int) -> Float?) throws {
        let rows = rows
        device = try RecordingBackend { values in
            guard values.count.isMultiple(of: rowWidth) else { return nil }
            var damaged: [Float]?
            for end in stride(from: rowWidth, through: values.count, by: rowWidth) {
                let number = rows.count.withLock { count in
                    defer { count += 1 }
                    return count
                }
                guard let bad = fault(number) else { continue }
                var changed = damaged ?? Array(values)
                changed[end - 1] = bad
                damaged = changed
            }
            return damaged
        }
    }

    /// Rows handed out so far.
    var rowCount: Int { rows.count.withLock { $0 } }
}
