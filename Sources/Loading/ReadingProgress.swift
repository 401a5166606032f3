// How much of a model's files has been read, told a few times a second.
//
// Guarantees: the first piece and the last one are told, and between them at most ten a second.
// Counts never fall.
// Does not: read. The observer of the placement counts what it sees.

import ModelFiles
import Synchronization

/// Bytes of a model's files.
public struct BytesRead: Sendable, Equatable {
    /// Bytes read so far.
    public let count: Int
    /// Bytes of all files.
    public let total: Int

    package init(count: Int, total: Int) { (self.count, self.total) = (count, total) }

    /// 0 to 100, and 100 only when all is read.
    public var percentage: Int { total == 0 ? 100 : Int(Double(count) / Double(total) * 100) }
}

/// Counts bytes and tells of them. Any thread.
final class ReadingProgress: Sendable {
    /// Time between two reports.
    static let pause = Duration.milliseconds(100)

    private struct State {
        var count = 0
        var next: Duration = .zero
    }

    private let total: Int
    private let time: TimeSource
    private let tell: @Sendable (BytesRead) -> Void
    private let state = Mutex(State())

    /// - Parameter tell: called on the thread that counts, for one piece after the other.
    init(
        of files: ModelFileSet, _ time: TimeSource, _ tell: @escaping @Sendable (BytesRead) -> Void
    ) {
        (total, self.time, self.tell) = (files.size, time, tell)
    }

    /// Adds a piece of `count` bytes.
    func read(_ count: Int) {
        let now = time.now()
        let told: BytesRead? = state.withLock { state in
            state.count += count
            guard state.count == total || now >= state.next else { return nil }
            state.next = now + Self.pause
            return BytesRead(count: state.count, total: total)
        }
        if let told { tell(told) }
    }
}
