// Looks at the crowd: who owes a Hello, whose frame comes too slowly, who does not read, who is
// idle, whose peer has finished.
//
// Deadlines of the same length are lists in order of time. Rates and idle times need a walk over
// the connections concerned, which looks at intervals keep cheap: rates twenty times a window, idle
// times not before the longest idle connection can be due.

extension Crowd {
    /// A connection to end.
    package struct Verdict: Sendable, Equatable {
        package enum Cause: Sendable, Equatable {
            /// The time for Hello is over.
            case helloTimeout
            /// The peer does not read, and would not read a GoAway.
            case stalled(ServiceError)
            /// A frame that has begun is not whole in time.
            case slowFrame(ServiceError)
            /// Nothing happened for long. The error is for the log.
            case idle(ServiceError)
            /// The time for work after the end of the peer's bytes is over.
            case finished
        }

        package let connection: UInt64
        package let cause: Cause

        package init(_ connection: UInt64, _ cause: Cause) {
            (self.connection, self.cause) = (connection, cause)
        }
    }

    /// Shortest interval between two looks, in microseconds.
    static let lookMicroseconds: UInt64 = 50_000

    /// Time of the next look, or nil when no connection needs one. Deadlines that pass within an
    /// interval share a look.
    package var nextLook: UInt64? {
        // Asked after every read, so no array is made.
        var next = min(nextIdleLook ?? .max, nextRateLook ?? .max)
        if let first = greeting.first { next = min(next, first.deadline) }
        if let first = finishing.first { next = min(next, first.deadline) }
        return next == .max ? nil : max(next, restUntil)
    }

    /// Notes that the peer of a connection with work in flight has finished.
    package mutating func peerFinished(_ id: UInt64, now: UInt64) {
        precondition(members[id] != nil, "connection \(id) finishes and has not joined")
        finishing.append((id, now + limits.peerFinishedMicroseconds))
    }

    /// Returns the connections to end at `now`, in order.
    package mutating func look(now: UInt64, facts: (_ id: UInt64) -> Facts) -> [Verdict] {
        restUntil = now + Self.lookMicroseconds
        var verdicts = takeOverdue(\.greeting, now).map { Verdict($0, .helloTimeout) }
        verdicts += takeOverdue(\.finishing, now).map { Verdict($0, .finished) }
        if let next = nextRateLook, next <= now {
            nextRateLook = nil
            verdicts += receiving.sorted().compactMap { lookAtFrame($0, facts($0), now) }
            verdicts += sending.sorted().compactMap { lookAtOutput($0, facts($0), now) }
            lookAtRates(now: now)
        }
        if let next = nextIdleLook, next <= now { verdicts += lookAtIdle(now, facts) }
        return verdicts
    }

    /// Removes the passed deadlines from a list. Returns the connections that are still there.
    private mutating func takeOverdue(
        _ list: WritableKeyPath<Crowd, [(id: UInt64, deadline: UInt64)]>, _ now: UInt64
    ) -> [UInt64] {
        let passed = self[keyPath: list].prefix { $0.deadline <= now || members[$0.id] == nil }
        let overdue = passed.map(\.id).filter { members[$0] != nil }
        self[keyPath: list].removeFirst(passed.count)
        return overdue
    }

    // MARK: - Rates

    /// Makes sure that somebody looks at rates while there are any.
    mutating func lookAtRates(now: UInt64) {
        guard nextRateLook == nil, !receiving.isEmpty || !sending.isEmpty else { return }
        let shortest = min(limits.rateWindowMicroseconds, limits.frameTimeoutMicroseconds)
        nextRateLook = now + max(shortest / 20, Self.lookMicroseconds)
    }

    private mutating func lookAtFrame(_ id: UInt64, _ facts: Facts, _ now: UInt64) -> Verdict? {
        guard var frame = members[id]?.frame else {
            preconditionFailure("connection \(id) receives no frame")
        }
        defer { members[id]?.frame = frame }
        guard facts.isReading else {
            // The peer cannot send while the server does not read.
            frame.since = now
            frame.meter = RateMeter(count: frame.size, now: now)
            return nil
        }
        let shortfall = frame.meter.look(
            count: frame.size, least: leastCount(limits.inputRateMin),
            window: limits.rateWindowMicroseconds, now: now)
        if let shortfall {
            return slowFrame(
                id,
                "found \(shortfall.bytes) bytes in \(shortfall.microseconds / 1000) ms, allowed: "
                    + "\(limits.inputRateMin) a second")
        }
        guard now - frame.since >= limits.frameTimeoutMicroseconds else { return nil }
        return slowFrame(
            id,
            "found \(frame.size) bytes of it after \((now - frame.since) / 1000) ms, allowed: "
                + "\(limits.frameTimeoutMicroseconds / 1000) ms for the whole")
    }

    private func slowFrame(_ id: UInt64, _ found: String) -> Verdict {
        let error = ServiceError(
            .deadlineExceeded, .frameTimeout, "waiting for the rest of a frame: \(found)")
        return Verdict(id, .slowFrame(error))
    }

    private mutating func lookAtOutput(_ id: UInt64, _ facts: Facts, _ now: UInt64) -> Verdict? {
        setOutput(facts.unsentSize, of: id)
        guard facts.unsentSize > 0 else { return nil }
        var taking =
            members[id]?.taking
            ?? TakeProgress(
                waiting: facts.untakenSize, meter: RateMeter(count: facts.takenSize, now: now))
        defer { members[id]?.taking = taking }
        let begun = taking.meter.since
        // Whoever takes all that waited is fast enough, however little waited.
        let shortfall = taking.meter.look(
            count: facts.takenSize, least: min(leastCount(limits.outputRateMin), taking.waiting),
            window: limits.rateWindowMicroseconds, now: now)
        if taking.meter.since != begun { taking.waiting = facts.untakenSize }
        return shortfall.map { short in
            let found =
                "\(facts.unsentSize) bytes wait, \(max(0, short.bytes)) taken in "
                + "\(short.microseconds / 1000) ms, allowed: \(limits.outputRateMin) a second"
            return Verdict(id, .stalled(stallError(found)))
        }
    }

    /// Bytes of a window at `rate` bytes a second.
    private func leastCount(_ rate: Int) -> Int {
        Int(UInt64(rate) * limits.rateWindowMicroseconds / 1_000_000)
    }

    // MARK: - Idle connections

    private mutating func lookAtIdle(
        _ now: UInt64, _ facts: (_ id: UInt64) -> Facts
    ) -> [Verdict] {
        var oldest = now
        var due: [Verdict] = []
        for (id, member) in members where !member.isReplaced {
            guard let since = idleSince(id, facts) else { continue }
            let idle = now - min(now, since)
            if idle >= limits.idleTimeoutMicroseconds {
                due.append(Verdict(id, .idle(idleError("\(idle / 1_000_000) s"))))
            } else {
                oldest = min(oldest, since)
            }
        }
        nextIdleLook = members.isEmpty ? nil : oldest + limits.idleTimeoutMicroseconds
        return due.sorted { $0.connection < $1.connection }
    }

    /// Beginning of a connection's idle time: greeted, nothing in flight in either direction.
    func idleSince(_ id: UInt64, _ facts: (_ id: UInt64) -> Facts) -> UInt64? {
        guard members[id]?.frame == nil else { return nil }
        let facts = facts(id)
        return facts.unsentSize == 0 ? facts.idleSince : nil
    }

    func idleError(_ time: String) -> ServiceError {
        ServiceError(.unavailable, .idle, "keeping a connection: idle for \(time)")
    }
}
