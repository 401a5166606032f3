// Log lines on their way to standard error: written by a thread of their own, so that a full pipe,
// a full disk or a slow terminal costs lines and never service.
//
// Guarantees:
// - `write` never blocks on the descriptor.
// - Waiting lines take at most `sizeMax` bytes. Lines beyond, lines above the rate and lines that
//   the system refuses are dropped and counted, and the count is logged with the next line.
// - A line is written whole and stays one line.

import Dispatch
import Glibc
import PlainText
import Synchronization
import Threads

/// See the head of the file. Any thread.
package final class LineSink: Sendable {
    /// Bytes of lines that wait.
    package static let sizeMax = 1 << 20
    /// Lines in a second, and at once after a pause.
    package static let rateMax = 2000

    private struct State {
        var waiting: [UInt8] = []
        /// Lines that may be taken at once. A line costs one, and each second brings `rateMax`.
        var allowance = Double(LineSink.rateMax)
        var lastTime: UInt64 = 0
        /// Dropped lines that were not told yet.
        var dropped = 0
        var isWriting = false
    }

    private let state = Mutex(State())
    private let arrived = DispatchSemaphore(value: 0)
    private let descriptor: Int32
    private let clock: @Sendable () -> UInt64

    /// Starts the thread.
    ///
    /// - Parameter clock: nanoseconds that never go back.
    package init(
        descriptor: Int32 = STDERR_FILENO,
        clock: @escaping @Sendable () -> UInt64 = { DispatchTime.now().uptimeNanoseconds }
    ) throws(ThreadRefusal) {
        (self.descriptor, self.clock) = (descriptor, clock)
        state.withLock { $0.lastTime = clock() }
        try startThread("assay-log", stackSize: 1 << 20) { [self] in run() }
    }

    /// Takes a line without its newline. Control characters are escaped.
    package func write(_ line: String) {
        let line = escaped(line, keeping: "\t")
        let now = clock()
        state.withLock { state in
            let seconds = Double(max(now, state.lastTime) - state.lastTime) / 1e9
            state.allowance = min(
                Double(Self.rateMax), state.allowance + seconds * Double(Self.rateMax))
            state.lastTime = max(now, state.lastTime)
            guard state.allowance >= 1,
                state.waiting.count + line.utf8.count < Self.sizeMax - 100
            else { return state.dropped += 1 }
            state.allowance -= 1
            tellDropped(&state)
            state.waiting += line.utf8
            state.waiting.append(UInt8(ascii: "\n"))
        }
        arrived.signal()
    }

    private func tellDropped(_ state: inout State) {
        guard state.dropped > 0 else { return }
        state.waiting += "log lines dropped: \(state.dropped)\n".utf8
        state.dropped = 0
    }

    /// Waits until all lines are written, at most `milliseconds`. Returns true when they are.
    @discardableResult
    package func flush(milliseconds: Int) -> Bool {
        let end = clock() + UInt64(milliseconds) * 1_000_000
        repeat {
            let isDone = state.withLock { state in
                tellDropped(&state)
                return state.waiting.isEmpty && !state.isWriting
            }
            if isDone { return true }
            arrived.signal()
            usleep(1000)
        } while clock() < end
        return false
    }

    private func run() {
        var lines: [UInt8] = []
        while true {
            arrived.wait()
            lines.removeAll(keepingCapacity: true)
            state.withLock { state in
                swap(&lines, &state.waiting)
                state.isWriting = !lines.isEmpty
            }
            let number = lines.withUnsafeBytes { writeAll($0, to: descriptor) }
            let lost = number == 0 ? 0 : lines.count { $0 == UInt8(ascii: "\n") }
            state.withLock { state in
                state.dropped += lost
                state.isWriting = false
            }
        }
    }
}
