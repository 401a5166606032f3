// The stages of a shutdown: finish, then cancel, then leave; each request to stop moves it on.

import Service
import Testing

@Suite struct DrainProgressTests {
    private var limits: ServiceLimits {
        var limits = ServiceLimits()
        limits.drainMicroseconds = 1000
        limits.drainGraceMicroseconds = 0
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

    @Test func aGraceComesFirstAndIsSkippedByAFurtherRequest() {
        var limits = limits
        limits.drainGraceMicroseconds = 300
        var drain = DrainProgress()
        #expect(drain.request(now: 0, limits: limits) == .announce)
        #expect(!drain.isRunning && drain.nextStep == 300)
        #expect(drain.step(now: 299) == .wait)
        #expect(drain.step(now: 300) == .begin)
        #expect(drain.isRunning && drain.nextStep == 1300)
        #expect(drain.step(now: 1300) == .cancel)

        drain = DrainProgress()
        #expect(drain.request(now: 0, limits: limits) == .announce)
        #expect(drain.request(now: 10, limits: limits) == .begin)
        #expect(drain.nextStep == 1010)
        #expect(drain.request(now: 11, limits: limits) == .hurry)

        drain = DrainProgress()
        #expect(drain.request(now: 0, limits: limits, skipsGrace: true) == .begin)
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
        #expect(limits.helloTimeoutMicroseconds < limits.frameTimeoutMicroseconds)
        #expect(limits.rateWindowMicroseconds < limits.frameTimeoutMicroseconds)
        #expect(limits.idleReplacedMicroseconds < limits.idleTimeoutMicroseconds)
        #expect(limits.outstandingSizeMax > ServiceLimits.outstandingSizeMin)
    }

    /// Memory, then the totals of buffers and of bodies, all in MiB.
    @Test(arguments: [
        [1_000_000_000, 256, 64], [4096, 256, 64], [1024, 64, 16], [128, 8, 4], [1, 4, 4],
    ])
    func totalsAreSharesOfTheMemoryWithinTheirBounds(_ sizes: [Int]) {
        let (memory, buffers, bodies) = (sizes[0] << 20, sizes[1] << 20, sizes[2] << 20)
        var limits = ServiceLimits(memory: memory)
        #expect(limits.inputTotalMax == buffers)
        #expect(limits.outputTotalMax == buffers)
        #expect(limits.outstandingSizeMax == max(bodies, ServiceLimits.outstandingSizeMin))
        limits.inputTotalMax = ServiceLimits().inputTotalMax
        limits.outputTotalMax = ServiceLimits().outputTotalMax
        limits.outstandingSizeMax = ServiceLimits().outstandingSizeMax
        #expect(limits == ServiceLimits(), "nothing else depends on the memory")
    }
}
