// A thread that runs closures one after another, for as long as somebody holds on to it.
//
// A queue of Dispatch borrows threads that other work uses later, so the priority of its thread
// cannot be lowered for good.
// Guarantees: closures run in the order of the calls. What was queued runs, also when the owner has
// gone. Without another thread, `run` runs the closure itself.

import Dispatch
import Synchronization
import Threads

/// Runs closures in order. Any thread, one at a time.
package final class SerialThread: Sendable {
    private struct State {
        var work: [@Sendable () -> Void] = []
        var isOver = false
    }

    /// Shared with the thread, which does not hold on to the owner.
    private final class Inbox: Sendable {
        let state = Mutex(State())
        let arrived = DispatchSemaphore(value: 0)

        func run() {
            while true {
                arrived.wait()
                let (work, isOver) = state.withLock { state in
                    defer { state.work = [] }
                    return (state.work, state.isOver)
                }
                for body in work { body() }
                if isOver { return }
            }
        }
    }

    private let inbox = Inbox()
    private let hasThread: Bool

    package init(_ name: String) {
        let inbox = inbox
        do throws(ThreadRefusal) {
            try startThread(name) { inbox.run() }
            hasThread = true
        } catch {
            hasThread = false
        }
    }

    deinit {
        inbox.state.withLock { $0.isOver = true }
        inbox.arrived.signal()
    }

    /// Runs `body` after everything before.
    package func run(_ body: @escaping @Sendable () -> Void) {
        guard hasThread else { return body() }
        inbox.state.withLock { $0.work.append(body) }
        inbox.arrived.signal()
    }

    /// Waits until everything has run.
    package func finish() {
        let done = DispatchSemaphore(value: 0)
        run { done.signal() }
        done.wait()
    }
}
