// The way back to the loop thread: a locked queue and the loop's wake-up.
//
// Guarantees: messages of a sender arrive in order. A batch costs one wake-up.
// Does not: bound anything. Whoever makes large answers asks `OutputWindows` before.

import EventLoop
import Loading
import Service
import Synchronization
import Wire

/// Messages of other threads to the loop thread.
enum LoopMessage: Sendable {
    case event(ticket: UInt64, WorkEvent)
    /// Load a model of the server's start.
    case boot(LoadRequest, BootOutcome)
    /// All models of the start are in service. The answer is false while the server drains.
    case served(Latch<Bool>)
    /// A loader has finished the assay, with or without a model.
    case assayed(ticket: UInt64, LoadOutcome)
    /// The engine has taken a model in, or failed to.
    case installed(ticket: UInt64, ServiceError?)
    /// Memory of a model has come back.
    case memoryCameBack
    /// The rehearsal of a swap has ended.
    case rehearsed(ticket: UInt64, Result<RehearsalOutcome, ServiceError>)
    /// A verification has come back.
    case verified(ticket: UInt64, ServedModel, VerificationOutcome, VerifiedFile)
    /// State of a served model's files.
    case fileSeen(ServedModel, VerifiedFile)
    /// A request is computed a second time.
    case recomputed
    /// Requests gave their places to others for a while.
    case suspended(Int)
    /// The verification before a breaker's probe has come back.
    case proved(ticket: UInt64, VerificationOutcome)
    /// A step of a model failed.
    case stepFailed(ServedModel, reason: String)
    /// A model gave values that are not finite, twice.
    case damaged(ServedModel, reason: String)
    /// The admin pages ask for the models and the state of the server.
    case survey(LoopSurvey)
    /// The token file has other tokens than before.
    case tokens(TokenGate)
    /// Drain as after SIGTERM. A second message hurries the drain.
    case shutDown
}

/// See the head of the file. Any thread posts, the loop thread takes.
final class LoopInbox: Sendable {
    private struct State: Sendable {
        var messages: [LoopMessage] = []
        var wakeup: Wakeup?
    }

    private let state = Mutex(State())

    /// Connects the inbox to its loop. Loop thread, before the first post.
    func attach(_ wakeup: Wakeup) { state.withLock { $0.wakeup = wakeup } }

    /// Cuts the connection. Later messages stay unread.
    func detach() { state.withLock { $0.wakeup = nil } }

    /// Queues a message. Any thread.
    func post(_ message: LoopMessage) {
        let wakeup = state.withLock { state in
            state.messages.append(message)
            return state.messages.count == 1 ? state.wakeup : nil
        }
        wakeup?.send()
    }

    /// Queues all of `batch` and empties it. Any thread. Takes one lock and sends at most one
    /// wake-up.
    func post(_ batch: inout [LoopMessage]) {
        guard !batch.isEmpty else { return }
        let wakeup = state.withLock { state in
            let wasEmpty = state.messages.isEmpty
            state.messages.append(contentsOf: batch)
            return wasEmpty ? state.wakeup : nil
        }
        batch.removeAll(keepingCapacity: true)
        wakeup?.send()
    }

    /// Exchanges the queue for `empty`, whose room is reused. Loop thread.
    func takeAll(into empty: inout [LoopMessage]) {
        empty.removeAll(keepingCapacity: true)
        state.withLock { swap(&$0.messages, &empty) }
    }
}
