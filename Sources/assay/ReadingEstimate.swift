// The words for a load in progress: the running layer, its share of the bytes, and the time left.

import Synchronization

/// Estimates the rest of a load from what has been read so far. Any thread.
final class ReadingEstimate: Sendable {
    /// Time before an estimate is worth its words.
    private static let patience = Duration.milliseconds(500)

    private struct Start {
        let layer: String
        let time: Duration
        let count: UInt64
    }

    private let start = Mutex<Start?>(nil)

    /// Returns the words for `layer`, of which `count` bytes of `total` are read at `time`.
    func words(layer: String, count: UInt64, total: UInt64, time: Duration) -> String {
        let begin = start.withLock { start in
            // Another layer and a further attempt have a speed of their own.
            if let start, start.layer == layer, start.count <= count { return start }
            let new = Start(layer: layer, time: time, count: count)
            start = new
            return new
        }
        let share = total == 0 ? 100 : Int(Double(count) / Double(total) * 100)
        let text = "\(layer) layer, \(share) % of \(Self.size(total))"
        let passed = time - begin.time
        guard passed >= Self.patience, count > begin.count, count < total else { return text }
        let left = passed / .seconds(1) * Double(total - count) / Double(count - begin.count)
        return text + ", \(Int(left.rounded(.up))) s left"
    }

    private static func size(_ bytes: UInt64) -> String {
        bytes < 1_000_000 ? "\(bytes) bytes" : "\((bytes + 500_000) / 1_000_000) MB"
    }
}
