// Log lines on their way to standard error: written by a thread of their own, so that a full pipe,
// a full disk or a slow terminal costs lines and never service.
//
// Guarantees:
// - `write` never blocks on the descriptor.
// - Each kind of line has a share of its own: bytes that may wait, and a rate. Lines beyond the
//   share
//   of their kind and lines that the system refuses are dropped and counted, and the counts are
//   logged with the next line. So no flood of one kind costs a line of another kind.
// - A line is written whole and stays one line.

import Dispatch
import Glibc
import PlainText
import Synchronization
import Threads

/// See the head of the file. Any thread.
package final class LineSink: Sendable {
    /// Kinds of lines, each with a share of its own.
    package enum Kind: Int, Sendable, CaseIterable {
        case ordinary
        /// A line of the audit about an attempt that changed nothing. A stranger can cause many.
        case refusal
        /// A line of the audit about a change. Never dropped by rate.
        case change
    }

    /// Bytes of ordinary lines that wait.
    package static let sizeMax = 1 << 20
    /// Bytes of audit lines that wait, for each of the two kinds.
    package static let auditSizeMax = 1 << 18
    /// Lines in a second, and at once after a pause, for each kind with a rate.
    package static let rateMax = 2000

    /// What a kind has used of its share.
    private struct Share {
        let sizeMax: Int
        let hasRate: Bool
        /// Lines and bytes that wait.
        var count = 0
        var size = 0
        /// Lines that may be taken at once. A line costs one, and each second brings `rateMax`.
        var allowance = Double(LineSink.rateMax)

        init(_ kind: Kind) {
            sizeMax = kind == .ordinary ? LineSink.sizeMax - 200 : LineSink.auditSizeMax
            hasRate = kind != .change
        }

        mutating func pass(seconds: Double) {
            let rate = Double(LineSink.rateMax)
            allowance = min(rate, allowance + seconds * rate)
        }

        /// Takes a line of `size` bytes with its newline. Returns false when the share is used up.
        mutating func take(_ size: Int) -> Bool {
            guard !hasRate || allowance >= 1, self.size + size <= sizeMax else { return false }
            if hasRate { allowance -= 1 }
            self.size += size
            count += 1
            return true
        }
    }

    private struct State {
        var waiting: [UInt8] = []
        var shares = Kind.allCases.map(Share.init)
        var lastTime: UInt64 = 0
        /// Dropped lines that were not told yet.
        var untold = Losses()
        /// Dropped lines that a waiting line tells of.
        var told = Losses()
        var isWriting = false

        /// Adds lines about the dropped lines, out of the share of ordinary lines.
        mutating func tellLosses() {
            let text = untold.text
            guard !text.isEmpty, shares[0].size + text.utf8.count <= LineSink.sizeMax else {
                return
            }
            waiting += text.utf8
            shares[0].size += text.utf8.count
            told.add(untold)
            untold = Losses()
        }

        /// Empties the shares. Returns the lines that are lost if the waiting bytes are.
        mutating func takeCounts() -> Losses {
            defer { told = Losses() }
            for kind in Kind.allCases {
                told.add(shares[kind.rawValue].count, of: kind)
                (shares[kind.rawValue].count, shares[kind.rawValue].size) = (0, 0)
            }
            return told
        }
    }

    /// Numbers of dropped lines.
    private struct Losses {
        var ordinary = 0
        var audit = 0

        mutating func add(_ count: Int, of kind: Kind) {
            if kind == .ordinary { ordinary += count } else { audit += count }
        }

        mutating func add(_ other: Losses) {
            ordinary += other.ordinary
            audit += other.audit
        }

        /// A line for each kind of loss.
        var text: String {
            (ordinary > 0 ? "log lines dropped: \(ordinary)\n" : "")
                + (audit > 0 ? "audit lines lost: \(audit)\n" : "")
        }
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
    package func write(_ line: String, as kind: Kind = .ordinary) {
        let line = escaped(line, keeping: "\t")
        let now = clock()
        state.withLock { state in
            let seconds = Double(max(now, state.lastTime) - state.lastTime) / 1e9
            for index in state.shares.indices { state.shares[index].pass(seconds: seconds) }
            state.lastTime = max(now, state.lastTime)
            guard state.shares[kind.rawValue].take(line.utf8.count + 1) else {
                return state.untold.add(1, of: kind)
            }
            state.tellLosses()
            state.waiting += line.utf8
            state.waiting.append(UInt8(ascii: "\n"))
        }
        arrived.signal()
    }

    /// Waits until all lines are written, at most `milliseconds`. Returns true when they are.
    @discardableResult
    package func flush(milliseconds: Int) -> Bool {
        let end = clock() + UInt64(milliseconds) * 1_000_000
        repeat {
            let isDone = state.withLock { state in
                state.tellLosses()
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
            var losses = state.withLock { state in
                swap(&lines, &state.waiting)
                state.isWriting = !lines.isEmpty
                return state.takeCounts()
            }
            let isLost = lines.withUnsafeBytes { writeAll($0, to: descriptor) } != 0
            if !isLost { losses = Losses() }
            state.withLock { state in
                state.untold.add(losses)
                state.isWriting = false
            }
        }
    }
}
