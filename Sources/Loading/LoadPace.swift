// The pace of a load: full speed on an idle server, short slices at low priority beside a model
// that serves.
//
//     served model computes    slice |    rest    | slice |    rest    | ...
//     served model idle        slice | slice | slice | ...
//
// Guarantees: beside a served model, every thread of a load has the low priority, leaves the
// compute threads to that model, and rests between slices while the model computes. Slices are of
// reading, packing, hashing and validating. The result is the same bits at any pace.
// Does not: raise a priority again when the other model goes. A thread that has been lowered stays
// so, and gets the compute threads back.

import Compute
import Threads

/// Decides on the pace of loads. A value. Any thread.
package struct LoadPace: Sendable {
    /// Where a server stands, for a load.
    package enum Neighbour: Sendable {
        /// No model serves.
        case none
        /// A model serves, and nothing is asked of it.
        case idle
        /// A model computes.
        case busy
    }

    /// Where the server stands now. Called often, on threads of the load.
    let neighbour: @Sendable () -> Neighbour
    /// Processor time of the calling thread.
    let used: @Sendable () -> Duration

    /// The whole machine, always.
    package static let full = LoadPace { .none }

    /// Takes the question where the server stands.
    ///
    /// A back end that computes for the load must exist: threads inherit a low priority.
    package init(_ neighbour: @escaping @Sendable () -> Neighbour) {
        self.init(neighbour, used: { threadTime() })
    }

    package init(
        _ neighbour: @escaping @Sendable () -> Neighbour,
        used: @escaping @Sendable () -> Duration
    ) {
        (self.neighbour, self.used) = (neighbour, used)
    }
}

/// A thread of a load. Confined to the thread.
package final class PacedThread {
    /// Processor time of a slice, and a little more: work has no end at any moment.
    package static let slice = Duration.milliseconds(1)
    /// Slices that a rest takes.
    package static let restFactor = 4

    private let pace: LoadPace
    private let time: TimeSource
    private var isLowered = false
    /// Time used at the last rest. Nil before the thread has begun.
    private var rested: Duration?

    /// Made on any thread, and then used on the thread itself.
    package init(_ pace: LoadPace, _ time: TimeSource) { (self.pace, self.time) = (pace, time) }

    /// Runs `body` at the pace. Operations of back ends rest between their portions.
    func run<Value, Failure: Error>(
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        keep()
        defer { StandingAside.end() }
        return try body()
    }

    /// Takes up the pace that is right now, for operations of back ends, too. Called on the thread
    /// before work. The thread calls `StandingAside.end` at its end.
    package func keep() {
        guard lower() else { return StandingAside.end() }
        StandingAside.begin { [unowned self] in rest() }
    }

    /// Gives the thread the low priority beside a model that serves. Returns false without one.
    @discardableResult
    package func lower() -> Bool {
        if rested == nil { rested = pace.used() }
        guard pace.neighbour() != .none else { return false }
        if !isLowered { lowerThreadPriority() }
        isLowered = true
        return true
    }

    /// Rests at the end of a slice while a model computes. Called between pieces of work.
    package func rest() {
        let used = pace.used()
        guard let rested else { return self.rested = used }
        let work = used - rested
        guard work >= Self.slice else { return }
        self.rested = used
        if pace.neighbour() == .busy { time.sleep(work * Self.restFactor) }
    }
}
