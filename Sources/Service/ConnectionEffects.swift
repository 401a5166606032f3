// Actions that a connection machine wants: bytes to send, work to start, cancel or pause, an
// ending.
//
// A single value serves all connections of a loop in turn. Its arrays keep their room, so an answer
// made on the loop thread costs no allocation. The order of actions: send, start work, cancel,
// pause, reading, ending.

import Wire

/// Actions of a call of `ConnectionMachine`. The owner carries them out and calls `reset()`.
package struct ConnectionEffects {
    package enum Ending: Sendable, Equatable {
        /// Send waiting output, then close.
        case afterFlush
        /// Close now, because no peer is there to read.
        case now
    }

    /// Frames to send, in order.
    package var output = FrameEncoder(capacity: 4096)
    /// Work to hand over.
    package var work: [Work] = []
    /// Tickets to cancel.
    package var cancelled: [UInt64] = []
    /// True to read from the socket, false to stop, nil for no change.
    package var reading: Bool?
    package private(set) var ending: Ending?
    /// Reason the connection ends, for the log. Nil without an ending.
    package private(set) var endingReason: ServiceError?

    package init() {}

    /// Protocol of a peer that speaks another one than ours, with an ending. No frame is sent.
    package internal(set) var stranger: String?

    /// Asks for the end of the connection. A later call changes the ending and keeps the reason,
    /// unless the call has a reason of its own.
    mutating func end(_ ending: Ending, _ reason: ServiceError? = nil) {
        self.ending = ending
        if let reason { endingReason = reason }
    }

    /// Forgets every action, and touches only what the last call used.
    package mutating func reset() {
        if output.count > 0 { output.removeAll() }
        if !work.isEmpty { work.removeAll(keepingCapacity: true) }
        if !cancelled.isEmpty { cancelled.removeAll(keepingCapacity: true) }
        reading = nil
        if ending != nil { (ending, endingReason, stranger) = (nil, nil, nil) }
    }
}
