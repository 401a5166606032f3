// A fingerprint on its way: computed by a background thread of low priority.
//
// Guarantees: reading the state never blocks; waiting is bounded by the caller; the thread stops
// soon after the last owner of the task is gone.
// Does not: retry. A failure is kept as a text and ends the task.

import Dispatch
import Glibc
import ModelFiles
import Synchronization

/// The fingerprint of a loaded model: not known yet, known, or failed. Any thread.
public final class FingerprintTask: Sendable {
    /// How far the computation is.
    public enum State: Sendable, Equatable {
        case pending
        case ready(Fingerprint)
        case failed(String)
    }

    private final class Shared: Sendable {
        let state: Mutex<State>
        let isCancelled = Atomic<Bool>(false)
        let done = DispatchSemaphore(value: 0)
        init(_ state: State) { self.state = Mutex(state) }

        func finish(_ result: State) {
            state.withLock { $0 = result }
            done.signal()
        }
    }

    private let shared: Shared

    /// A fingerprint that is known already.
    public init(_ fingerprint: Fingerprint) { shared = Shared(.ready(fingerprint)) }

    /// No fingerprint, and why.
    package init(failed reason: String) { shared = Shared(.failed(reason)) }

    /// Starts computing on a thread of its own.
    package init(of files: ModelFileSet) {
        let shared = Shared(.pending)
        self.shared = shared
        do {
            try startThread {
                // On Linux, `who` 0 is the calling thread: serving threads keep their priority.
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
                shared.finish(Self.run(files) { shared.isCancelled.load(ordering: .relaxed) })
            }
        } catch {
            shared.finish(.failed("\(error)"))
        }
    }

    deinit { shared.isCancelled.store(true, ordering: .relaxed) }

    /// How far the computation is, without waiting.
    public var state: State { shared.state.withLock { $0 } }

    /// The fingerprint if it is known.
    public var value: Fingerprint? {
        if case .ready(let fingerprint) = state { fingerprint } else { nil }
    }

    /// Waits up to `limit` for the computation; nil if it is still running or failed. Blocking.
    public func value(within limit: Duration, time: TimeSource = .system) -> Fingerprint? {
        if state == .pending, time.wait(shared.done, limit) {
            shared.done.signal()  // Let the next waiter through as well.
        }
        return value
    }

    private static func run(_ files: ModelFileSet, isCancelled: () -> Bool) -> State {
        do {
            let fingerprint = try Fingerprint.compute(of: files, isCancelled: isCancelled)
            return fingerprint.map { .ready($0) } ?? .failed("the model was unloaded")
        } catch {
            return .failed(error.description)
        }
    }
}
