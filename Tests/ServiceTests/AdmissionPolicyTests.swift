// Overload is answered at once and with a sensible pause: the counts, the bytes, the estimate.

import Service
import Testing

@Suite struct AdmissionPolicyTests {
    private func policy(count: Int = 2, size: Int = 100) -> AdmissionPolicy {
        var limits = ServiceLimits()
        limits.outstandingMax = count
        limits.outstandingSizeMax = size
        return AdmissionPolicy(limits: limits)
    }

    @Test func theLastPlaceIsGivenAndTheNextOneRefused() {
        var policy = policy(count: 2)
        #expect(policy.admit(size: 1) == .admitted)
        #expect(policy.admit(size: 1) == .admitted)
        #expect(policy.admit(size: 1) == .refused(retryAfterMilliseconds: 100))
        policy.finish(size: 1, now: 0)
        #expect(policy.admit(size: 1) == .admitted)
    }

    @Test func bytesAreBoundedToo() {
        var policy = policy(count: 10, size: 100)
        #expect(policy.admit(size: 100) == .admitted)
        #expect(policy.admit(size: 1) == .refused(retryAfterMilliseconds: 100))
        #expect(policy.outstandingCount == 1)
    }

    @Test func thePauseFollowsTheRateAtWhichPlacesFreeUp() {
        var policy = policy(count: 3)
        for _ in 0..<3 { _ = policy.admit(size: 0) }
        policy.finish(size: 0, now: 1_000_000)
        policy.finish(size: 0, now: 1_200_000)
        _ = policy.admit(size: 0)
        _ = policy.admit(size: 0)
        #expect(policy.admit(size: 0) == .refused(retryAfterMilliseconds: 400))
    }

    @Test func anIdleHourDoesNotMakeThePauseAnHour() {
        var policy = policy(count: 1)
        _ = policy.admit(size: 0)
        policy.finish(size: 0, now: 0)
        _ = policy.admit(size: 0)
        policy.finish(size: 0, now: 3_600_000_000)
        _ = policy.admit(size: 0)
        #expect(policy.admit(size: 0) == .refused(retryAfterMilliseconds: 100))
    }
}
