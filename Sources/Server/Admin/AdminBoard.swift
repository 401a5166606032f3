// The facts behind the admin pages: the models to load, the progress of the loads of the start, and
// from the binding on the answers of the loop thread.
//
// Guarantees: never touches a model. Nothing here waits longer than two seconds. Any thread.

import Loading
import Service
import Synchronization
import Wire

/// See the head of the file.
final class AdminBoard: Sendable {
    /// A snapshot of everything.
    struct View: Sendable {
        let readiness: Readiness
        let entries: [ModelRegistry.Entry]
        /// The entries as a Models answer has them.
        let rows: [ModelInfo]
        /// False when the loop thread has not answered.
        let isAnswered: Bool
        /// Reason to give the process up, or nil while the loop thread answers and the engine is
        /// alive.
        let death: String?
    }

    private struct State: Sendable {
        var isBound = false
        var requirement = Readiness.Requirement()
        /// Stands for the loop's directory until the loop runs.
        var directory = ModelRegistry()
        var progress: [String: String] = [:]
    }

    private let state = Mutex(State())
    private let surveys: LoopSurveys

    init(_ inbox: LoopInbox) { surveys = LoopSurveys(inbox) }

    // MARK: - The start

    /// Sets the models to load and the required models.
    func expect(_ requirement: Readiness.Requirement) {
        state.withLock { state in
            state.requirement = requirement
            for name in requirement.configured {
                // A duplicate name was refused with the configuration.
                try? state.directory.beginLoad(name)
                state.progress[name] = "waits for its turn to load"
            }
        }
    }

    /// Notes a layer of the assay that has begun or ended.
    func progressed(_ name: String, _ progress: LayerProgress) {
        let attempt = progress.attempt > 1 ? ", attempt \(progress.attempt)" : ""
        state.withLock { state in
            // Loads of clients are not kept, because their names have no bound.
            guard state.progress[name] != nil else { return }
            let share = progress.bytes.map { ", \($0.percentage) % of \($0.total) bytes" } ?? ""
            state.progress[name] = "loading: \(progress.layer) layer\(attempt)\(share)"
        }
    }

    /// Progress of the load of a configured model.
    func progress(_ name: String) -> String? { state.withLock { $0.progress[name] } }

    /// Makes `look` ask the loop thread from now on.
    func bound() { state.withLock { $0.isBound = true } }

    // MARK: - Looking

    /// Returns the present state.
    func look() async -> View {
        let state = state.withLock { $0 }
        guard state.isBound else {
            let entries = state.directory.entries
            return View(
                readiness: Readiness(
                    phase: .loading, entries: entries, requirement: state.requirement,
                    progress: state.progress),
                entries: entries, rows: entries.map { ModelInfo($0) }, isAnswered: true, death: nil)
        }
        guard let facts = await surveys.facts() else {
            return View(
                readiness: Readiness(phase: .serving, entries: [], requirement: state.requirement),
                entries: [], rows: [], isAnswered: false,
                death: "the loop thread has not answered for 2 seconds")
        }
        return View(
            readiness: Readiness(
                phase: facts.phase, entries: facts.entries, requirement: state.requirement,
                faults: facts.faults, progress: state.progress, outages: facts.outages),
            entries: facts.entries, rows: facts.rows, isAnswered: true, death: facts.death)
    }
}

extension LoopFacts {
    fileprivate var phase: Readiness.Phase {
        if isDraining { return .draining }
        return isStarting ? .loading : .serving
    }
}
