// Counts how often a fake model was asked for a runner, from any thread.

import Synchronization

final class RunCounter: Sendable {
    private let count = Atomic(0)

    /// 1 the first time, 2 the second.
    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}
