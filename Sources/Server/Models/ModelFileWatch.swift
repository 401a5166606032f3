// Compares the files of served models with the loaded files every few seconds, and posts the
// results to the loop.
//
// Guarantees: no answer depends on the files, because every byte that serves is memory of the
// process. A look is one `stat` call per file on a separate thread, so a stalled disk delays only
// later looks.
// Does not: reload, judge or remember. The registry keeps the last state and knows the news.

import Dispatch
import Loading
import Service
import Synchronization
import Threads
import Wire

/// See the head of the file. Any thread.
final class ModelFileWatch: Sendable {
    private let models = Mutex<[ServedModel: RealModel]>([:])
    private let isStopped = Atomic<Bool>(false)
    private let wake = DispatchSemaphore(value: 0)
    private let interval: Double
    private let inbox: LoopInbox

    /// - Parameter interval: seconds from one look to the next.
    init(interval: Double, inbox: LoopInbox) {
        self.interval = interval
        self.inbox = inbox
    }

    /// Starts the thread. Once.
    func start() throws(ThreadRefusal) {
        try startThread("assay-files", stackSize: 1 << 20) { [self] in run() }
    }

    /// Looks at the files of a model from now on.
    func add(_ model: RealModel, as served: ServedModel) {
        models.withLock { $0[served] = model }
    }

    /// Forgets a model.
    func remove(_ served: ServedModel) {
        _ = models.withLock { $0.removeValue(forKey: served) }
    }

    /// Ends the thread at its next look.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        wake.signal()
    }

    private func run() {
        while true {
            _ = wake.wait(timeout: .now() + interval)
            if isStopped.load(ordering: .relaxed) { return }
            for (served, model) in models.withLock({ $0 }) {
                inbox.post(.fileSeen(served, VerifiedFile(model.fileState())))
            }
        }
    }
}

extension VerifiedFile {
    /// Loading's finding in the words of the decisions.
    init(_ state: ModelFileState) {
        switch state {
        case .unchanged: self.init(FileState.unchanged)
        case .changed(let reason): self.init(FileState.changed, reason: reason)
        case .missing(let reason): self.init(FileState.missing, reason: reason)
        }
    }
}
