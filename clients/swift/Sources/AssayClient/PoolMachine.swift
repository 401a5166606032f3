// Which connection a call takes, and when one is made: decisions without sockets.
//
// Guarantees: a call takes the place with the fewest requests, one that is not connected counting
// as empty but coming last among equals; no connection gets more requests than its server allows;
// who must wait is served in order. After a failed attempt a place is left alone for a pause, so
// that a server that is down is not stormed.
// Not here: repeating calls (see RetryRule), sockets (see Connection).

import Wire

/// What the machine needs to know of a connection.
package protocol PoolMember: AnyObject, Sendable {
    /// Requests it has.
    var requestCount: Int { get }
    /// Counts one more.
    func reserve()
}

/// The places of a pool and who waits for them.
package struct PoolMachine<Member: PoolMember, Waiter: Sendable> {
    /// What one place holds.
    package enum Place {
        /// Nothing; not to be connected before the moment.
        case empty(Moment)
        /// A connection in the making.
        case connecting
        /// Connected, waiting for Hello's answer.
        case greeting(Member)
        /// Open, for so many requests.
        case open(Member, max: Int)

        fileprivate var member: Member? {
            switch self {
            case .greeting(let member), .open(let member, _): member
            case .empty, .connecting: nil
            }
        }
    }

    /// Somebody who waits for a place.
    package struct Waiting {
        package let ticket: UInt64
        package let waiter: Waiter
        package let end: Moment
        /// The place whose connection it waits for; nil when it waits for room in any.
        package var place: Int?

        package init(ticket: UInt64, waiter: Waiter, end: Moment) {
            self.ticket = ticket
            self.waiter = waiter
            self.end = end
        }
    }

    /// What is to be done after an event.
    package struct Effects {
        package var granted: [(waiter: Waiter, member: Member)] = []
        package var failed: [(waiter: Waiter, error: AssayError)] = []
        package var connect: [Int] = []
        package var close: [Member] = []
    }

    package private(set) var places: [Place]
    package private(set) var waiting: [Waiting] = []
    /// Connections without a place that finish what they have.
    private var draining: [Member] = []
    private var closed: AssayError?

    package init(count: Int) {
        places = Array(repeating: .empty(Moment(nanoseconds: 0)), count: count)
    }

    /// True once `close` was called.
    package var isClosed: Bool { closed != nil }

    // MARK: - Calls

    /// A connection for a call, if there is one at once; its place is taken.
    package func member(now: Moment) -> Member? {
        guard waiting.isEmpty, let place = choice(at: now),
            case .open(let member, _) = places[place]
        else { return nil }
        member.reserve()
        return member
    }

    /// Adds a call that waits; it may be served in `effects` already.
    package mutating func wait(_ call: Waiting, now: Moment) -> Effects {
        if let closed { return Effects(failed: [(call.waiter, closed)]) }
        waiting.append(call)
        return hasRoom(now: now)
    }

    /// Takes a waiter out, if it still waits.
    package mutating func withdraw(_ ticket: UInt64) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    /// The place with the fewest requests; equals in the order open, in the making, empty, paused.
    private func choice(at now: Moment) -> Int? {
        var best: (load: Int, rank: Int, place: Int)?
        for place in places.indices {
            guard let (load, rank) = cost(of: place, now) else { continue }
            if let best, (best.load, best.rank) <= (load, rank) { continue }
            best = (load, rank, place)
        }
        return best?.place
    }

    /// What speaks against a place; nil when it has no room.
    private func cost(of place: Int, _ now: Moment) -> (load: Int, rank: Int)? {
        switch places[place] {
        case .open(let member, let max):
            let count = member.requestCount
            return count < max ? (count, 0) : nil
        case .greeting, .connecting: return (waiting.count { $0.place == place }, 1)
        // A place whose server did not answer lately is for those who have no other.
        case .empty(let moment): return moment > now ? (.max, 3) : (0, 2)
        }
    }

    // MARK: - Events

    /// Serves who can be served: something has room, or the time of a pause has come.
    package mutating func hasRoom(now: Moment) -> Effects {
        var effects = Effects()
        var index = 0
        while index < waiting.count {
            guard let place = waiting[index].place ?? choice(at: now) else { break }
            if case .open(let member, _) = places[place] {
                effects.granted.append((waiting.remove(at: index).waiter, member))
                member.reserve()
                continue
            }
            waiting[index].place = place
            index += 1
            if case .empty(let moment) = places[place], moment <= now {
                places[place] = .connecting
                effects.connect.append(place)
            }
        }
        return effects
    }

    /// A place has a connection, which says Hello. False when the pool was closed meanwhile.
    package mutating func connected(_ place: Int, _ member: Member) -> Bool {
        guard closed == nil else { return false }
        places[place] = .greeting(member)
        return true
    }

    /// The connection of a place could not be made: its waiters fail, the place pauses.
    package mutating func connectingFailed(_ place: Int, _ error: AssayError, pauseEnd: Moment)
        -> Effects
    {
        let failed = waiting.filter { $0.place == place }
        waiting.removeAll { $0.place == place }
        places[place] = .empty(pauseEnd)
        return Effects(failed: failed.map { ($0.waiter, error) })
    }

    /// The server has said Hello.
    package mutating func opened(_ member: Member, max: Int, now: Moment) -> Effects {
        if let place = places.firstIndex(where: { $0.member === member }) {
            places[place] = .open(member, max: max)
            for index in waiting.indices where waiting[index].place == place {
                waiting[index].place = nil
            }
        }
        return hasRoom(now: now)
    }

    /// A connection takes no more requests: it drains, or is over.
    package mutating func retired(
        _ member: Member, _ error: AssayError?, pauseEnd: Moment, now: Moment
    ) -> Effects {
        if error != nil { draining.removeAll { $0 === member } }
        if let place = places.firstIndex(where: { $0.member === member }) {
            if case .greeting = places[place] {
                let error = error ?? .closed("waiting for the server's Hello")
                return connectingFailed(place, error, pauseEnd: pauseEnd)
            }
            places[place] = .empty(Moment(nanoseconds: 0))
            if error == nil { draining.append(member) }
        }
        return hasRoom(now: now)
    }

    /// Ends the pool: everybody who waits fails, every connection is to be closed.
    package mutating func close(_ error: AssayError) -> Effects {
        guard closed == nil else { return Effects() }
        closed = error
        let effects = Effects(
            failed: waiting.map { ($0.waiter, error) },
            close: places.compactMap(\.member) + draining)
        draining = []
        places = places.map { _ in .empty(.never) }
        waiting = []
        return effects
    }

    // MARK: - Time

    /// Waiters whose time is over.
    package mutating func overdue(now: Moment) -> [Waiter] {
        let over = waiting.filter { $0.end <= now }
        waiting.removeAll { $0.end <= now }
        return over.map(\.waiter)
    }

    /// When there is something to do: a waiter's time is over, or a place's pause.
    package var nextMoment: Moment {
        var next = Moment.never
        for call in waiting {
            next = min(next, call.end)
            if let place = call.place, case .empty(let moment) = places[place] {
                next = min(next, moment)
            }
        }
        return next
    }
}
