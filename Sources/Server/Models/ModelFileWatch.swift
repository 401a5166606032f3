// Looks every few seconds whether the files of served models are still those that were loaded, and
// tells the loop when that changes.
//
// Guarantees: answers depend on none of it, for every byte that serves is memory of the process. A
// look is one `stat` call a file on a thread of its own, so a stalled disk delays only later looks.
// Does not: reload, or judge. The directory keeps what was seen, Health and Models show it.

import Dispatch
import Foundation
import Loading
import Logging
import Service
import Synchronization
import Wire

/// See the head of the file. Any thread.
final class ModelFileWatch: Sendable {
    private struct Entry: Sendable {
        let model: RealModel
        var last: ModelFileState
    }

    private let entries = Mutex<[ModelRemoval: Entry]>([:])
    private let isStopped = Atomic<Bool>(false)
    private let wake = DispatchSemaphore(value: 0)
    private let interval: Double
    private let inbox: LoopInbox
    private let logger: Logger

    /// Starts the thread.
    ///
    /// - Parameter interval: seconds from one look to the next.
    init(interval: Double, inbox: LoopInbox, logger: Logger) {
        self.interval = interval
        self.inbox = inbox
        self.logger = logger
        let thread = Thread { [self] in run() }
        thread.name = "assay-files"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Looks at the files of a model from now on.
    func add(_ model: RealModel, as served: ModelRemoval) {
        entries.withLock { $0[served] = Entry(model: model, last: .unchanged) }
    }

    /// Forgets a model.
    func remove(_ served: ModelRemoval) {
        _ = entries.withLock { $0.removeValue(forKey: served) }
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
            for (served, entry) in entries.withLock({ $0 }) { look(entry, served) }
        }
    }

    private func look(_ entry: Entry, _ served: ModelRemoval) {
        let state = entry.model.fileState()
        guard state != entry.last else { return }
        entries.withLock { $0[served]?.last = state }
        let file = VerifiedFile(state)
        let metadata: Logger.Metadata = [
            "model": "\(served.name)", "file": "\(file.state)", "reason": "\(file.reason ?? "")",
        ]
        if file.state == .unchanged {
            logger.notice("the files of a served model are what they were", metadata: metadata)
        } else {
            logger.warning(
                "the files of a served model changed; it goes on with what was loaded",
                metadata: metadata)
        }
        inbox.post(.fileSeen(served, file))
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
