// How far a shutdown has come. Pure: requests to stop and the time come in, the next move goes out.
//
//   serving --request--> finishing --limit or request--> cancelling --grace or request--> gone

/// The stages of a drain. A value owned by the loop thread.
package struct DrainProgress: Sendable {
    package enum Request: Sendable, Equatable {
        /// Say GoAway and finish what runs.
        case begin
        /// Cancel what runs; ask `step` for the rest.
        case hurry
        /// Leave at once.
        case leave
    }

    package enum Step: Sendable, Equatable {
        case wait
        case cancel
        case stop
    }

    private enum Stage: Sendable {
        case serving
        case finishing(until: UInt64)
        case cancelling(until: UInt64)
    }

    /// Time that cancelled requests have to say so, in microseconds.
    package static let graceMicroseconds: UInt64 = 1_000_000

    private var stage = Stage.serving

    package init() {}

    package var isRunning: Bool {
        if case .serving = stage { false } else { true }
    }

    /// Somebody wants the server to stop.
    package mutating func request(now: UInt64, limits: ServiceLimits) -> Request {
        switch stage {
        case .serving:
            stage = .finishing(until: now + limits.drainMicroseconds)
            return .begin
        case .finishing:
            stage = .finishing(until: now)
            return .hurry
        case .cancelling:
            return .leave
        }
    }

    /// Time has passed.
    package mutating func step(now: UInt64) -> Step {
        switch stage {
        case .serving:
            return .wait
        case .finishing(let until):
            guard now >= until else { return .wait }
            stage = .cancelling(until: now + Self.graceMicroseconds)
            return .cancel
        case .cancelling(let until):
            return now >= until ? .stop : .wait
        }
    }
}
