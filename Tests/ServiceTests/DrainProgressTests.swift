// The stages of a shutdown: finish, then cancel, then leave; each request to stop moves it on.

import Service
import Testing

@Suite struct DrainProgressTests {
    private var limits: ServiceLimits {
        var limits = ServiceLimits()
        limits.drainMicroseconds = 1000
        return limits
    }

    @Test func timeMovesItFromFinishingToCancellingToGone() {
        var drain = DrainProgress()
        #expect(!drain.isRunning && drain.step(now: 5) == .wait)
        #expect(drain.request(now: 0, limits: limits) == .begin)
        #expect(drain.isRunning)
        #expect(drain.step(now: 999) == .wait)
        #expect(drain.step(now: 1000) == .cancel)
        #expect(drain.step(now: 1001) == .wait)
        #expect(drain.step(now: 1000 + DrainProgress.graceMicroseconds) == .stop)
    }

    @Test func aSecondRequestHurriesAndAThirdLeaves() {
        var drain = DrainProgress()
        _ = drain.request(now: 0, limits: limits)
        #expect(drain.request(now: 10, limits: limits) == .hurry)
        #expect(drain.step(now: 10) == .cancel)
        #expect(drain.request(now: 11, limits: limits) == .leave)
    }
}

@Suite struct ServiceLimitsTests {
    @Test func defaultsRelateAsTheirReasonsSay() {
        let limits = ServiceLimits()
        #expect(limits.outputLowSize < limits.outputHighSize)
        #expect(limits.outputHighSize < limits.outputSizeMax)
        #expect(limits.sequencesMax < limits.stepTokensMax)
        #expect(limits.inFlightMax <= limits.outstandingMax)
        #expect(limits.helloTimeoutMicroseconds < limits.writeStallMicroseconds)
    }
}
