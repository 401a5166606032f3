// Work of the host on the queue's threads.

import Compute
import Glibc
import Synchronization
import Testing

@Suite struct HostWorkTests {
    @Test(arguments: [1, 2, 4], [0, 1, 7, 300])
    func everyCallIsMadeOnce(_ threads: Int, _ count: Int) throws {
        let queue = try CPUBackend(threads: threads).makeQueue()
        let calls = Mutex([Int](repeating: 0, count: count))
        for _ in 0..<10 { queue.concurrently(count) { index in calls.withLock { $0[index] += 1 } } }
        #expect(calls.withLock { $0.allSatisfy { $0 == 10 } })
    }

    /// Each of two calls waits for the other.
    @Test func callsRunBesideEachOther() throws {
        let queue = try CPUBackend(threads: 2).makeQueue()
        let begun = Atomic<Int>(0)
        let met = Atomic<Int>(0)
        queue.concurrently(2) { _ in
            begun.add(1, ordering: .relaxed)
            // A machine that others use may keep the other thread from its core for a while.
            let end = ContinuousClock.now + .seconds(60)
            while begun.load(ordering: .relaxed) < 2, .now < end { sched_yield() }
            if begun.load(ordering: .relaxed) == 2 { met.add(1, ordering: .relaxed) }
        }
        #expect(met.load(ordering: .relaxed) == 2)
    }
}
