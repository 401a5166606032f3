// What goes on beside a load: whether models are in service, and whether the engine computes.

import Loading
import Synchronization

/// Any thread asks, the loop thread tells.
final class ServingState: Sendable {
    private let modelCount = Atomic<Int>(0)
    private let engine: EngineMailbox

    init(_ engine: EngineMailbox) { self.engine = engine }

    /// Takes the number of models in service.
    func set(modelCount: Int) { self.modelCount.store(modelCount, ordering: .relaxed) }

    /// The server as a load sees it.
    var neighbour: LoadPace.Neighbour {
        guard modelCount.load(ordering: .relaxed) > 0 else { return .none }
        return engine.isIdle ? .idle : .busy
    }
}
