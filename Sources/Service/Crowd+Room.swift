// Room for one more connection. At the limit the longest idle connection makes room.
//
// Newcomers may come thousands a second, so the walk over all connections happens at most once in
// an interval. Between two walks the list of the last one holds: whoever was busy since is found
// out when the turn comes, and nobody can have become idle for longer.

extension Crowd {
    /// The answer to a newcomer.
    package enum Room: Sendable, Equatable {
        /// There is room.
        case free
        /// There is room when `connection` leaves. The error is for the log.
        case inPlaceOf(_ connection: UInt64, ServiceError)
        /// There is none.
        case refused(ServiceError)
    }

    /// Looks for room for one more connection of `peer`. A connection to replace is named once, and
    /// no longer counts.
    package mutating func room(
        for peer: Peer, now: UInt64, facts: (_ id: UInt64) -> Facts
    ) -> Room {
        let ofPeer = peerCounts[peer] ?? 0
        if limits.connectionsPerPeerMax > 0, ofPeer >= limits.connectionsPerPeerMax {
            return .refused(
                exceeded("\(ofPeer) open from \(peer)", limits.connectionsPerPeerMax))
        }
        guard openCount >= limits.connectionsMax else { return .free }
        guard let id = takeReplaceable(now, facts) else {
            return .refused(exceeded("\(openCount) open", limits.connectionsMax))
        }
        members[id]?.isReplaced = true
        replacedCount += 1
        let seconds = limits.idleReplacedMicroseconds / 1_000_000
        return .inPlaceOf(id, idleError("\(seconds) s or more, a newcomer takes its place"))
    }

    /// Connections that count.
    private var openCount: Int { members.count - replacedCount }

    private func exceeded(_ found: String, _ allowed: Int) -> ServiceError {
        ServiceError(
            .resourceExhausted, .connectionsExceeded,
            "accepting a connection: found \(found), allowed: \(allowed)",
            retryAfterMilliseconds: 1000)
    }

    /// Takes the longest idle connection from the list, after a walk if the list is empty.
    private mutating func takeReplaceable(
        _ now: UInt64, _ facts: (_ id: UInt64) -> Facts
    ) -> UInt64? {
        if let id = popReplaceable(facts) { return id }
        guard now >= replaceableRestUntil else { return nil }
        replaceableRestUntil = now + Self.lookMicroseconds
        for (id, member) in members where !member.isReplaced {
            guard let since = idleSince(id, facts),
                now - min(now, since) >= limits.idleReplacedMicroseconds
            else { continue }
            replaceable.append((id, since))
        }
        replaceable.sort { ($0.since, $0.id) > ($1.since, $1.id) }
        return popReplaceable(facts)
    }

    /// Takes the last connection that has been idle since the walk.
    private mutating func popReplaceable(_ facts: (_ id: UInt64) -> Facts) -> UInt64? {
        while let (id, since) = replaceable.popLast() {
            if members[id]?.isReplaced == false, idleSince(id, facts) == since { return id }
        }
        return nil
    }
}
