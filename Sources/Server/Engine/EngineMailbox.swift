// The way into the engine thread: a locked queue and one coalescing wake-up.
//
//      any thread ── send ──▶ [ commands ] ──▶ takeAll ── engine thread
//                              semaphore, signalled only while the engine sleeps
//
// Guarantees: commands arrive in the order of each sender; nothing is lost between the engine's
// last look and its sleep; while the engine works, a send costs a lock and no system call.

import Dispatch
import Loading
import Service
import Synchronization

/// What other threads may ask of the engine.
enum EngineCommand: Sendable {
    /// Makes the model runnable; `completion` is called on the engine thread.
    case install(EngineInstallation)
    case remove(ModelRemoval)
    /// The model can no longer be trusted: ends what it is working on.
    case distrust(ModelRemoval, reason: String)
    case run(Work)
    case cancel(ticket: UInt64)
    case setPaused(ticket: UInt64, Bool)
    /// Does nothing; that it is taken shows that the engine is there.
    case probe
    /// Finish the current step and end the thread.
    case stop
}

/// A model on its way into the engine.
struct EngineInstallation: Sendable {
    let name: String
    let generation: UInt32
    let model: LoadedModel
    let completion: @Sendable (ServiceError?) -> Void
}

/// See the head of the file. Any thread sends; one thread takes.
final class EngineMailbox: Sendable {
    /// What the engine shows of its progress.
    let pulse = EnginePulse()
    private let published = Mutex(EngineLoad())
    private let commands = Mutex<[EngineCommand]>([])
    private let isSleeping = Atomic<Bool>(false)
    private let arrived = DispatchSemaphore(value: 0)

    /// How busy the engine was at the end of its last round. Any thread.
    var load: EngineLoad { published.withLock { $0 } }

    /// Says how busy it is. Engine thread.
    func publish(_ load: EngineLoad) { published.withLock { $0 = load } }

    /// Queues one command. Any thread.
    func send(_ command: EngineCommand) {
        commands.withLock { $0.append(command) }
        wake()
    }

    /// Whether the engine sleeps and nothing waits for it. Any thread.
    var isIdle: Bool {
        isSleeping.load(ordering: .sequentiallyConsistent) && commands.withLock { $0.isEmpty }
    }

    /// Exchanges the queue for `empty`, whose room is reused. Engine thread.
    func takeAll(into empty: inout [EngineCommand]) {
        empty.removeAll(keepingCapacity: true)
        commands.withLock { swap(&$0, &empty) }
    }

    /// Sleeps until a command comes, or for `milliseconds`; nil means for ever. Engine thread.
    func sleep(milliseconds: Int32?) {
        // The flag rises before the last look, so that a sender who comes after it sees it up.
        isSleeping.store(true, ordering: .sequentiallyConsistent)
        guard commands.withLock({ $0.isEmpty }) else {
            isSleeping.store(false, ordering: .sequentiallyConsistent)
            return
        }
        // A signal that comes after a timeout wakes the next sleep for nothing; that is all.
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

/// A count of pieces of work done, for whoever watches the engine. Any thread.
final class EnginePulse: Sendable {
    private let count = Atomic<UInt64>(0)

    /// A piece of work is done.
    func beat() { count.add(1, ordering: .relaxed) }

    /// How many there were.
    var beats: UInt64 { count.load(ordering: .relaxed) }
}
