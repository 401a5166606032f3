// The words for a load in progress: the running layer, its share of the bytes, and the time left.

import Loading
import PlainText
import Synchronization

/// Estimates the rest of a load from what has been read so far. Any thread.
final class ReadingEstimate: Sendable {
    /// Time before an estimate is worth its words.
    private static let patience = Duration.milliseconds(500)

    private struct Start {
        let layer: String
        let time: Duration
        let count: Int
    }

    private let start = Mutex<Start?>(nil)

    /// Returns the words for `layer`, which has read `bytes` at `time`.
    func words(layer: String, _ bytes: BytesRead, time: Duration) -> String {
        let (count, total) = (bytes.count, bytes.total)
        let begin = start.withLock { start in
            // Another layer and a further attempt have a speed of their own.
            if let start, start.layer == layer, start.count <= count { return start }
            let new = Start(layer: layer, time: time, count: count)
            start = new
            return new
        }
        let size = Quantity.bytes(UInt64(total))
        let text = "\(layer) layer, \(bytes.percentage) % of \(size)"
        let passed = time - begin.time
        guard passed >= Self.patience, count > begin.count, count < total else { return text }
        let left = passed / .seconds(1) * Double(total - count) / Double(count - begin.count)
        return text + ", \(Int(left.rounded(.up))) s left"
    }
}
