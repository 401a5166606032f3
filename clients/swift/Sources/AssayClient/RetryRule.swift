// Why one attempt of a call failed, how far it had got, and whether there may be another.
//
// Guarantees: pure; README's "When a call is repeated" is this file in words. What
// may have been done is never done again: only a request that was not written, one that the server
// refused before any work, and one without side effects are repeated. Waiting for a server
// (`waitMilliseconds`) repeats calls that did no work, and is no attempt.

import Wire

/// How one attempt ended, when not with an answer.
package struct CallFailure: Error, Sendable {
    /// How far the attempt had got.
    package enum Stage: Sendable {
        /// There was no connection yet.
        case connecting
        /// No byte of the request had been written.
        case unsent
        /// The server may have seen the request.
        case sent
    }

    package let error: ClientError
    package let stage: Stage

    package init(error: ClientError, stage: Stage) {
        self.error = error
        self.stage = stage
    }
}

extension MessageKind {
    /// True when asking twice does no more than asking once.
    package var isRetrySafe: Bool {
        switch self {
        case .load, .unload, .cancel, .swap, .goAway: false
        default: true
        }
    }
}

/// Counts the attempts of one call and decides about the next.
package struct RetryRule: Sendable {
    private let attemptsMax: Int
    private let pauseFirst: UInt64
    private let pauseMax: UInt64
    package private(set) var attempt = 1
    private var freeAttempts: Int
    private var waits = 0

    /// Longest pause between two tries while a server is waited for, nanoseconds. Also the pause
    /// for a model that is loading when the server names none.
    package static let waitPauseMax: UInt64 = 200_000_000

    package init(_ options: ClientOptions) {
        attemptsMax = options.attempts
        freeAttempts = options.connections
        pauseFirst = UInt64(options.backoffMilliseconds) * 1_000_000
        pauseMax = UInt64(options.backoffMaxMilliseconds) * 1_000_000
    }

    /// Nanoseconds to wait before the next attempt; nil when there is none.
    ///
    /// - Parameters:
    ///   - left: nanoseconds of the caller's deadline that remain.
    ///   - waitLeft: nanoseconds of the time to wait for a server that remain.
    ///   - jitter: a random number from 0.5 to 1.
    package mutating func pause(
        after failure: CallFailure, of kind: MessageKind, left: UInt64, waitLeft: UInt64 = 0,
        jitter: Double
    ) -> UInt64? {
        // A connection that was dead before anything was written costs nobody anything. There may
        // be as many of them as there are connections; more is a server that closes at once.
        if failure.stage == .unsent, failure.error.code == .connectionClosed, freeAttempts > 0 {
            freeAttempts -= 1
            return 0
        }
        // The pause that the server asked for is not cut short, the client's own is: its last try
        // comes at the end of the wait.
        if waitLeft > 0, let wanted = waitPause(failure, jitter),
            failure.error.retryAfterMilliseconds == nil || wanted <= waitLeft
        {
            let pause = min(wanted, waitLeft)
            guard pause < left else { return nil }
            waits += 1
            return pause
        }
        guard attempt < attemptsMax, failure.error.provenance != .mock,
            let wanted = pause(failure, kind, jitter), wanted < left
        else { return nil }
        attempt += 1
        return wanted
    }

    /// Nanoseconds to pause for a missing server or a model that is loading, nil for every other
    /// failure.
    private func waitPause(_ failure: CallFailure, _ jitter: Double) -> UInt64? {
        let error = failure.error
        if error.code == .unreachable { return min(backoff(waits, jitter), Self.waitPauseMax) }
        guard error.code == .serverRefused, error.provenance != .mock,
            error.serverError?.code == "model_loading"
        else { return nil }
        return error.retryAfterMilliseconds.map(Self.nanoseconds) ?? Self.waitPauseMax
    }

    private func pause(
        _ failure: CallFailure, _ kind: MessageKind, _ jitter: Double
    ) -> UInt64? {
        switch failure.error.code {
        case .serverRefused:
            switch failure.error.status {
            case .unavailable, .resourceExhausted, .aborted: break
            default: return nil
            }
            return failure.error.retryAfterMilliseconds.map(Self.nanoseconds)
                ?? backoff(attempt - 1, jitter)
        case .unreachable: return backoff(attempt - 1, jitter)
        case .timedOut: return failure.stage == .connecting ? backoff(attempt - 1, jitter) : nil
        case .connectionClosed:
            guard failure.stage != .sent || kind.isRetrySafe else { return nil }
            return backoff(attempt - 1, jitter)
        default: return nil
        }
    }

    /// A server may ask for any number.
    private static func nanoseconds(_ milliseconds: UInt64) -> UInt64 {
        let (product, overflows) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return overflows ? .max : product
    }

    /// The pause after so many others.
    private func backoff(_ count: Int, _ jitter: Double) -> UInt64 {
        let doubled = pauseFirst << UInt64(min(count, 20))
        return UInt64(Double(min(doubled, max(pauseMax, 1))) * jitter)
    }
}
