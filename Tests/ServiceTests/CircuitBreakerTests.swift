// A breaker in any order of failures, probes and times, beside a model that replays its history.

import Service
import TestSupport
import Testing
import Wire

@Suite struct CircuitBreakerTests {
    private let finding = CircuitBreaker.Finding(.deviceError, "no answer")

    private func breaker(_ failuresMax: Int = 2) -> CircuitBreaker {
        var bounds = CircuitBreaker.Bounds()
        bounds.failuresMax = failuresMax
        bounds.pauseMin = 100
        bounds.pauseMax = 350
        return CircuitBreaker(bounds, now: 0)
    }

    @Test func opensAtTheLastFailureInARow() {
        var breaker = breaker()
        #expect(breaker.fail(finding, now: 1) == false)
        breaker.close(now: 2)
        #expect(breaker.fail(finding, now: 3) == false)
        #expect(breaker.state(at: 3) == .closed && breaker.finding == nil)
        #expect(breaker.fail(finding, now: 4) == true)
        #expect(breaker.state(at: 4) == .open && breaker.finding == finding)
        #expect(breaker.refusal(at: 34) == 70)
    }

    @Test func isHalfOpenAfterThePauseAndLetsOneProbePass() {
        var breaker = breaker()
        #expect(breaker.trip(finding, now: 0) == true)
        #expect(breaker.state(at: 99) == .open)
        #expect(breaker.begin(1, now: 99) == false)
        #expect(breaker.state(at: 100) == .halfOpen && breaker.refusal(at: 100) == nil)
        #expect(breaker.begin(1, now: 130) == true)
        #expect(breaker.isProbe(1) && breaker.refusal(at: 131) != nil)
        #expect(breaker.begin(2, now: 131) == false)
        #expect(breaker.changedAt(140) == 100)
        breaker.close(now: 150)
        #expect(breaker.state(at: 150) == .closed && breaker.changedAt(160) == 150)
    }

    @Test func aProbeWithoutAVerdictLeavesItsPlace() {
        var breaker = breaker()
        _ = breaker.trip(finding, now: 0)
        #expect(breaker.begin(1, now: 100) == true)
        breaker.withdraw(2, now: 110)
        #expect(breaker.isProbe(1))
        breaker.withdraw(1, now: 120)
        #expect(breaker.state(at: 120) == .halfOpen)
        #expect(breaker.begin(2, now: 120) == true)
    }

    @Test func pausesDoubleUpToTheLongestAndBeginAnewAfterHealth() {
        var breaker = breaker()
        var now: UInt64 = 0
        var pauses: [UInt64] = []
        for ticket in 0..<4 as Range<UInt64> {
            #expect(breaker.trip(finding, now: now) == true)
            pauses.append(breaker.refusal(at: now) ?? 0)
            now += breaker.pause
            #expect(breaker.begin(ticket, now: now) == true)
        }
        #expect(pauses == [100, 200, 350, 350])
        breaker.close(now: now)
        _ = breaker.trip(finding, now: now + 349)
        #expect(breaker.pause == 350)
        #expect(breaker.begin(9, now: now + 700) == true)
        breaker.close(now: now + 700)
        _ = breaker.trip(finding, now: now + 1050)
        #expect(breaker.pause == 100)
    }

    @Test func anOpenBreakerKeepsItsPauseWhateverFails() {
        var breaker = breaker()
        _ = breaker.trip(finding, now: 0)
        #expect(breaker.fail(finding, now: 50) == false)
        #expect(breaker.trip(finding, now: 60) == false)
        #expect(breaker.hold(finding, now: 60) == false)
        #expect(breaker.refusal(at: 60) == 40)
    }

    @Test func aHeldBreakerIsOpenUntilItsRelease() {
        var breaker = breaker()
        #expect(breaker.hold(finding, now: 10) == true)
        #expect(breaker.state(at: 1_000_000) == .open && breaker.refusal(at: 1_000_000) == 100)
        breaker.release(now: 1_000_001)
        #expect(breaker.state(at: 1_000_001) == .halfOpen)
        #expect(breaker.begin(1, now: 1_000_001) == true)
    }

    @Test func behavesAsItsHistorySaysInAnyOrder() {
        var random = SeededGenerator(seed: SeededGenerator.fuzzSeed("CircuitBreakerTests"))
        for _ in 0..<400 {
            var bounds = CircuitBreaker.Bounds()
            bounds.failuresMax = 1 + random.below(4)
            bounds.pauseMin = UInt64(1 + random.below(100))
            bounds.pauseMax = UInt64(1 + random.below(500))
            var history = BreakerHistory(bounds)
            for _ in 0..<80 { history.step(&random) }
        }
    }
}

/// A breaker beside the plainest account of what it promises.
private struct BreakerHistory {
    private let bounds: CircuitBreaker.Bounds
    private var breaker: CircuitBreaker
    private var now: UInt64 = 1
    private var nextTicket: UInt64 = 1
    // The account.
    private var failures = 0
    private var isClosed = true
    private var closedAt: UInt64 = 0
    private var openUntil: UInt64 = 0
    private var lastPause: UInt64?
    private var probe: UInt64?

    init(_ bounds: CircuitBreaker.Bounds) {
        self.bounds = bounds
        breaker = CircuitBreaker(bounds, now: 0)
    }

    private var longest: UInt64 { max(bounds.pauseMin, bounds.pauseMax) }

    mutating func step(_ random: inout SeededGenerator) {
        now += UInt64(random.below(120))
        switch random.below(7) {
        case 0, 1: ask()
        case 2: fail(atOnce: false)
        case 3: fail(atOnce: true)
        case 4: pass()
        case 5: withdraw()
        default: now += UInt64(random.below(600))
        }
        let expected: BreakerState =
            isClosed ? .closed : probe != nil || now >= openUntil ? .halfOpen : .open
        #expect(breaker.state(at: now) == expected)
        #expect(breaker.pause <= longest)
        #expect((breaker.finding == nil) == isClosed)
    }

    private mutating func ask() {
        let ticket = nextTicket
        nextTicket += 1
        let mayPass = isClosed || (now >= openUntil && probe == nil)
        #expect((breaker.refusal(at: now) == nil) == mayPass)
        if expectedPause > 0 { #expect(breaker.refusal(at: now) == expectedPause) }
        let isProbe = breaker.begin(ticket, now: now)
        #expect(isProbe == (mayPass && !isClosed))
        if isProbe { probe = ticket }
    }

    private var expectedPause: UInt64 {
        isClosed || probe != nil || now >= openUntil ? 0 : openUntil - now
    }

    private mutating func fail(atOnce: Bool) {
        let finding = CircuitBreaker.Finding(.deviceError, "x")
        let opened =
            atOnce ? breaker.trip(finding, now: now) : breaker.fail(finding, now: now)
        if isClosed, !atOnce, failures + 1 < bounds.failuresMax {
            failures += 1
            #expect(!opened)
            return
        }
        let wasOpen = !isClosed && probe == nil && now < openUntil
        #expect(opened == !wasOpen)
        guard !wasOpen else { return }
        let isHealthy = isClosed && now - closedAt >= longest
        let pause =
            lastPause.map { isHealthy ? bounds.pauseMin : min(2 * $0, longest) } ?? bounds.pauseMin
        (isClosed, openUntil, lastPause, probe, failures) = (false, now + pause, pause, nil, 0)
    }

    private mutating func pass() {
        guard isClosed || probe != nil else { return }
        breaker.close(now: now)
        if !isClosed { closedAt = now }
        (isClosed, probe, failures) = (true, nil, 0)
    }

    private mutating func withdraw() {
        breaker.withdraw(probe ?? nextTicket, now: now)
        probe = nil
    }
}
