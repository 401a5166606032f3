// Bytes of answers between the threads that compute and the sockets, by connection. Who computes
// asks before computing, so that a peer that does not read stops its own requests and nobody
// else's.
//
//      engine, texts ── sent ──▶ [ loop inbox | stream ] ── taken ──▶ kernel
//                                 a window per connection
//
// Guarantees: a closed window opens when the kernel has taken enough, and whoever waits is woken.
// A sender with an open window may overstep it once, by the answers of a step. Any thread.

import Service
import Synchronization

/// See the head of the file.
package final class OutputWindows: Sendable {
    private struct State: Sendable {
        var waiting: [UInt64: Int] = [:]
        var closed: Set<UInt64> = []
        var total = 0
    }

    private let limits: ServiceLimits
    private let state = Mutex(State())

    package init(limits: ServiceLimits) { self.limits = limits }

    /// Connections that get nothing more for now.
    package var closed: Set<UInt64> { state.withLock { $0.closed } }

    /// Opens the window of a new connection.
    package func add(_ connection: UInt64) { state.withLock { $0.waiting[connection] = 0 } }

    /// Counts bytes on their way to a connection. Does nothing when the connection is gone.
    package func send(_ size: Int, to connection: UInt64) {
        guard size > 0 else { return }
        state.withLock { state in
            guard let before = state.waiting[connection] else { return }
            let waiting = before + size
            state.total += size
            state.waiting[connection] = waiting
            if waiting > limits.outputHighSize || isCrowded(state.total, waiting) {
                state.closed.insert(connection)
            }
        }
    }

    /// Counts bytes that have left.
    ///
    /// - Returns: true when a window opened.
    package func take(_ size: Int, of connection: UInt64) -> Bool {
        guard size > 0 else { return false }
        return state.withLock { state in
            guard let waiting = state.waiting[connection] else { return false }
            let rest = waiting - size
            precondition(rest >= 0, "connection \(connection) took more than was sent to it")
            state.total -= size
            state.waiting[connection] = rest
            guard rest <= limits.outputLowSize, !isCrowded(state.total, rest) else { return false }
            return state.closed.remove(connection) != nil
        }
    }

    /// Forgets a connection that is gone.
    package func remove(_ connection: UInt64) {
        state.withLock { state in
            state.total -= state.waiting.removeValue(forKey: connection) ?? 0
            state.closed.remove(connection)
        }
    }

    /// True when all windows together hold so much that a connection has to take everything first.
    private func isCrowded(_ total: Int, _ waiting: Int) -> Bool {
        waiting > 0 && total > limits.outputTotalMax / 2
    }
}
