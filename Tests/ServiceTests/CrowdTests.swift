// All connections together: memory in total, and deadlines, rates and idle times in virtual time.

import Service
import Testing

@Suite struct CrowdTests {
    private let limits: ServiceLimits = {
        var limits = ServiceLimits()
        limits.inputTotalMax = 1000
        limits.outputTotalMax = 1000
        limits.outputLowSize = 100
        limits.helloTimeoutMicroseconds = 5_000
        limits.frameTimeoutMicroseconds = 30_000_000
        limits.idleTimeoutMicroseconds = 600_000_000
        return limits
    }()

    /// Connections that have greeted, at time 0.
    private func crowd(_ ids: UInt64...) -> Crowd {
        var crowd = Crowd(limits: limits)
        for id in ids { crowd.join(id, now: 0) }
        return crowd
    }

    private func look(
        _ crowd: inout Crowd, _ now: UInt64, _ facts: Crowd.Facts = Crowd.Facts()
    ) -> [Crowd.Verdict] {
        crowd.look(now: now) { _ in facts }
    }

    /// The error of the only verdict, or nil.
    private func error(_ verdicts: [Crowd.Verdict]) -> ServiceError? {
        guard verdicts.count == 1 else { return nil }
        switch verdicts[0].cause {
        case .stalled(let error), .slowFrame(let error), .idle(let error): return error
        case .helloTimeout, .finished: return nil
        }
    }

    // MARK: - Greetings

    @Test func whoOwesAHelloIsNamedOnceWhenItsTimeIsOver() throws {
        var crowd = crowd(1)
        crowd.join(2, now: 1_000)
        #expect(crowd.nextLook == 5_000)
        #expect(look(&crowd, 4_999) == [])
        #expect(crowd.nextLook == 54_999, "deadlines within an interval share a look")
        #expect(look(&crowd, 5_000) == [Crowd.Verdict(1, .helloTimeout)])
        #expect(crowd.nextLook == 55_000)
        #expect(look(&crowd, 55_000) == [Crowd.Verdict(2, .helloTimeout)])
        #expect(crowd.nextLook == limits.idleTimeoutMicroseconds)
        #expect(look(&crowd, 99_000) == [])
    }

    @Test func whoHasLeftIsNotNamed() {
        var crowd = crowd(1, 2)
        crowd.peerFinished(1, now: 0)
        crowd.leave(1)
        #expect(look(&crowd, 5_000) == [Crowd.Verdict(2, .helloTimeout)])
        #expect(look(&crowd, 1_000_000) == [])
        crowd.leave(2)
        #expect(crowd.nextLook == nil, "an empty crowd needs no look")
    }

    @Test func whosePeerFinishedIsNamedOnceWhenTheTimeForItsWorkIsOver() {
        var crowd = crowd(1, 2)
        _ = look(&crowd, 5_000)
        crowd.peerFinished(2, now: 10_000)
        #expect(crowd.nextLook == 510_000)
        #expect(look(&crowd, 509_999) == [])
        #expect(look(&crowd, 510_000) == [Crowd.Verdict(2, .finished)])
        #expect(look(&crowd, 900_000) == [])
    }

    // MARK: - Memory

    @Test func theOneThatAddsToAFullTotalIsEnded() {
        var crowd = crowd(1, 2)
        func input(_ id: UInt64, _ size: Int) -> ServiceError? {
            crowd.inputChanged(id, kept: size, frame: size, begins: false, now: 0)
        }
        #expect(input(1, 900) == nil)
        #expect(input(2, 100) == nil)
        #expect(input(2, 101)?.code == .overloaded)
        #expect(input(1, 899) == nil)
        crowd.leave(2)
        #expect(crowd.inputTotal == 899)
        #expect(crowd.inputChanged(1, kept: 0, frame: 0, begins: false, now: 0) == nil)
        #expect(crowd.inputTotal == 0)
    }

    @Test func theRoomOfAFrameCountsAndNotItsBytes() {
        var crowd = crowd(1)
        #expect(crowd.inputChanged(1, kept: 1001, frame: 3, begins: true, now: 0) != nil)
        #expect(crowd.inputTotal == 1001)
    }

    @Test func aSmallOutputIsNotPunishedForTheTotal() {
        var crowd = crowd(1, 2)
        #expect(crowd.outputChanged(1, size: 990, now: 0) == nil)
        #expect(crowd.outputChanged(2, size: 100, now: 0) == nil)
        #expect(crowd.outputChanged(2, size: 101, now: 0)?.code == .writeStalled)
        #expect(crowd.countsOutput(of: 2))
        crowd.leave(1)
        crowd.leave(2)
        #expect(crowd.outputTotal == 0 && !crowd.countsOutput(of: 2))
    }

    /// Many small outputs together are a large one: the total stays below twice its bound.
    @Test func manySmallOutputsStayBelowTwiceTheBound() {
        var crowd = crowd()
        for id in 1...100 as ClosedRange<UInt64> { crowd.join(id, now: 0) }
        var ended = 0
        for id in 1...100 as ClosedRange<UInt64> {
            guard crowd.outputChanged(id, size: 99, now: 0) != nil else { continue }
            ended += 1
            crowd.leave(id)
        }
        #expect(ended > 80)
        #expect(crowd.outputTotal <= 2 * limits.outputTotalMax)
    }

    // MARK: - Frames

    /// Feeds a frame of which `rate` bytes come in every second, from `start` on. Returns the
    /// second of the first verdict and its error.
    private func trickle(
        _ rate: Int, seconds: Int, isReading: (Int) -> Bool = { _ in true },
        begins: (Int) -> Bool = { _ in false }
    ) -> (second: Int, error: ServiceError)? {
        var limits = limits
        limits.inputTotalMax = .max
        var crowd = Crowd(limits: limits)
        crowd.join(1, now: 0)
        _ = look(&crowd, 5_000)
        var size = 1
        _ = crowd.inputChanged(1, kept: 1, frame: 1, begins: true, now: 0)
        for second in 1...seconds {
            let now = UInt64(second) * 1_000_000
            var facts = Crowd.Facts()
            facts.isReading = isReading(second)
            size = begins(second) ? 1 : size + rate
            if rate > 0 {
                _ = crowd.inputChanged(
                    1, kept: size, frame: size, begins: begins(second), now: now)
            }
            if let error = error(look(&crowd, now, facts)) { return (second, error) }
        }
        return nil
    }

    @Test func aFrameThatStopsIsNamedAfterAWindow() throws {
        let found = try #require(trickle(0, seconds: 60))
        #expect(found.second == 10)
        #expect(found.error.code == .frameTimeout && found.error.status == .deadlineExceeded)
        #expect(found.error.message.contains("found 1 bytes in 10000 ms, allowed: 1024 a second"))
    }

    @Test(arguments: [(1023, 10), (1024, 30), (1_000_000, 30)])
    func aFrameHasALeastRateAndALongestTime(_ rate: Int, _ second: Int) throws {
        // A frame that keeps the rate still has to be whole in time.
        #expect(try #require(trickle(rate, seconds: 60)).second == second)
    }

    @Test func framesThatFollowEachOtherHaveATimeEach() {
        #expect(trickle(2000, seconds: 200, begins: { $0 % 20 == 0 }) == nil)
    }

    @Test func theTimeInWhichTheServerDoesNotReadIsNotThePeers() throws {
        #expect(trickle(0, seconds: 100, isReading: { _ in false }) == nil)
        let found = try #require(trickle(0, seconds: 100, isReading: { $0 > 50 }))
        #expect(found.second == 60, "the window begins when the server reads again")
    }

    @Test func aWholeFrameEndsTheWatch() {
        var crowd = crowd(1)
        _ = crowd.inputChanged(1, kept: 5, frame: 5, begins: true, now: 0)
        #expect(crowd.nextLook != nil)
        _ = crowd.inputChanged(1, kept: 0, frame: 0, begins: false, now: 1_000)
        #expect(look(&crowd, 100_000_000) == [Crowd.Verdict(1, .helloTimeout)])
        #expect(crowd.nextLook == limits.idleTimeoutMicroseconds)
    }

    // MARK: - Readers

    /// A peer that takes `rate` bytes of 10 MB a second. Returns the second of the first verdict.
    private func read(_ rate: Int, of waiting: Int = 10_000_000, seconds: Int) -> (
        second: Int, error: ServiceError
    )? {
        var crowd = crowd(1)
        _ = look(&crowd, 5_000)
        var limits = limits
        limits.outputTotalMax = .max
        crowd = Crowd(limits: limits)
        crowd.join(1, now: 0)
        _ = crowd.outputChanged(1, size: waiting, now: 0)
        for second in 1...seconds {
            var facts = Crowd.Facts()
            facts.takenSize = min(waiting, rate * second)
            facts.untakenSize = waiting - facts.takenSize
            // The memory is held until all of it has left.
            facts.unsentSize = facts.untakenSize == 0 ? 0 : waiting
            let verdicts = look(&crowd, UInt64(second) * 1_000_000, facts)
                .filter { $0.cause != .helloTimeout }
            if let error = error(verdicts) { return (second, error) }
        }
        return nil
    }

    @Test func aPeerThatTakesNothingIsNamedAfterAWindow() throws {
        let found = try #require(read(0, seconds: 60))
        #expect(found.second == 11, "a window from the first look on")
        #expect(found.error.code == .writeStalled)
        #expect(
            found.error.message.contains(
                "10000000 bytes wait, 0 taken in 10000 ms, allowed: 4096 a second"))
    }

    @Test(arguments: [(4095, false), (4096, true), (1_000_000, true)])
    func aPeerThatTakesEnoughIsLeftAlone(_ rate: Int, _ stays: Bool) {
        #expect((read(rate, seconds: 300) == nil) == stays)
    }

    @Test func progressInsideALargeChunkCounts() {
        // `unsentSize` does not move before the end, as for a chunk of 10 MB in the queue.
        #expect(read(50_000, seconds: 300) == nil)
    }

    @Test func whoTakesLittleBecauseLittleWaitsIsLeftAlone() {
        #expect(read(25, of: 200, seconds: 60) == nil)
        #expect(read(5, of: 200, seconds: 60)?.second == 11)
    }

    @Test func whoHasTakenAllIsNoLongerWatched() {
        var crowd = crowd(1)
        _ = crowd.outputChanged(1, size: 500, now: 0)
        _ = crowd.outputChanged(1, size: 0, now: 1_000)
        #expect(crowd.outputTotal == 0)
        #expect(look(&crowd, 100_000_000) == [Crowd.Verdict(1, .helloTimeout)])
        #expect(crowd.nextLook == limits.idleTimeoutMicroseconds)
    }
}
