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
        #expect(policy.admit(size: 1, connection: 1, now: 0) == .admitted)
        #expect(policy.admit(size: 1, connection: 1, now: 0) == .admitted)
        let verdict = policy.admit(size: 1, connection: 1, now: 0)
        #expect(verdict == .refused(retryAfterMilliseconds: 100))
        policy.finish(size: 1, connection: 1, now: 0)
        #expect(policy.admit(size: 1, connection: 1, now: 0) == .admitted)
    }

    @Test func bytesAreBoundedToo() {
        var policy = policy(count: 10, size: 100)
        #expect(policy.admit(size: 100, connection: 1, now: 0) == .admitted)
        let verdict = policy.admit(size: 1, connection: 1, now: 0)
        #expect(verdict == .refused(retryAfterMilliseconds: 100))
        #expect(policy.outstandingCount == 1)
    }

    @Test func thePauseFollowsTheRateAtWhichPlacesFreeUp() {
        var policy = policy(count: 3)
        for _ in 0..<3 { _ = policy.admit(size: 0, connection: 1, now: 0) }
        policy.finish(size: 0, connection: 1, now: 1_000_000)
        policy.finish(size: 0, connection: 1, now: 1_200_000)
        _ = policy.admit(size: 0, connection: 1, now: 1_200_000)
        _ = policy.admit(size: 0, connection: 1, now: 1_200_000)
        let verdict = policy.admit(size: 0, connection: 1, now: 1_200_000)
        #expect(verdict == .refused(retryAfterMilliseconds: 400))
    }

    @Test func anIdleHourDoesNotMakeThePauseAnHour() {
        var policy = policy(count: 1)
        _ = policy.admit(size: 0, connection: 1, now: 0)
        policy.finish(size: 0, connection: 1, now: 0)
        _ = policy.admit(size: 0, connection: 1, now: 0)
        policy.finish(size: 0, connection: 1, now: 3_600_000_000)
        _ = policy.admit(size: 0, connection: 1, now: 0)
        let verdict = policy.admit(size: 0, connection: 1, now: 0)
        #expect(verdict == .refused(retryAfterMilliseconds: 100))
    }

    private func held(_ policy: inout AdmissionPolicy, by connection: UInt64) -> Int {
        var count = 0
        while policy.admit(size: 1, connection: connection, now: 0) == .admitted { count += 1 }
        return count
    }

    @Test func aConnectionAloneLeavesRoomForAnother() {
        var policy = policy(count: 64, size: 1000)
        #expect(held(&policy, by: 1) == 56)
        #expect(policy.admit(size: 1, connection: 2, now: 0) == .admitted)
    }

    @Test func greedyConnectionsLeaveRoomForModestOnes() {
        var policy = policy(count: 512, size: 100_000)
        var counts = [Int](repeating: 0, count: 4)
        var isMoving = true
        while isMoving {
            isMoving = false
            for connection in 0..<4
            where policy.admit(size: 1, connection: UInt64(connection), now: 0) == .admitted {
                counts[connection] += 1
                isMoving = true
            }
        }
        // As many as are free: 512 / 5.
        #expect(counts.allSatisfy { (102...103).contains($0) })
        #expect(held(&policy, by: 9) > 16)
    }

    @Test func bytesAreSharedLikePlaces() {
        var policy = policy(count: 1000, size: 1000)
        #expect(policy.admit(size: 800, connection: 1, now: 0) == .admitted)
        #expect(policy.admit(size: 100, connection: 1, now: 0) != .admitted)
        #expect(policy.admit(size: 100, connection: 2, now: 0) == .admitted)
        #expect(policy.admit(size: 100, connection: 2, now: 0) != .admitted)
        #expect(policy.admit(size: 100, connection: 3, now: 0) == .admitted)
    }

    @Test func aWaitBehindOnesOwnRequestsIsBounded() {
        var limits = ServiceLimits()
        limits.waitMicrosecondsMax = 10_000_000
        var policy = AdmissionPolicy(limits: limits)
        for _ in 0..<4 { _ = policy.admit(size: 0, connection: 1, now: 0) }
        policy.finish(size: 0, connection: 1, now: 1_000_000)
        policy.finish(size: 0, connection: 1, now: 4_000_000)
        // Three seconds for each: with two there already, a third waits nine seconds.
        #expect(policy.admit(size: 0, connection: 1, now: 4_000_000) == .admitted)
        let verdict = policy.admit(size: 0, connection: 1, now: 4_000_000)
        #expect(verdict == .refused(retryAfterMilliseconds: 4000))
        #expect(policy.admit(size: 0, connection: 2, now: 4_000_000) == .admitted)
    }

    @Test func aSilenceLengthensTheExpectedWait() {
        var policy = policy(count: 2)
        for _ in 0..<2 { _ = policy.admit(size: 0, connection: 1, now: 0) }
        policy.finish(size: 0, connection: 1, now: 1000)
        _ = policy.admit(size: 0, connection: 1, now: 1000)
        policy.finish(size: 0, connection: 1, now: 101_000)
        _ = policy.admit(size: 0, connection: 1, now: 101_000)
        let verdict = policy.admit(size: 0, connection: 1, now: 2_101_000)
        #expect(verdict == .refused(retryAfterMilliseconds: 4000))
    }
}
