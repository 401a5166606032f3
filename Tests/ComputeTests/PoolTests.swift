// The thread pool: every portion once, whatever the timing; ends cleanly from every state.

import CKernels
import Glibc
import Synchronization
import Testing

/// What portions of a test write to: how often each ran, and the largest worker number seen.
private final class Tally: Sendable {
    let counts: [Atomic64]
    let largestWorker = Atomic<Int>(0)

    final class Atomic64: Sendable {
        let value = Atomic<Int>(0)
    }

    init(_ count: Int) { counts = (0..<count).map { _ in Atomic64() } }

    func run(on pool: OpaquePointer, count: Int) {
        let portion: kn_portion = { context, portion, worker in
            guard let context else { return }
            let tally = Unmanaged<Tally>.fromOpaque(context).takeUnretainedValue()
            tally.counts[portion].value.add(1, ordering: .relaxed)
            tally.largestWorker.max(Int(worker), ordering: .relaxed)
        }
        kn_pool_run(pool, portion, Unmanaged.passUnretained(self).toOpaque(), count)
    }
}

/// A pool address that may go to another thread of a test.
private struct SharedPool: Sendable {
    let address: UInt
    var pool: OpaquePointer { OpaquePointer(bitPattern: address)! }
    init(_ pool: OpaquePointer) { address = UInt(bitPattern: pool) }
}

@Suite struct PoolTests {
    @Test(arguments: [1, 2, 3, 7] as [UInt32], [0, 1, 2, 5, 64, 1000])
    func everyTaskRunsExactlyOnce(_ threads: UInt32, _ count: Int) throws {
        let pool = try #require(kn_pool_create(threads))
        defer { kn_pool_destroy(pool) }
        let tally = Tally(count)
        for round in 1...20 {
            tally.run(on: pool, count: count)
            #expect(tally.counts.allSatisfy { $0.value.load(ordering: .relaxed) == round })
        }
        #expect(tally.largestWorker.load(ordering: .relaxed) < Int(threads))
        #expect(kn_pool_threads(pool) == threads)
    }

    @Test func manySmallJobsWithSleepsInBetweenLoseNothing() throws {
        let pool = try #require(kn_pool_create(3))
        defer { kn_pool_destroy(pool) }
        let tally = Tally(4)
        for round in 1...6000 {
            tally.run(on: pool, count: 4)
            // Now and then the workers are given the time to fall asleep, now and then just not.
            if round % 500 == 0 { usleep(200) }
            if round % 37 == 0 { usleep(45) }
        }
        #expect(tally.counts.allSatisfy { $0.value.load(ordering: .relaxed) == 6000 })
    }

    @Test func aPoolEndsWhetherItsWorkersSpinOrSleep() throws {
        for round in 0..<60 {
            let pool = try #require(kn_pool_create(4))
            if round % 3 > 0 { Tally(8).run(on: pool, count: 8) }
            if round % 3 > 1 { usleep(300) }
            kn_pool_destroy(pool)
        }
        kn_pool_destroy(nil)
    }

    /// Every portion counts itself, and finds all portions of earlier stages counted, and none of
    /// later stages. Stages of three portions are whole.
    @Test(
        arguments: [1, 2, 3, 7] as [UInt32],
        [[1, 2, 1], [5, 0, 1, 1, 64], [2, 3, 2, 7, 1, 4]])
    func stagesFollowEachOther(_ threads: UInt32, _ counts: [Int]) throws {
        final class Stage: Sendable {
            let before: Int
            let count: Int
            let run: Atomic<Int>
            let total: Tally
            let faults: Tally

            init(_ before: Int, _ count: Int, _ total: Tally, _ faults: Tally) {
                (self.before, self.count, self.total, self.faults) = (before, count, total, faults)
                run = Atomic(0)
            }
        }
        let pool = try #require(kn_pool_create(threads))
        defer { kn_pool_destroy(pool) }
        let total = Tally(1), faults = Tally(1)
        var before = 0
        let stages = counts.map { count in
            defer { before += count }
            return Stage(before, count, total, faults)
        }
        let list = stages.map { stage in
            kn_stage(
                portion: { context, _, _ in
                    guard let context else { return }
                    let stage = Unmanaged<Stage>.fromOpaque(context).takeUnretainedValue()
                    let seen = stage.total.counts[0].value.add(1, ordering: .relaxed).oldValue
                    let range = stage.before..<stage.before + stage.count
                    if !range.contains(seen) {
                        stage.faults.counts[0].value.add(1, ordering: .relaxed)
                    }
                    stage.run.add(1, ordering: .relaxed)
                }, context: Unmanaged.passUnretained(stage).toOpaque(), count: stage.count,
                whole: stage.count == 3)
        }
        for round in 1...2000 {
            total.counts[0].value.store(0, ordering: .relaxed)
            kn_pool_run_stages(pool, list, list.count)
            #expect(total.counts[0].value.load(ordering: .relaxed) == before)
            // Now and then the workers fall asleep, or are about to.
            if round % 500 == 0 { usleep(200) }
            if round % 97 == 0 { usleep(45) }
        }
        #expect(faults.counts[0].value.load(ordering: .relaxed) == 0)
        for stage in stages { #expect(stage.run.load(ordering: .relaxed) == 2000 * stage.count) }
    }

    @Test func aPoolOfNoThreadsIsRefused() {
        #expect(kn_pool_create(0) == nil)
        #expect(kn_pool_create(5000) == nil)
    }

    @Test func twoThreadsMayUseOnePoolAtOnce() throws {
        let pool = try #require(kn_pool_create(2))
        defer { kn_pool_destroy(pool) }
        let tallies = [Tally(16), Tally(16), Tally(16)]
        let shared = SharedPool(pool)
        var threads: [pthread_t] = []
        for tally in tallies {
            let body = ThreadBody { for _ in 0..<2000 { tally.run(on: shared.pool, count: 16) } }
            threads.append(try body.start())
        }
        for thread in threads { pthread_join(thread, nil) }
        for tally in tallies {
            #expect(tally.counts.allSatisfy { $0.value.load(ordering: .relaxed) == 2000 })
        }
    }

    @Test func jobsFinishWhileOtherThreadsTakeTheCores() throws {
        let pool = try #require(kn_pool_create(4))
        defer { kn_pool_destroy(pool) }
        let stop = Tally(1)
        let busy = ThreadBody { while stop.counts[0].value.load(ordering: .relaxed) == 0 {} }
        let threads = try (0..<4).map { _ in try busy.start() }
        let tally = Tally(32)
        for _ in 0..<50 { tally.run(on: pool, count: 32) }
        stop.counts[0].value.store(1, ordering: .relaxed)
        for thread in threads { pthread_join(thread, nil) }
        #expect(tally.counts.allSatisfy { $0.value.load(ordering: .relaxed) == 50 })
    }
}

/// A closure on a thread of its own, so that tests need no sleeping task executor.
final class ThreadBody: Sendable {
    private let body: @Sendable () -> Void

    struct NotStarted: Error {}

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func start() throws -> pthread_t {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, argument)
        guard status == 0 else { throw NotStarted() }
        return thread
    }
}
