// The connections of a server together: the memory held for all of them, and the time each may take
// to greet and to read. Pure: sizes and the time come in, connections to end and the time of the
// next look go out.
//
// Guarantees:
// - The totals are the sums over the connections that are there.
// - A connection that owes its Hello for too long is named once.
// - A paused connection whose unsent bytes do not shrink for the allowed time is named at every
//   look until it leaves.
// Does not: end connections. The owner does, by the connection's machine.

import Wire

/// See the head of the file. A value owned by the loop thread.
package struct Crowd: Sendable {
    /// A connection to end.
    package struct Verdict: Sendable, Equatable {
        package let connection: UInt64
        /// The peer has not read for too long. Nil: the time for Hello is over.
        package let stall: ServiceError?

        package init(_ connection: UInt64, stall: ServiceError? = nil) {
            self.connection = connection
            self.stall = stall
        }
    }

    private struct Member: Sendable {
        /// Bytes of an unfinished frame.
        var inputSize = 0
        /// Bytes written that the kernel has not taken.
        var outputSize = 0
        /// Start of the time without a byte taken, while the connection is paused.
        var stalledSince: UInt64?
    }

    /// Interval between two looks, in microseconds.
    static let lookMicroseconds: UInt64 = 50_000

    private let limits: ServiceLimits
    private var members: [UInt64: Member] = [:]
    /// Connections that may owe a Hello, oldest first.
    private var greeting: [(id: UInt64, deadline: UInt64)] = []
    private var stalled: Set<UInt64> = []
    /// Time before which nobody looks again.
    private var restUntil: UInt64 = 0
    /// Bytes of unfinished frames over all connections.
    package private(set) var inputTotal = 0
    /// Bytes that wait for all peers.
    package private(set) var outputTotal = 0

    package init(limits: ServiceLimits) { self.limits = limits }

    /// True when one more connection may join.
    package var hasRoom: Bool { members.count < limits.connectionsMax }

    package mutating func join(_ id: UInt64, now: UInt64) {
        precondition(members[id] == nil, "connection \(id) joins twice")
        members[id] = Member()
        greeting.append((id, now + limits.helloTimeoutMicroseconds))
    }

    package mutating func leave(_ id: UInt64) {
        guard let member = members.removeValue(forKey: id) else {
            preconditionFailure("connection \(id) leaves without having joined")
        }
        inputTotal -= member.inputSize
        outputTotal -= member.outputSize
        stalled.remove(id)
        precondition(inputTotal >= 0 && outputTotal >= 0, "a total below the sum of its parts")
    }

    // MARK: - Memory

    /// True while unsent bytes of the connection are part of the total.
    package func countsOutput(of id: UInt64) -> Bool {
        members[id].map { $0.outputSize > 0 } ?? false
    }

    /// Notes the size of a connection's unfinished frame. Returns the error that ends this
    /// connection, or nil.
    package mutating func inputChanged(_ id: UInt64, size: Int) -> ServiceError? {
        // Most connections hold nothing before and after a read.
        guard size > 0 || inputTotal > 0 else { return nil }
        guard let before = members[id]?.inputSize else {
            preconditionFailure("connection \(id) holds \(size) bytes and has not joined")
        }
        guard size != before else { return nil }
        inputTotal += size - before
        members[id]?.inputSize = size
        guard inputTotal > limits.inputTotalMax, size > before else { return nil }
        return ServiceError(
            .resourceExhausted, .overloaded,
            "keeping the beginning of a frame: \(inputTotal) bytes of unfinished frames are kept, "
                + "allowed: \(limits.inputTotalMax)", retryAfterMilliseconds: 1000)
    }

    /// Notes the size of a connection's unsent bytes. Returns the error that ends this connection,
    /// or nil.
    ///
    /// - Parameter pauses: true when the connection's machine pauses because of `size`, false when
    ///   it resumes, nil when it does neither.
    package mutating func outputChanged(
        _ id: UInt64, size: Int, pauses: Bool?, now: UInt64
    ) -> ServiceError? {
        guard let before = members[id]?.outputSize else {
            preconditionFailure("connection \(id) has \(size) unsent bytes and has not joined")
        }
        outputTotal += size - before
        members[id]?.outputSize = size
        if let pauses {
            members[id]?.stalledSince = pauses ? now : nil
            if stalled.isEmpty { restUntil = max(restUntil, now + Self.lookMicroseconds) }
            if pauses { stalled.insert(id) } else { stalled.remove(id) }
        }
        guard outputTotal > limits.outputTotalMax, size > limits.outputLowSize else { return nil }
        return stallError("\(outputTotal) bytes wait for all peers")
    }

    // MARK: - Time

    /// Time of the next look, or nil when no connection needs one. Deadlines that pass within an
    /// interval share a look.
    package var nextLook: UInt64? {
        guard stalled.isEmpty else { return restUntil }
        return greeting.first.map { max($0.deadline, restUntil) }
    }

    /// Returns the connections to end at `now`, in order.
    ///
    /// - Parameter unsent: unsent bytes of a connection, as they are now.
    package mutating func look(now: UInt64, unsent: (_ id: UInt64) -> Int) -> [Verdict] {
        let passed = greeting.prefix { $0.deadline <= now || members[$0.id] == nil }
        let overdue = passed.filter { members[$0.id] != nil }.map { Verdict($0.id) }
        greeting.removeFirst(passed.count)
        restUntil = now + Self.lookMicroseconds
        return overdue + stalled.sorted().compactMap { id in lookAtStalled(id, unsent(id), now) }
    }

    private mutating func lookAtStalled(_ id: UInt64, _ size: Int, _ now: UInt64) -> Verdict? {
        guard let member = members[id], let since = member.stalledSince else {
            preconditionFailure("connection \(id) is stalled without being there and paused")
        }
        if size < member.outputSize {
            outputTotal += size - member.outputSize
            members[id]?.outputSize = size
            members[id]?.stalledSince = now
            return nil
        }
        guard now - since > limits.writeStallMicroseconds else { return nil }
        return Verdict(
            id, stall: stallError("\(size) bytes, none taken for \((now - since) / 1000) ms"))
    }

    private func stallError(_ found: String) -> ServiceError {
        ServiceError(
            .resourceExhausted, .writeStalled, "sending to a peer that does not read: \(found)")
    }
}
