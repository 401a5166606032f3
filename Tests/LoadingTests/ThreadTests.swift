// Threads: a body that runs once under its name, and a refusal of the system as an error.

import Foundation
import Synchronization
import Testing
import Threads

@Suite struct ThreadTests {
    @Test func theBodyRunsOnceUnderItsName() throws {
        let done = DispatchSemaphore(value: 0)
        let found = Mutex<[String]>([])
        try startThread("a-name-that-is-cut") {
            let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
            found.withLock { $0.append(name ?? "") }
            done.signal()
        }
        #expect(done.wait(timeout: .now() + 10) == .success)
        #expect(found.withLock { $0 } == ["a-name-that-is-\n"])
    }

    /// No system has room for such a stack.
    @Test func aThreadThatTheSystemRefusesIsAnError() {
        let error = #expect(throws: ThreadRefusal.self) {
            try startThread("giant", stackSize: 1 << 60) { Issue.record("a body without a thread") }
        }
        #expect(error?.description.hasPrefix("pthread_create failed with error ") == true)
    }

    /// On systems with slices: set for the thread alone, and not for those that it starts.
    @Test func aSliceIsTheThreadsOwn() throws {
        let done = DispatchSemaphore(value: 0)
        let found = Mutex<[UInt64?]>([])
        let isSet = Mutex(false)
        let usual = threadSliceMicroseconds()
        try startThread("sliced") {
            isSet.withLock { $0 = setThreadSlice(microseconds: 300) }
            found.withLock { $0.append(threadSliceMicroseconds()) }
            let started: Void? = try? startThread("child") {
                found.withLock { $0.append(threadSliceMicroseconds()) }
                done.signal()
            }
            if started == nil { done.signal() }
        }
        #expect(done.wait(timeout: .now() + 10) == .success)
        let expected = isSet.withLock { $0 } ? [300, usual] : [usual, usual]
        #expect(found.withLock { $0 } == expected)
        #expect(threadSliceMicroseconds() == usual)
    }

    /// For the thread and those that it starts, and for nobody else.
    @Test func aLowPriorityIsTheThreadsOwn() throws {
        let done = DispatchSemaphore(value: 0)
        let found = Mutex<[Int32?]>([])
        let usual = threadNiceness()
        try startThread("low") {
            lowerThreadPriority()
            found.withLock { $0.append(threadNiceness()) }
            let started: Void? = try? startThread("child") {
                found.withLock { $0.append(threadNiceness()) }
                done.signal()
            }
            if started == nil { done.signal() }
        }
        #expect(done.wait(timeout: .now() + 60) == .success)
        let low = max(usual ?? 0, lowThreadNiceness)
        #expect(found.withLock { $0 } == [low, low])
        #expect(threadNiceness() == usual)
    }

    @Test func whatIsDroppedElsewhereIsReleased() {
        final class Last: Sendable {
            let ended: DispatchSemaphore
            init(_ ended: DispatchSemaphore) { self.ended = ended }
            deinit { ended.signal() }
        }
        let ended = DispatchSemaphore(value: 0)
        dropElsewhere(Last(ended))
        #expect(ended.wait(timeout: .now() + 60) == .success)
    }
}
