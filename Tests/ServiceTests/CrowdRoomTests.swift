// Idle connections, and the room that they make for newcomers. Virtual time.

import Service
import Testing

@Suite struct CrowdRoomTests {
    private static let second: UInt64 = 1_000_000

    private func limits(
        _ connections: Int, perPeer: Int = 0
    ) -> ServiceLimits {
        var limits = ServiceLimits()
        limits.connectionsMax = connections
        limits.connectionsPerPeerMax = perPeer
        return limits
    }

    private func idle(since: UInt64?) -> Crowd.Facts {
        var facts = Crowd.Facts()
        facts.idleSince = since
        return facts
    }

    /// A crowd of connections 1, 2 … that have greeted.
    private func crowd(_ count: Int, _ limits: ServiceLimits, _ peer: Peer = .unknown) -> Crowd {
        var crowd = Crowd(limits: limits)
        for id in 0..<count { crowd.join(UInt64(id) + 1, peer: peer, now: 0) }
        _ = crowd.look(now: limits.helloTimeoutMicroseconds) { _ in Crowd.Facts() }
        return crowd
    }

    private func replaced(_ room: Crowd.Room) -> UInt64? {
        if case .inPlaceOf(let id, _) = room { id } else { nil }
    }

    private func refusal(_ room: Crowd.Room) -> ServiceError? {
        if case .refused(let error) = room { error } else { nil }
    }

    // MARK: - Room

    @Test func thereIsRoomUntilTheLimit() {
        var crowd = crowd(2, limits(3))
        #expect(crowd.room(for: .unknown, now: 0) { _ in Crowd.Facts() } == .free)
        crowd.join(3, now: 0)
        let error = refusal(crowd.room(for: .unknown, now: 0) { _ in Crowd.Facts() })
        #expect(error?.code == .connectionsExceeded && error?.status == .resourceExhausted)
        #expect(error?.message.contains("found 3 open, allowed: 3") == true)
        crowd.leave(2)
        #expect(crowd.room(for: .unknown, now: 0) { _ in Crowd.Facts() } == .free)
    }

    @Test func theLongestIdleConnectionMakesRoomAndIsNamedOnce() {
        var crowd = crowd(3, limits(3))
        let since: [UInt64: UInt64] = [1: 7 * Self.second, 2: 5 * Self.second, 3: 9 * Self.second]
        func newcomer(_ id: UInt64, _ now: UInt64) -> Crowd.Room {
            let room = crowd.room(for: .unknown, now: now) { idle(since: since[$0]) }
            if replaced(room) != nil { crowd.join(id, now: now) }
            return room
        }
        #expect(refusal(newcomer(4, 14_999_999)) != nil, "idle for less than 10 s")
        #expect(replaced(newcomer(4, 18 * Self.second)) == 2)
        #expect(replaced(newcomer(5, 18 * Self.second)) == 1)
        #expect(refusal(newcomer(6, 18 * Self.second)) != nil)
        #expect(replaced(newcomer(6, 19 * Self.second)) == 3)
        #expect(refusal(newcomer(7, 60 * Self.second)) != nil, "the newcomers are busy")
        for id in [1, 2, 3] as [UInt64] { crowd.leave(id) }
        #expect(refusal(newcomer(7, 61 * Self.second)) != nil, "their places are taken")
        crowd.leave(4)
        #expect(newcomer(7, 61 * Self.second) == .free)
    }

    @Test func whoBecameBusySinceTheWalkKeepsItsPlace() {
        var crowd = crowd(3, limits(3))
        var since: [UInt64: UInt64] = [1: 0, 2: 1, 3: 2]
        #expect(
            replaced(crowd.room(for: .unknown, now: 60 * Self.second) { idle(since: since[$0]) })
                == 1)
        crowd.join(4, now: 60 * Self.second)
        since[2] = nil
        #expect(
            replaced(crowd.room(for: .unknown, now: 60 * Self.second) { idle(since: since[$0]) })
                == 3)
    }

    @Test func unsentBytesAndUnfinishedFramesAreNotIdle() {
        var crowd = crowd(2, limits(2))
        var sending = idle(since: 0)
        sending.unsentSize = 1
        _ = crowd.inputChanged(2, kept: 9, frame: 9, begins: true, now: 0)
        let facts: (UInt64) -> Crowd.Facts = { $0 == 1 ? sending : idle(since: 0) }
        #expect(refusal(crowd.room(for: .unknown, now: 60 * Self.second, facts: facts)) != nil)
    }

    /// A flood at the limit costs a walk in 50 ms and not a walk a newcomer.
    @Test func aFloodOfNewcomersWalksOnceInAnInterval() {
        var crowd = crowd(4000, limits(4000))
        var asked = 0
        for newcomer in 0..<2000 {
            let now = 60 * Self.second + UInt64(newcomer)
            _ = crowd.room(for: .unknown, now: now) { _ in
                asked += 1
                return idle(since: 59 * Self.second)
            }
        }
        #expect(asked == 4000)
    }

    @Test func aPeerHasABoundOfItsOwn() {
        let one = Peer.address("192.0.2.1")
        var crowd = crowd(2, limits(10, perPeer: 2), one)
        func room(_ peer: Peer) -> Crowd.Room {
            crowd.room(for: peer, now: 60 * Self.second) { _ in idle(since: 0) }
        }
        let error = refusal(room(one))
        #expect(error?.code == .connectionsExceeded)
        #expect(error?.message.contains("found 2 open from 192.0.2.1, allowed: 2") == true)
        #expect(room(.address("192.0.2.2")) == .free)
        #expect(room(.user(1000)) == .free)
        crowd.leave(1)
        #expect(room(one) == .free)
    }

    @Test func usersOfUnixSocketsAreCountedLikeAddresses() {
        var crowd = crowd(3, limits(10, perPeer: 3), .user(7))
        #expect(refusal(crowd.room(for: .user(7), now: 0) { _ in Crowd.Facts() }) != nil)
        #expect(crowd.room(for: .user(8), now: 0) { _ in Crowd.Facts() } == .free)
    }

    // MARK: - Idle connections

    @Test func whoIsIdleForTheTimeIsNamed() throws {
        let limits = limits(10)
        var crowd = crowd(3, limits)
        let timeout = limits.idleTimeoutMicroseconds
        #expect(crowd.nextLook == timeout)
        let since: [UInt64: UInt64] = [1: 0, 2: Self.second]
        let verdicts = crowd.look(now: timeout) { idle(since: since[$0]) }
        #expect(verdicts.map(\.connection) == [1])
        guard case .idle(let error) = verdicts.first?.cause else {
            Issue.record("another cause: \(verdicts)")
            return
        }
        #expect(error.code == .idle && error.message.contains("idle for 600 s"))
        #expect(crowd.nextLook == timeout + Self.second, "when the next one may be due")
    }

    @Test func busyConnectionsCostOneWalkInTheIdleTime() {
        let limits = limits(10)
        var crowd = crowd(3, limits)
        let now = limits.idleTimeoutMicroseconds
        #expect(crowd.look(now: now) { _ in idle(since: nil) }.isEmpty)
        #expect(crowd.nextLook == 2 * now)
    }
}
