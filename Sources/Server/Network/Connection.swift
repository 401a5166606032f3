// One connection: the socket, the decisions about it, and what is known of its output.
//
// A record without behaviour; `NetworkLoop` moves bytes and actions between the two.

import EventLoop
import Service

/// State of one connection. Loop thread only.
final class Connection {
    let id: UInt64
    let stream: Stream
    var machine: ConnectionMachine
    /// Unsent bytes when last looked at; the loop's total is the sum of these.
    var outputSize = 0
    /// Bytes of an unfinished frame when last looked at.
    var inputSize = 0
    /// While output is above the high mark: since when none of it has left.
    var stalledSince: UInt64?

    init(id: UInt64, stream: Stream) {
        self.id = id
        self.stream = stream
        machine = ConnectionMachine(id: id)
    }
}
