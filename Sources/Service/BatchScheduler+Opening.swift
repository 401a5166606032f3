// Which sequence opens next, and which sequences are suspended to make room.
//
// A suspension costs the victim a second reading. So it happens for two reasons only: the victim's
// connection does not read, or the victim's connection has more than the waiting connection even
// after the exchange. The second reason makes shares more equal with every suspension, so that two
// connections never take a place from each other in turn.

extension BatchScheduler {
    /// Opens the sequence whose turn it is. Returns false when none waits or the next does not fit.
    mutating func openNext(
        now: UInt64, _ free: inout Int, _ held: Set<UInt64>, into plan: inout StepPlan
    ) -> Bool {
        guard openCount < entries.count, let index = nextTurn(now: now, held) else { return false }
        let work = entries[index].work
        if openCount >= limits.sequencesMax || work.capacity > free {
            guard let victims = victims(for: work, free: free, held) else { return false }
            for victim in victims { suspend(victim, &free, into: &plan) }
        }
        free -= work.capacity
        turnNumber += 1
        openCount += 1
        entries[index].isOpen = true
        entries[index].openedIn = stepNumber
        seats[work.connection]?.openCount += 1
        seats[work.connection]?.capacity += work.capacity
        seats[work.connection]?.lastTurn = turnNumber
        plan.opened.append(work.id)
        return true
    }

    private mutating func suspend(_ index: Int, _ free: inout Int, into plan: inout StepPlan) {
        close(entries[index], in: &seats, &openCount)
        entries[index].isOpen = false
        entries[index].suspendedIn = stepNumber
        free += entries[index].work.capacity
        plan.suspended.append(entries[index].work.id)
    }

    /// The waiting request whose turn it is: the most urgent of its connection, and among equals
    /// the first. Nil when no request waits.
    private func nextTurn(now: UInt64, _ held: Set<UInt64>) -> Int? {
        var best: (index: Int, seat: Seat)?
        for index in entries.indices where isWaiting(index, held) {
            guard let seat = seats[entries[index].work.connection] else { continue }
            if let found = best {
                let isNearer =
                    (seat.openCount, seat.lastTurn) < (found.seat.openCount, found.seat.lastTurn)
                guard isNearer else { continue }
            }
            best = (index, seat)
        }
        guard let first = best?.index else { return nil }
        let connection = entries[first].work.connection
        // The comparison is strict, so that the first of equals stays.
        return entries.indices.filter {
            entries[$0].work.connection == connection && isWaiting($0, held)
        }.max {
            let (left, right) = (entries[$0].work, entries[$1].work)
            let (early, late) = (left.turn.urgency(now: now), right.turn.urgency(now: now))
            return early != late ? early < late : left.id > right.id
        }
    }

    private func isWaiting(_ index: Int, _ held: Set<UInt64>) -> Bool {
        !entries[index].isOpen && entries[index].suspendedIn != stepNumber
            && (held.isEmpty || !held.contains(entries[index].work.connection))
    }

    /// Returns the sequences to suspend so that `work` fits, or nil when no choice makes room.
    private func victims(
        for work: ScheduledWork, free: Int, _ held: Set<UInt64>
    ) -> [Int]? {
        var shares = seats
        var count = openCount
        var free = free
        var chosen: [Int] = []
        // The youngest first, because they have the least to read again.
        let open = entries.indices.filter {
            entries[$0].isOpen && entries[$0].openedIn != stepNumber
        }.sorted {
            (entries[$0].openedIn, $0) > (entries[$1].openedIn, $1)
        }
        func take(_ index: Int) {
            chosen.append(index)
            free += entries[index].work.capacity
            close(entries[index], in: &shares, &count)
        }
        func fits() -> Bool { count < limits.sequencesMax && work.capacity <= free }
        for index in open where held.contains(entries[index].work.connection) {
            if fits() { return chosen }
            take(index)
        }
        while !fits() {
            let needsPlace = count >= limits.sequencesMax
            let next = open.first {
                !chosen.contains($0)
                    && keepsMore(entries[$0].work, shares, than: work, needsPlace: needsPlace)
            }
            guard let next else { return nil }
            take(next)
        }
        return chosen
    }

    /// True when the victim's connection holds no less than the other even after the exchange.
    private func keepsMore(
        _ victim: ScheduledWork, _ shares: [UInt64: Seat], than work: ScheduledWork,
        needsPlace: Bool
    ) -> Bool {
        guard victim.connection != work.connection, let rich = shares[victim.connection],
            let poor = shares[work.connection]
        else { return false }
        return needsPlace
            ? rich.openCount - 1 >= poor.openCount + 1
            : rich.capacity - victim.capacity >= poor.capacity + work.capacity
    }
}
