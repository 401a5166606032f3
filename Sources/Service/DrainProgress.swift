// Progress of a shutdown. Pure: requests to stop and the time come in, the next move goes out.
//
//   serving --request--> leaving --grace or request--> finishing --limit or request-->
//   cancelling --grace or request--> gone

/// The stages of a drain. A value owned by the loop thread.
package struct DrainProgress: Sendable {
    package enum Request: Sendable, Equatable {
        /// Be not ready, and serve as before until `step` says `begin`.
        case announce
        /// Say GoAway and finish running requests.
        case begin
        /// Cancel running requests and ask `step` for the rest.
        case hurry
        /// Leave at once.
        case leave
    }

    package enum Step: Sendable, Equatable {
        case wait
        /// Say GoAway and finish running requests.
        case begin
        case cancel
        case stop
    }

    private enum Stage: Sendable {
        case serving
        /// `limit` is the time of `finishing`.
        case leaving(until: UInt64, limit: UInt64)
        case finishing(until: UInt64)
        case cancelling(until: UInt64)
        case gone
    }

    /// Time that cancelled requests have to end, in microseconds.
    package static let graceMicroseconds: UInt64 = 1_000_000

    private var stage = Stage.serving

    package init() {}

    /// True from GoAway on.
    package var isRunning: Bool {
        switch stage {
        case .serving, .leaving: false
        case .finishing, .cancelling, .gone: true
        }
    }

    /// Time of the next step, or nil before the drain and after its last step.
    package var nextStep: UInt64? {
        switch stage {
        case .serving, .gone: nil
        case .leaving(let until, _), .finishing(let until), .cancelling(let until): until
        }
    }

    /// Takes a request to stop the server, and returns the owner's next move.
    ///
    /// - Parameter skipsGrace: true for a server that nobody has to be told of in advance.
    package mutating func request(
        now: UInt64, limits: ServiceLimits, skipsGrace: Bool = false
    ) -> Request {
        switch stage {
        case .serving where !skipsGrace && limits.drainGraceMicroseconds > 0:
            stage = .leaving(
                until: now + limits.drainGraceMicroseconds, limit: limits.drainMicroseconds)
            return .announce
        case .serving, .leaving:
            stage = .finishing(until: now + limits.drainMicroseconds)
            return .begin
        case .finishing:
            stage = .finishing(until: now)
            return .hurry
        case .cancelling, .gone:
            stage = .gone
            return .leave
        }
    }

    /// Takes the time, and returns the owner's next move.
    package mutating func step(now: UInt64) -> Step {
        switch stage {
        case .serving:
            return .wait
        case .leaving(let until, let limit):
            guard now >= until else { return .wait }
            stage = .finishing(until: now + limit)
            return .begin
        case .finishing(let until):
            guard now >= until else { return .wait }
            stage = .cancelling(until: now + Self.graceMicroseconds)
            return .cancel
        case .cancelling(let until):
            guard now >= until else { return .wait }
            stage = .gone
            return .stop
        case .gone:
            return .stop
        }
    }
}
