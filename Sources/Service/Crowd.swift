// The connections of a server together: the room for one more, the memory held for all of them, and
// the time each may take to greet, to send, to read and to be idle. Pure: sizes and the time come
// in, connections to end and the time of the next look go out.
//
// Guarantees:
// - The totals are the sums over the connections that are there.
// - No event costs more for more connections. Whatever needs a walk over connections waits for a
//   look, and looks are 50 ms apart.
// - A connection that owes its Hello for too long, or whose peer has finished, is named once. Any
//   other connection to end is named at every look until it leaves.
// Does not: end connections. The owner does, by the connection's machine.
//
// Here: who is there, and memory. Crowd+Time.swift: looks. Crowd+Room.swift: newcomers.

import Wire

/// See the head of the file. A value owned by the loop thread.
package struct Crowd: Sendable {
    /// What only the owner knows about a connection, as it is now.
    package struct Facts: Sendable, Equatable {
        /// Bytes of memory that hold output for the peer.
        package var unsentSize = 0
        /// Bytes written and not taken by the peer, those inside the kernel included.
        package var untakenSize = 0
        /// Bytes that the peer has taken since its connect.
        package var takenSize = 0
        /// False while the server itself does not read from the connection.
        package var isReading = true
        /// Beginning of the idle time of the connection's machine. Nil for a busy machine.
        package var idleSince: UInt64?

        package init() {}
    }

    struct Member: Sendable {
        let peer: Peer
        /// Bytes kept for an unfinished frame.
        var inputSize = 0
        /// Bytes written that the kernel has not taken.
        var outputSize = 0
        /// The unfinished frame, if there is one.
        var frame: FrameProgress?
        /// The taking of output, from the first look at waiting bytes on.
        var taking: TakeProgress?
        /// True when the connection was told to make room.
        var isReplaced = false
    }

    /// An unfinished frame. `size` are the bytes of the frame so far.
    struct FrameProgress: Sendable {
        var size: Int
        var since: UInt64
        var meter: RateMeter
    }

    /// `waiting` are the bytes that waited for the peer when the window of the meter began.
    struct TakeProgress: Sendable {
        var waiting: Int
        var meter: RateMeter
    }

    let limits: ServiceLimits
    var members: [UInt64: Member] = [:]
    /// Connections by peer.
    var peerCounts: [Peer: Int] = [:]
    var replacedCount = 0
    /// Idle connections whose place a newcomer may take, longest idle last. See Crowd+Room.swift.
    var replaceable: [(id: UInt64, since: UInt64)] = []
    /// Time before which nobody looks for replaceable connections again.
    var replaceableRestUntil: UInt64 = 0
    /// Connections that may owe a Hello, oldest first.
    var greeting: [(id: UInt64, deadline: UInt64)] = []
    /// Connections whose peer has finished, oldest first.
    var finishing: [(id: UInt64, deadline: UInt64)] = []
    /// Connections with an unfinished frame.
    var receiving: Set<UInt64> = []
    /// Connections with unsent bytes.
    var sending: Set<UInt64> = []
    /// Time of the next look at rates, while something is receiving or sending.
    var nextRateLook: UInt64?
    /// Time of the next look at idle connections.
    var nextIdleLook: UInt64?
    /// Time before which nobody looks again.
    var restUntil: UInt64 = 0
    /// Bytes kept for unfinished frames over all connections.
    package private(set) var inputTotal = 0
    /// Bytes that wait for all peers.
    package private(set) var outputTotal = 0

    package init(limits: ServiceLimits) { self.limits = limits }

    package mutating func join(_ id: UInt64, peer: Peer = .unknown, now: UInt64) {
        precondition(members[id] == nil, "connection \(id) joins twice")
        members[id] = Member(peer: peer)
        peerCounts[peer, default: 0] += 1
        greeting.append((id, now + limits.helloTimeoutMicroseconds))
        if nextIdleLook == nil { nextIdleLook = now + limits.idleTimeoutMicroseconds }
    }

    package mutating func leave(_ id: UInt64) {
        guard let member = members.removeValue(forKey: id) else {
            preconditionFailure("connection \(id) leaves without having joined")
        }
        inputTotal -= member.inputSize
        outputTotal -= member.outputSize
        receiving.remove(id)
        sending.remove(id)
        if member.isReplaced { replacedCount -= 1 }
        let count = peerCounts[member.peer, default: 0] - 1
        peerCounts[member.peer] = count > 0 ? count : nil
        precondition(
            inputTotal >= 0 && outputTotal >= 0 && count >= 0 && replacedCount >= 0,
            "a total below the sum of its parts")
        if members.isEmpty { nextIdleLook = nil }
    }

    // MARK: - Memory

    /// True while unsent bytes of the connection are part of the total.
    package func countsOutput(of id: UInt64) -> Bool {
        members[id].map { $0.outputSize > 0 } ?? false
    }

    /// Notes what a connection keeps after a read. Returns the error that ends this connection, or
    /// nil.
    ///
    /// - Parameters:
    ///   - kept: bytes of memory for an unfinished frame.
    ///   - frame: bytes of the unfinished frame so far, 0 for none.
    ///   - begins: true when the unfinished frame began with this read.
    package mutating func inputChanged(
        _ id: UInt64, kept: Int, frame: Int, begins: Bool, now: UInt64
    ) -> ServiceError? {
        // Most connections hold nothing before and after a read.
        guard kept > 0 || inputTotal > 0 else { return nil }
        guard let before = members[id]?.inputSize else {
            preconditionFailure("connection \(id) holds \(kept) bytes and has not joined")
        }
        guard kept > 0 || before > 0 else { return nil }
        note(frame: frame, begins: begins, of: id, now: now)
        inputTotal += kept - before
        members[id]?.inputSize = kept
        guard inputTotal > limits.inputTotalMax, kept > before else { return nil }
        return ServiceError(
            .resourceExhausted, .overloaded,
            "keeping the beginning of a frame: \(inputTotal) bytes of unfinished frames are kept, "
                + "allowed: \(limits.inputTotalMax)", retryAfterMilliseconds: 1000)
    }

    private mutating func note(frame: Int, begins: Bool, of id: UInt64, now: UInt64) {
        guard frame > 0 else {
            members[id]?.frame = nil
            receiving.remove(id)
            return
        }
        if begins || members[id]?.frame == nil {
            members[id]?.frame = FrameProgress(
                size: frame, since: now, meter: RateMeter(count: 0, now: now))
            receiving.insert(id)
            lookAtRates(now: now)
        } else {
            members[id]?.frame?.size = frame
        }
    }

    /// Notes the size of a connection's unsent bytes. Returns the error that ends this connection,
    /// or nil.
    package mutating func outputChanged(_ id: UInt64, size: Int, now: UInt64) -> ServiceError? {
        setOutput(size, of: id)
        if size > 0 { lookAtRates(now: now) }
        guard outputTotal > limits.outputTotalMax, size > outputShare else { return nil }
        return stallError("\(outputTotal) bytes wait for all peers")
    }

    /// Unsent bytes that a connection may have in a full total. Small answers of good readers still
    /// leave, and the total stays below twice its bound.
    private var outputShare: Int {
        min(limits.outputLowSize, limits.outputTotalMax / max(1, members.count))
    }

    mutating func setOutput(_ size: Int, of id: UInt64) {
        guard let before = members[id]?.outputSize else {
            preconditionFailure("connection \(id) has \(size) unsent bytes and has not joined")
        }
        outputTotal += size - before
        members[id]?.outputSize = size
        if size > 0 {
            sending.insert(id)
        } else if before > 0 {
            sending.remove(id)
            members[id]?.taking = nil
        }
    }

    func stallError(_ found: String) -> ServiceError {
        ServiceError(
            .resourceExhausted, .writeStalled, "sending to a peer that does not read: \(found)")
    }
}
