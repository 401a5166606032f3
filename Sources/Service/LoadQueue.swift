// Loads that run, and loads that wait for their turn. Pure.
//
// Guarantees:
// - At most `loadsMax` loads run. Loads beyond wait, at most `loadsWaitingMax` of all connections
//   and
//   `loadsWaitingPerConnectionMax` of one.
// - A free place goes to the connections in turn, and within a connection to the oldest load.
// - A load leaves the queue once: to run, or removed.
// Does not: run loads or know models. The owner does.

import Wire

/// See the head of the file. A value owned by the loop thread.
package struct LoadQueue: Sendable {
    private let limits: ServiceLimits
    /// Tickets of loads that run.
    private var running: Set<UInt64> = []
    /// Waiting loads by connection, oldest first. No list is empty.
    private var waiting: [UInt64: [Work]] = [:]
    /// Connections with waiting loads, the next first.
    private var turns: [UInt64] = []
    /// Loads that wait.
    package private(set) var waitingCount = 0

    package init(limits: ServiceLimits) { self.limits = limits }

    /// Loads that run.
    package var runningCount: Int { running.count }

    /// Throws when one more load of `connection` has neither a place nor room to wait.
    ///
    /// - Parameter abandonedCount: given-up loads whose threads have not come back. They count at a
    ///   higher bound, because they stay while a file system hangs.
    func checkRoom(for connection: UInt64, abandonedCount: Int) throws(ServiceError) {
        let own = waiting[connection]?.count ?? 0
        let waits = !hasPlace(abandonedCount) || waitingCount > 0
        let isFull =
            waitingCount >= limits.loadsWaitingMax || own >= limits.loadsWaitingPerConnectionMax
        guard waits && isFull || threadsAreUsedUp(abandonedCount) else { return }
        throw ServiceError(
            .resourceExhausted, .loadsExceeded,
            "starting a load: \(running.count) are running, \(waitingCount) are waiting (\(own) of "
                + "this connection) and \(abandonedCount) have not come back, allowed: "
                + "\(limits.loadsMax) running and \(limits.loadsWaitingMax) waiting "
                + "(\(limits.loadsWaitingPerConnectionMax) of a connection)",
            retryAfterMilliseconds: 1000)
    }

    private func hasPlace(_ abandonedCount: Int) -> Bool {
        running.count < limits.loadsMax && !threadsAreUsedUp(abandonedCount)
    }

    private func threadsAreUsedUp(_ abandonedCount: Int) -> Bool {
        running.count + abandonedCount >= limits.loadsMax * 4
    }

    /// Appends a load to the loads of its connection.
    mutating func add(_ work: Work) {
        waitingCount += 1
        if waiting[work.connection] == nil { turns.append(work.connection) }
        waiting[work.connection, default: []].append(work)
    }

    /// Returns the next load to run, or nil while no place is free or no load waits.
    mutating func next(abandonedCount: Int) -> Work? {
        guard hasPlace(abandonedCount), !turns.isEmpty else { return nil }
        let connection = turns.removeFirst()
        guard var own = waiting.removeValue(forKey: connection) else {
            preconditionFailure("connection \(connection) has a turn and no load")
        }
        let work = own.removeFirst()
        if !own.isEmpty {
            waiting[connection] = own
            turns.append(connection)
        }
        waitingCount -= 1
        running.insert(work.ticket)
        return work
    }

    /// Notes a load that runs without having waited: a load of the server's start.
    package mutating func begin(_ ticket: UInt64) { running.insert(ticket) }

    /// Notes the end of a load. Does nothing for any other ticket.
    mutating func end(_ ticket: UInt64) { running.remove(ticket) }

    /// Removes a waiting load. Returns nil when `ticket` is no waiting load.
    mutating func remove(_ ticket: UInt64) -> Work? {
        for (connection, own) in waiting {
            guard let index = own.firstIndex(where: { $0.ticket == ticket }) else { continue }
            waitingCount -= 1
            if own.count == 1 {
                waiting[connection] = nil
                turns.removeAll { $0 == connection }
            } else {
                waiting[connection]?.remove(at: index)
            }
            return own[index]
        }
        return nil
    }

    /// Removes all waiting loads, in order of their tickets.
    mutating func removeAll() -> [Work] {
        defer { (waiting, turns, waitingCount) = ([:], [], 0) }
        return waiting.values.joined().sorted { $0.ticket < $1.ticket }
    }
}
