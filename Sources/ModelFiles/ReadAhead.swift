// Asks the system for the bytes in front of a reader, on a thread of its own.
//
// A reader that packs what it reads leaves the disk idle meanwhile, and the system itself looks a
// few hundred KiB ahead at most. Asking may block while the disk's queue is full, so the reader
// does not ask.
// Guarantees: at most `windowSize` bytes are asked for in front of the reader. The thread ends with
// `stop` at the latest. Small files have no thread.
// Does not: read, keep or map bytes. Bytes that are in the page cache already cost next to nothing.

import Dispatch
import Synchronization
import Threads

/// The part of the files that has been asked for. Any thread.
package final class ReadAhead: Sendable {
    /// Asks for bytes of a file. Called on the thread of the read-ahead.
    package typealias Advise = @Sendable (_ file: Int, _ range: Range<Int>) -> Void

    /// Bytes in front of the reader.
    package static let windowSize = 64 << 20
    /// Bytes of a request.
    package static let stepSize = 8 << 20
    /// Bytes of files below which the system's own read-ahead does.
    package static let sizeMin = 32 << 20

    private struct State {
        /// Byte that the reader reads, counted over all files.
        var reached = 0
        var isStopped = false
    }

    private let state = Mutex(State())
    private let moved = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Begins with the first byte of `files`. Nil for small files, and when the system has no
    /// thread.
    convenience init?(_ files: [ModelFile]) {
        self.init(sizes: files.map(\.size)) { files[$0].willRead($1) }
    }

    /// Begins with the first byte of files of `sizes` bytes.
    package init?(sizes: [Int], _ advise: @escaping Advise) {
        guard sizes.reduce(0, +) >= Self.sizeMin else { return nil }
        do throws(ThreadRefusal) {
            try startThread("assay-ahead") { [self] in
                run(sizes, advise)
                ended.signal()
            }
        } catch {
            return nil
        }
    }

    /// Notes that the reader has come to `position`, counted over all files.
    package func reach(_ position: Int) {
        state.withLock { $0.reached = position }
        moved.signal()
    }

    /// Ends the thread, and waits for a request that is on its way.
    package func stop() {
        state.withLock { $0.isStopped = true }
        moved.signal()
        ended.wait()
    }

    private func run(_ sizes: [Int], _ advise: Advise) {
        var before = 0
        for (file, size) in sizes.enumerated() {
            for start in stride(from: 0, to: size, by: Self.stepSize) {
                let end = min(size, start + Self.stepSize)
                guard let reached = wait(for: before + end) else { return }
                // The reader has passed what it did not wait for.
                if before + end > reached { advise(file, start..<end) }
            }
            before += size
        }
    }

    /// Waits until `end` lies in the window. Returns the reader's position, or nil after `stop`.
    private func wait(for end: Int) -> Int? {
        while true {
            let (reached, isStopped) = state.withLock { ($0.reached, $0.isStopped) }
            if isStopped { return nil }
            if end <= reached + Self.windowSize { return reached }
            moved.wait()
        }
    }
}
