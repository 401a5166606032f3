// A connection: the socket and the connection machine.
//
// A record without decisions. `NetworkLoop` moves bytes and actions between socket and machine.

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

    init(id: UInt64, stream: Stream, now: UInt64) {
        self.id = id
        self.stream = stream
        machine = ConnectionMachine(
            id: id, isOwner: stream.peerUser == geteuid(), peer: stream.peerName, now: now)
    }

    /// What the crowd asks about the connection. One system call while bytes wait for the peer,
    /// else none.
    var facts: Crowd.Facts {
        var facts = Crowd.Facts()
        facts.unsentSize = stream.pendingWriteSize
        facts.isReading = stream.isReading
        facts.idleSince = machine.idleSince
        guard facts.unsentSize > 0 else { return facts }
        facts.untakenSize = stream.untakenSize
        facts.takenSize = stream.writtenSize - facts.untakenSize
        return facts
    }
}

extension Stream {
    /// The other end, as Service tells peers apart.
    var peer: Peer {
        if let peerUser { return .user(peerUser) }
        return peerHost.map { .address($0) } ?? .unknown
    }
}
