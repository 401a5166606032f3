// A connection: the socket and the connection machine.
//
// A record without behaviour. `NetworkLoop` moves bytes and actions between socket and machine.

import EventLoop
import Glibc
import Service

/// State of a connection. Loop thread only.
final class ClientConnection {
    let id: UInt64
    let stream: Stream
    var machine: ConnectionMachine
    /// Bytes of answers that were written and still count as waiting for the peer.
    var unsettledSize = 0

    init(id: UInt64, stream: Stream) {
        self.id = id
        self.stream = stream
        machine = ConnectionMachine(
            id: id, isOwner: stream.peerUser == geteuid(), peer: stream.peerName)
    }
}
