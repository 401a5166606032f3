// What the admin pages know: how far the loads of the start have come, and later what the loop
// thread says when it is asked.
//
// Guarantees: never touches a model; nothing here waits longer than two seconds. Any thread.

import Loading
import Service
import Synchronization

/// See the head of the file.
final class AdminBoard: Sendable {
    /// One look at everything.
    struct View: Sendable {
        let readiness: Readiness
        let slots: [ModelDirectory.Slot]
        /// False when the loop thread has not answered.
        let isAlive: Bool
    }

    private struct State: Sendable {
        var isServing = false
        var requirement = Readiness.Requirement()
        /// Stands for the loop's own while the loop does not run yet.
        var directory = ModelDirectory()
        var progress: [String: String] = [:]
    }

    private let state = Mutex(State())
    private let surveys: LoopSurveys

    init(_ inbox: LoopInbox) { surveys = LoopSurveys(inbox) }

    // MARK: - The start

    /// Says what will be loaded and what of it is required.
    func expect(_ requirement: Readiness.Requirement) {
        state.withLock { state in
            state.requirement = requirement
            for name in requirement.configured {
                // A name that is there twice was refused with the configuration.
                try? state.directory.beginLoad(name)
                state.progress[name] = "waits for its turn to load"
            }
        }
    }

    /// A layer of the assay has begun or ended.
    func progressed(_ name: String, _ progress: Loading.LoadProgress) {
        let attempt = progress.attempt > 1 ? ", attempt \(progress.attempt)" : ""
        state.withLock { $0.progress[name] = "loading: \(progress.layer) layer\(attempt)" }
    }

    /// The assay is over.
    func finished(_ name: String, _ outcome: LoadOutcome) {
        state.withLock { state in
            switch outcome.result {
            case .success: state.progress[name] = "accepted, waits for the server to start"
            case .failure(let rejection):
                state.directory.failLoad(name, reason: rejection.message)
            }
        }
    }

    /// From now on the loop thread is asked.
    func startServing() { state.withLock { $0.isServing = true } }

    // MARK: - Looking

    /// Where things stand now.
    func look() async -> View {
        let state = state.withLock { $0 }
        guard state.isServing else {
            let slots = state.directory.slots
            return View(
                readiness: Readiness(
                    phase: .loading, slots: slots, requirement: state.requirement,
                    progress: state.progress),
                slots: slots, isAlive: true)
        }
        guard let facts = await surveys.facts() else {
            return View(
                readiness: Readiness(phase: .serving, slots: [], requirement: state.requirement),
                slots: [], isAlive: false)
        }
        return View(
            readiness: Readiness(
                phase: facts.isDraining ? .draining : .serving, slots: facts.slots,
                requirement: state.requirement),
            slots: facts.slots, isAlive: true)
    }
}
