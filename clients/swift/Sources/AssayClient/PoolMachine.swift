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

    /// What to do for one call.
    package enum Choice {
        case take(Member)
        case wait(place: Int?)
    }

    /// What is to be done after an event.
    package struct Effects {
        package var granted: [(waiter: Waiter, member: Member)] = []
        package var failed: [(waiter: Waiter, error: ClientError)] = []
        package var connect: [Int] = []
        package var close: [Member] = []
    }

    package private(set) var places: [Place]
    package private(set) var waiting: [Waiting] = []
    package private(set) var closed: ClientError?

    package init(count: Int) {
        places = Array(repeating: .empty(Moment(nanoseconds: 0)), count: count)
    }

    // MARK: - Calls

    /// A connection for a call, if there is one at once; its place is taken.
    package func member(now: Moment) -> Member? {
        guard waiting.isEmpty, case .take(let member) = choice(at: now) else { return nil }
        member.reserve()
        return member
    }

    /// Adds a call that waits; it may be served in `effects` already.
    package mutating func wait(_ call: Waiting, now: Moment) -> Effects {
        var effects = Effects()
        if let closed {
            effects.failed.append((call.waiter, closed))
            return effects
        }
        waiting.append(call)
        serve(&effects, now: now)
        return effects
    }

    /// Takes a waiter out, if it still waits.
    package mutating func withdraw(_ ticket: UInt64) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    /// The place with the fewest requests; equals in the order open, in the making, empty, paused.
    private func choice(at now: Moment) -> Choice {
        var best: (load: Int, rank: Int, index: Int)?
        for (index, place) in places.enumerated() {
            let candidate: (load: Int, rank: Int, index: Int)
            switch place {
            case .open(let member, let max):
                let count = member.requestCount
                if count >= max { continue }
                if count == 0 { return .take(member) }
                candidate = (count, 0, index)
            case .greeting, .connecting:
                candidate = (waiting.count { $0.place == index }, 1, index)
            case .empty(let moment):
                // A place whose server did not answer lately is for those who have no other.
                candidate = moment > now ? (.max, 3, index) : (0, 2, index)
            }
            if let known = best, (known.load, known.rank) <= (candidate.load, candidate.rank) {
                continue
            }
            best = candidate
        }
        guard let best else { return .wait(place: nil) }
        if case .open(let member, _) = places[best.index] { return .take(member) }
        return .wait(place: best.index)
    }

    // MARK: - Events

    /// Serves who can be served: something has room, or the time of a pause has come.
    package mutating func hasRoom(now: Moment) -> Effects {
        var effects = Effects()
        serve(&effects, now: now)
        return effects
    }

    private mutating func serve(_ effects: inout Effects, now: Moment) {
        var index = 0
        while index < waiting.count {
            if let place = waiting[index].place {
                connect(place, &effects, now: now)
                index += 1
                continue
            }
            switch choice(at: now) {
            case .take(let member):
                effects.granted.append((waiting.remove(at: index).waiter, member))
                member.reserve()
            case .wait(let place?):
                waiting[index].place = place
                connect(place, &effects, now: now)
                index += 1
            case .wait(nil):
                return
            }
        }
    }

    private mutating func connect(_ place: Int, _ effects: inout Effects, now: Moment) {
        guard case .empty(let moment) = places[place], moment <= now else { return }
        places[place] = .connecting
        effects.connect.append(place)
    }

    /// A place has a connection, which says Hello. False when the pool was closed meanwhile.
    package mutating func connected(_ place: Int, _ member: Member) -> Bool {
        guard closed == nil else { return false }
        places[place] = .greeting(member)
        return true
    }

    /// The connection of a place could not be made: its waiters fail, the place pauses.
    package mutating func connectingFailed(_ place: Int, _ error: ClientError, pauseEnd: Moment)
        -> Effects
    {
        var effects = Effects()
        places[place] = .empty(pauseEnd)
        effects.failed = waiting.filter { $0.place == place }.map { ($0.waiter, error) }
        waiting.removeAll { $0.place == place }
        return effects
    }

    /// The server has said Hello.
    package mutating func opened(_ member: Member, max: Int, now: Moment) -> Effects {
        var effects = Effects()
        for (index, place) in places.enumerated() {
            guard case .greeting(let known) = place, known === member else { continue }
            places[index] = .open(member, max: max)
            for other in waiting.indices where waiting[other].place == index {
                waiting[other].place = nil
            }
        }
        serve(&effects, now: now)
        return effects
    }

    /// A connection takes no more requests: it drains, or is over.
    package mutating func retired(
        _ member: Member, _ error: ClientError?, pauseEnd: Moment, now: Moment
    ) -> Effects {
        var effects = Effects()
        for (index, place) in places.enumerated() {
            switch place {
            case .greeting(let known) where known === member:
                let error = error ?? .closed("waiting for the server's Hello")
                return connectingFailed(index, error, pauseEnd: pauseEnd)
            case .open(let known, _) where known === member:
                places[index] = .empty(Moment(nanoseconds: 0))
            default: break
            }
        }
        serve(&effects, now: now)
        return effects
    }

    /// Ends the pool: everybody who waits fails, every connection is to be closed.
    package mutating func close(_ error: ClientError) -> Effects {
        var effects = Effects()
        guard closed == nil else { return effects }
        closed = error
        for place in places {
            switch place {
            case .greeting(let member), .open(let member, _): effects.close.append(member)
            case .empty, .connecting: break
            }
        }
        places = places.map { _ in .empty(.never) }
        effects.failed = waiting.map { ($0.waiter, error) }
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
