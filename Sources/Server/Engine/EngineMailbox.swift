// The way into the engine thread: a locked queue and a coalescing wake-up.
//
//      any thread ── send ──▶ [ commands ] ──▶ takeAll ── engine thread
//                              semaphore, signalled only while the engine sleeps
//
// Guarantees: commands of a sender arrive in order. No command is lost between the engine's last
// look and its sleep. While the engine works, a send costs a lock and no system call.

import Dispatch
import Loading
import Service
import Synchronization

/// Commands of other threads to the engine.
enum EngineMessage: Sendable {
    /// Makes the model runnable. Calls `completion` on the engine thread.
    case install(EngineInstallation)
    case remove(ServedModel)
    /// The model is no longer trusted, and its requests end.
    case distrust(ServedModel, reason: String)
    /// The model's weights were verified, and its requests are computed again.
    case trust(ServedModel)
    case run(PreparedWork)
    case cancel(ticket: UInt64)
    /// A connection reads again.
    case windowOpened
    /// Does nothing, but the beat for the command shows that the engine is alive.
    case probe
    /// Finish the current step and end the thread.
    case stop
}

/// A model on its way into the engine.
struct EngineInstallation: Sendable {
    let served: ServedModel
    let model: LoadedModel
    /// Positions of the longest sequence.
    let contextLength: Int
    let completion: @Sendable (ServiceError?) -> Void
}

/// See the head of the file. Any thread sends, one thread takes.
final class EngineMailbox: Sendable {
    /// Beats that show the engine's progress.
    let pulse = EnginePulse()
    private let published = Mutex(EngineLoad())
    private let stepping = Mutex<ServedModel?>(nil)
    private let commands = Mutex<[EngineMessage]>([])
    private let isSleeping = Atomic<Bool>(false)
    private let arrived = DispatchSemaphore(value: 0)

    /// Load of the engine at the end of its last round. Any thread.
    var load: EngineLoad { published.withLock { $0 } }

    /// Publishes the load. Engine thread.
    func publish(_ load: EngineLoad) { published.withLock { $0 = load } }

    /// Model of the running step, or of the latest one that hung. Any thread.
    var steppingModel: ServedModel? { stepping.withLock { $0 } }

    /// Notes the model of the step that begins, or nil for none. Engine thread.
    func steps(_ model: ServedModel?) { stepping.withLock { $0 = model } }

    /// Queues a command. Any thread.
    func send(_ command: EngineMessage) {
        commands.withLock { $0.append(command) }
        wake()
    }

    /// True while the engine sleeps and no command waits. Any thread.
    var isIdle: Bool {
        isSleeping.load(ordering: .sequentiallyConsistent) && commands.withLock { $0.isEmpty }
    }

    /// Exchanges the queue for `empty`, whose room is reused. Engine thread.
    func takeAll(into empty: inout [EngineMessage]) {
        empty.removeAll(keepingCapacity: true)
        commands.withLock { swap(&$0, &empty) }
    }

    /// Sleeps until a command comes, or for `milliseconds`. Nil means for ever. Engine thread.
    func sleep(milliseconds: Int32?) {
        // The flag rises before the last look, so a later sender sees the flag up.
        isSleeping.store(true, ordering: .sequentiallyConsistent)
        guard commands.withLock({ $0.isEmpty }) else {
            isSleeping.store(false, ordering: .sequentiallyConsistent)
            return
        }
        // A signal after a timeout wakes the next sleep for nothing, without further effect.
        if let milliseconds {
            _ = arrived.wait(timeout: .now() + .milliseconds(Int(milliseconds)))
        } else {
            arrived.wait()
        }
        isSleeping.store(false, ordering: .sequentiallyConsistent)
    }

    private func wake() {
        guard isSleeping.exchange(false, ordering: .sequentiallyConsistent) else { return }
        arrived.signal()
    }
}

/// A count of finished pieces of work, for the watch over the engine. Any thread.
final class EnginePulse: Sendable {
    private let count = Atomic<UInt64>(0)

    /// Counts a finished piece of work.
    func beat() { count.add(1, ordering: .relaxed) }

    /// Number of finished pieces of work.
    var beats: UInt64 { count.load(ordering: .relaxed) }
}
