// What the admin pages know: what will be loaded, and once the addresses are bound what the loop
// thread says when it is asked, with how far the loads of the start have come.
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
        let isAnswered: Bool
        /// Why the process should be given up; nil while it should not.
        let death: String?
    }

    private struct State: Sendable {
        var isBound = false
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
        state.withLock { state in
            // What clients load is not kept: their names have no bound.
            guard state.progress[name] != nil else { return }
            state.progress[name] = "loading: \(progress.layer) layer\(attempt)"
        }
    }

    /// How far the load of a configured model has come.
    func progress(_ name: String) -> String? { state.withLock { $0.progress[name] } }

    /// From now on the loop thread is asked.
    func bound() { state.withLock { $0.isBound = true } }

    // MARK: - Looking

    /// Where things stand now.
    func look() async -> View {
        let state = state.withLock { $0 }
        guard state.isBound else {
            let slots = state.directory.slots
            return View(
                readiness: Readiness(
                    phase: .loading, slots: slots, requirement: state.requirement,
                    progress: state.progress),
                slots: slots, isAnswered: true, death: nil)
        }
        guard let facts = await surveys.facts() else {
            return View(
                readiness: Readiness(phase: .serving, slots: [], requirement: state.requirement),
                slots: [], isAnswered: false,
                death: "the loop thread has not answered for 2 seconds")
        }
        return View(
            readiness: Readiness(
                phase: facts.phase, slots: facts.slots, requirement: state.requirement,
                faults: facts.faults, progress: state.progress),
            slots: facts.slots, isAnswered: true, death: facts.death)
    }
}

extension LoopFacts {
    fileprivate var phase: Readiness.Phase {
        if isDraining { return .draining }
        return isStarting ? .loading : .serving
    }
}
