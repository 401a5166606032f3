// Counts how often a fake model was asked for a runner, from any thread.
//
// The fakes misbehave on their second run only, so they must know which run it is.

import Synchronization

final class RunCounter: Sendable {
    private let count = Atomic(0)

    /// 1 the first time, 2 the second.
    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}
