// A thread that stands aside computes alone and rests between portions; and large memory goes back
// to the system without the thread that lets it go.

import CKernels
import Compute
import Glibc
import Synchronization
import Testing

@Suite struct StandingAsideTests {
    /// Runs a job of `count` portions and returns the workers that took them.
    private func workers(of pool: OpaquePointer, count: Int) -> Set<Int> {
        final class Seen: Sendable { let workers = Mutex<[Int]>([]) }
        let seen = Seen()
        let portion: kn_portion = { context, _, worker in
            guard let context else { return }
            Unmanaged<Seen>.fromOpaque(context).takeUnretainedValue()
                .workers.withLock { $0.append(Int(worker)) }
        }
        kn_pool_run(pool, portion, Unmanaged.passUnretained(seen).toOpaque(), count)
        let found = seen.workers.withLock { $0 }
        #expect(found.count == count)
        return Set(found)
    }

    @Test func aThreadThatStandsAsideRestsAfterEachPortion() throws {
        let pool = try #require(kn_pool_create(3))
        defer { kn_pool_destroy(pool) }
        let rests = Mutex(0)
        StandingAside.begin { rests.withLock { $0 += 1 } }
        #expect(StandingAside.isOn)
        #expect(workers(of: pool, count: 200) == [0])
        #expect(rests.withLock { $0 } == 200)
        StandingAside.end()
        #expect(!StandingAside.isOn)
        _ = workers(of: pool, count: 200)
        #expect(rests.withLock { $0 } == 200)
    }

    @Test func theRestIsReleasedAtTheEnd() {
        final class Held {}
        weak var released: Held?
        do {
            let held = Held()
            released = held
            StandingAside.begin { withExtendedLifetime(held) {} }
            StandingAside.begin { withExtendedLifetime(held) {} }
        }
        #expect(released != nil)
        StandingAside.end()
        #expect(released == nil)
    }

    @Test func largeMemoryIsGivenBackOnceItsOwnerHasGone() throws {
        let size = 2 * MemoryReturn.sizeMin
        let address = mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        let memory = try #require(address)
        memset(memory, 1, size)
        MemoryReturn.take(memory, size)
        MemoryReturn.settle()
        // The system knows no page there any more.
        #expect(msync(memory, 4096, MS_ASYNC) == -1)
        #expect(errno == ENOMEM)
    }
}
