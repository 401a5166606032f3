// All connections together: memory in total, greetings and stalls in time.

import Service
import Testing

@Suite struct CrowdTests {
    private let limits: ServiceLimits = {
        var limits = ServiceLimits()
        limits.connectionsMax = 3
        limits.inputTotalMax = 1000
        limits.outputTotalMax = 1000
        limits.outputLowSize = 100
        limits.helloTimeoutMicroseconds = 5_000
        limits.writeStallMicroseconds = 30_000
        return limits
    }()

    private func crowd(_ ids: UInt64...) -> Crowd {
        var crowd = Crowd(limits: limits)
        for id in ids { crowd.join(id, now: 0) }
        return crowd
    }

    private func look(_ crowd: inout Crowd, _ now: UInt64, _ unsent: Int = 0) -> [Crowd.Verdict] {
        crowd.look(now: now) { _ in unsent }
    }

    @Test func thereIsRoomUntilTheLimit() {
        var crowd = crowd(1, 2)
        #expect(crowd.hasRoom)
        crowd.join(3, now: 0)
        #expect(!crowd.hasRoom)
        crowd.leave(2)
        #expect(crowd.hasRoom)
    }

    @Test func whoOwesAHelloIsNamedOnceWhenItsTimeIsOver() {
        var crowd = crowd(1)
        crowd.join(2, now: 1_000)
        #expect(crowd.nextLook == 5_000)
        #expect(look(&crowd, 4_999) == [])
        #expect(look(&crowd, 5_000) == [Crowd.Verdict(1)])
        #expect(crowd.nextLook == 55_000, "deadlines within an interval share a look")
        #expect(look(&crowd, 55_000) == [Crowd.Verdict(2)])
        #expect(crowd.nextLook == nil)
        #expect(look(&crowd, 99_000) == [])
    }

    @Test func whoHasLeftIsNotNamed() {
        var crowd = crowd(1, 2)
        crowd.leave(1)
        #expect(look(&crowd, 5_000) == [Crowd.Verdict(2)])
    }

    @Test func theOneThatAddsToAFullTotalIsEnded() {
        var crowd = crowd(1, 2)
        #expect(crowd.inputChanged(1, size: 900) == nil)
        #expect(crowd.inputChanged(2, size: 100) == nil)
        #expect(crowd.inputChanged(2, size: 101)?.code == .overloaded)
        #expect(crowd.inputChanged(1, size: 899) == nil)
        crowd.leave(2)
        #expect(crowd.inputTotal == 899)
        #expect(crowd.inputChanged(1, size: 0) == nil)
        #expect(crowd.inputTotal == 0)
    }

    @Test func aSmallOutputIsNotPunishedForTheTotal() {
        var crowd = crowd(1, 2)
        #expect(crowd.outputChanged(1, size: 990, pauses: nil, now: 0) == nil)
        #expect(crowd.outputChanged(2, size: 100, pauses: nil, now: 0) == nil)
        #expect(crowd.outputChanged(2, size: 101, pauses: nil, now: 0)?.code == .writeStalled)
        #expect(crowd.countsOutput(of: 2))
        crowd.leave(1)
        crowd.leave(2)
        #expect(crowd.outputTotal == 0 && !crowd.countsOutput(of: 2))
    }

    @Test func aPausedPeerIsNamedWhenNothingLeftForTheTime() throws {
        var crowd = crowd(1)
        _ = look(&crowd, 5_000)
        #expect(crowd.nextLook == nil)
        #expect(crowd.outputChanged(1, size: 500, pauses: true, now: 10_000) == nil)
        #expect(crowd.nextLook == 60_000)
        #expect(look(&crowd, 40_000, 500) == [])
        let verdict = try #require(look(&crowd, 40_001, 500).first)
        #expect(verdict.connection == 1 && verdict.stall?.code == .writeStalled)
        #expect(verdict.stall?.message.contains("500 bytes, none taken for 30 ms") == true)
    }

    @Test func aByteThatLeavesBeginsTheTimeAnew() {
        var crowd = crowd(1)
        _ = look(&crowd, 5_000)
        _ = crowd.outputChanged(1, size: 500, pauses: true, now: 10_000)
        #expect(look(&crowd, 39_000, 499) == [])
        #expect(crowd.outputTotal == 499)
        #expect(look(&crowd, 69_000, 499) == [])
        #expect(look(&crowd, 69_001, 499).count == 1)
    }

    @Test func whoResumesIsLeftAlone() {
        var crowd = crowd(1)
        _ = look(&crowd, 5_000)
        _ = crowd.outputChanged(1, size: 500, pauses: true, now: 10_000)
        _ = crowd.outputChanged(1, size: 50, pauses: false, now: 20_000)
        #expect(crowd.nextLook == nil)
        #expect(look(&crowd, 99_000, 50) == [])
    }
}
