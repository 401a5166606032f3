// A row of logits in blocks, with banned tokens as if masked.

import Compute

/// See the head of the file. Valid as long as its pointers.
struct LogitRow {
    let logits: UnsafeBufferPointer<Float>
    /// Ascending.
    private let banned: UnsafeBufferPointer<Int32>
    /// A block with banned tokens is copied here.
    private let copy: UnsafeMutablePointer<Float>

    init(
        _ logits: UnsafeBufferPointer<Float>, banned: UnsafeBufferPointer<Int32>,
        _ copy: UnsafeMutablePointer<Float>
    ) {
        (self.logits, self.banned, self.copy) = (logits, banned, copy)
    }

    /// The row with every token of the model.
    var withoutBans: LogitRow { LogitRow(logits, banned: .init(start: nil, count: 0), copy) }

    /// Calls `body` with the first index and the logits of each block, valid during the call.
    @inline(__always)
    func forEachBlock(_ body: (Int, UnsafeBufferPointer<Float>) -> Void) {
        firstBlock { start, block in
            body(start, block)
            return false
        }
    }

    /// Calls `body` with each block until it returns true.
    @inline(__always)
    func firstBlock(_ body: (Int, UnsafeBufferPointer<Float>) -> Bool) {
        var next = 0
        var start = 0
        while start < logits.count {
            let end = min(start + LogitWeights.blockCount, logits.count)
            var block = UnsafeBufferPointer(rebasing: logits[start..<end])
            if next < banned.count, banned[next] < end {
                if let from = block.baseAddress { copy.update(from: from, count: block.count) }
                while next < banned.count, banned[next] < end {
                    copy[Int(banned[next]) - start] = -.infinity
                    next += 1
                }
                block = UnsafeBufferPointer(start: copy, count: block.count)
            }
            if body(start, block) { return }
            start = end
        }
    }

    /// Scans the row without its banned tokens.
    func scan() -> LogitScan {
        var scan = LogitScan()
        forEachBlock { scan.join(LogitScan($1, first: $0)) }
        return scan
    }
}
