// What a connection machine wants done: bytes to send, work to start, cancel or pause, an ending.
//
// One value serves all connections of a loop in turn; its arrays keep their room, so that an
// answer made on the loop thread costs no allocation. The order of carrying out: send, start
// work, cancel, pause, reading, ending.

import Wire

/// Actions of one call of a `ConnectionMachine`. The owner carries them out and calls `reset()`.
package struct ConnectionEffects {
    package enum Ending: Sendable, Equatable {
        /// Send what is waiting, then close.
        case afterFlush
        /// Close now; nobody is there to read.
        case now
    }

    /// Frames to send, in order.
    package var output = FrameEncoder(capacity: 4096)
    /// Work to hand over.
    package var work: [Work] = []
    /// Tickets to cancel.
    package var cancelled: [UInt64] = []
    /// Tickets to leave out of steps, or to take in again.
    package var paused: [(ticket: UInt64, isPaused: Bool)] = []
    /// Whether to read on; nil leaves it as it is.
    package var reading: Bool?
    package var ending: Ending?
    /// Why the connection ends, for the log.
    package var endingReason: ServiceError?

    package init() {}

    package mutating func reset() {
        output.removeAll()
        if !work.isEmpty { work.removeAll(keepingCapacity: true) }
        if !cancelled.isEmpty { cancelled.removeAll(keepingCapacity: true) }
        if !paused.isEmpty { paused.removeAll(keepingCapacity: true) }
        reading = nil
        ending = nil
        endingReason = nil
    }
}
