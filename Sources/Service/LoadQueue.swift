// Loads that run, and loads that wait for their turn. Pure.
//
// Guarantees:
// - At most `loadsMax` loads run. Loads beyond wait, at most `loadsWaitingMax` of all connections
//   and `loadsWaitingPerConnectionMax` of one.
// - A free place goes to the connections in turn, and within a connection to the oldest load.
// - A load leaves the queue once: to run, or removed.
// Does not: run loads or know models. The owner does.

import Wire

/// See the head of the file. A value owned by the loop thread.
package struct LoadQueue: Sendable {
    private let limits: ServiceLimits
    /// Tickets of loads that run.
    private var running: Set<UInt64> = []
    private var waiting = TurnQueue<Work>()

    package init(limits: ServiceLimits) { self.limits = limits }

    /// Loads that run.
    package var runningCount: Int { running.count }
    /// Loads that wait.
    package var waitingCount: Int { waiting.count }

    /// Throws when one more load of `connection` has neither a place nor room to wait.
    ///
    /// - Parameter abandonedCount: given-up loads whose threads have not come back. They count at a
    ///   higher bound, because they stay while a file system hangs.
    func checkRoom(for connection: UInt64, abandonedCount: Int) throws(ServiceError) {
        let own = waiting.count(of: connection)
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
    mutating func add(_ work: Work) { waiting.add(work, of: work.connection) }

    /// Returns the next load to run, or nil while no place is free or no load waits.
    mutating func next(abandonedCount: Int) -> Work? {
        guard hasPlace(abandonedCount), let work = waiting.next() else { return nil }
        running.insert(work.ticket)
        return work
    }

    /// Notes a load that runs without having waited: a load of the server's start.
    package mutating func begin(_ ticket: UInt64) { running.insert(ticket) }

    /// Notes the end of a load. Does nothing for any other ticket.
    mutating func end(_ ticket: UInt64) { running.remove(ticket) }

    /// Removes a waiting load. Returns nil when `ticket` is no waiting load.
    mutating func remove(_ ticket: UInt64) -> Work? { waiting.remove { $0.ticket == ticket } }

    /// Removes all waiting loads, in order of their tickets.
    mutating func removeAll() -> [Work] {
        var all: [Work] = []
        while let work = waiting.next() { all.append(work) }
        return all.sorted { $0.ticket < $1.ticket }
    }
}
