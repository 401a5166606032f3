// The pace of a load: low priority and rests beside a model that computes, and the same bits.

import Compute
import Dispatch
import Loading
import Synchronization
import TestSupport
import Testing
import Threads

@Suite struct LoadPaceTests {
    /// Runs `body` on a thread of its own, whose priority is nobody else's.
    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) throws -> Value
    {
        let found = Mutex<Value?>(nil)
        let done = DispatchSemaphore(value: 0)
        try startThread("paced") {
            let value = body()
            found.withLock { $0 = value }
            done.signal()
        }
        done.wait()
        return try #require(found.withLock { $0 })
    }

    /// A pace at which every look at the thread's time finds half a slice more.
    private func pace(_ neighbour: LoadPace.Neighbour) -> LoadPace {
        let looks = Atomic<Int>(0)
        return LoadPace({ neighbour }) {
            PacedThread.slice * looks.add(1, ordering: .relaxed).newValue / 2
        }
    }

    private struct Seen: Sendable {
        var niceness: Int32?
        var standsAside: Bool
        var sleeps: [Duration]
    }

    private func work(beside neighbour: LoadPace.Neighbour) throws -> Seen {
        let pace = pace(neighbour)
        return try onThread {
            let time = ManualTime()
            let thread = PacedThread(pace, time.source)
            thread.keep()
            for _ in 0..<6 { thread.rest() }
            let seen = Seen(
                niceness: threadNiceness(), standsAside: StandingAside.isOn, sleeps: time.sleeps)
            StandingAside.end()
            return seen
        }
    }

    @Test func besideAModelThatComputesEverySliceIsFollowedByARest() throws {
        let seen = try work(beside: .busy)
        let rest = PacedThread.slice * PacedThread.restFactor
        #expect(seen.sleeps == [rest, rest, rest])
        #expect(seen.standsAside)
        #expect(try #require(seen.niceness) >= lowThreadNiceness)
    }

    @Test func besideAnIdleModelThereIsNoRest() throws {
        let seen = try work(beside: .idle)
        #expect(seen.sleeps.isEmpty && seen.standsAside)
        #expect(try #require(seen.niceness) >= lowThreadNiceness)
    }

    @Test func withNothingServedTheThreadIsAUsualOne() throws {
        let usual = try onThread { threadNiceness() }
        let seen = try work(beside: .none)
        #expect(seen.sleeps.isEmpty && !seen.standsAside)
        #expect(seen.niceness == usual)
    }

    /// Niceness and standing of the threads that place and validate.
    private func load(_ path: String, _ neighbour: LoadPace.Neighbour) throws -> (
        model: LoadedModel, threads: [Seen]
    ) {
        let seen = Mutex<[Seen]>([])
        let note: @Sendable () -> Void = {
            let now = Seen(
                niceness: threadNiceness(), standsAside: StandingAside.isOn, sleeps: [])
            seen.withLock { $0.append(now) }
        }
        let loader = try ModelLoader.test(pace: LoadPace { neighbour }) { steps in
            let real = steps
            steps.place = { plan, configuration, path, observer in
                defer { note() }
                return try real.place(plan, configuration, path, observer)
            }
            steps.validate = { placed, plan in
                note()
                try real.validate(placed, plan)
            }
        }
        return (try loader.load(path: path), seen.withLock { $0 })
    }

    @Test func aPacedLoadIsLowOnEveryThreadAndGivesTheSameBits() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(GGUFBuilder.tinyLlama().build(), as: "tiny.gguf")
        let (whole, usual) = try load(path, .none)
        let (paced, low) = try load(path, .busy)
        #expect(usual.count == 2 && usual.allSatisfy { !$0.standsAside })
        #expect(low.count == 2 && low.allSatisfy { $0.standsAside })
        #expect(low.allSatisfy { ($0.niceness ?? 0) >= lowThreadNiceness })
        #expect(paced.fingerprint == whole.fingerprint)
        #expect(try logits(of: paced) == logits(of: whole))
    }

    private func logits(of model: LoadedModel) throws -> [UInt32] {
        let runner = try model.tokenModel.makeRunner(maxSequences: 1, tokenBudget: 16)
        let sequence = try runner.open(capacity: 3)
        var bits: [UInt32] = []
        try runner.step([.init(sequence: sequence, tokens: [1, 2, 3], wants: .all)]) { _, _, row in
            bits += row.map(\.bitPattern)
        }
        return bits
    }

    @Test func aSerialThreadRunsEverythingInOrderAlsoWithoutItsOwner() {
        let ran = Mutex<[Int]>([])
        let done = DispatchSemaphore(value: 0)
        do {
            let thread = SerialThread("in-order")
            for number in 0..<100 { thread.run { ran.withLock { $0.append(number) } } }
            thread.finish()
            #expect(ran.withLock { $0 } == Array(0..<100))
            thread.run { done.signal() }
        }
        #expect(done.wait(timeout: .now() + 60) == .success)
    }
}
