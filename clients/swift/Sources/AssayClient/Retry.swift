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

    package let error: AssayError
    package let stage: Stage

    package init(_ error: AssayError, _ stage: Stage) {
        self.error = error
        self.stage = stage
    }

    /// The pause that the server asked for, nanoseconds. It may ask for any number.
    fileprivate var retryAfter: UInt64? {
        error.retryAfterMilliseconds.map { asked in
            let (product, overflows) = asked.multipliedReportingOverflow(by: 1_000_000)
            return overflows ? .max : product
        }
    }

    /// True when asking again can do no harm and may help.
    fileprivate func mayRepeat(_ kind: MessageKind) -> Bool {
        switch error.code {
        case .unreachable: true
        case .timedOut: stage == .connecting
        case .connectionClosed: stage != .sent || kind.isRetrySafe
        case .serverRefused:
            error.provenance != .mock
                && [.unavailable, .resourceExhausted, .aborted].contains(error.status)
        default: false
        }
    }
}

/// Counts the attempts of one call and decides about the next.
package struct RetryRule: Sendable {
    private let options: Options
    /// Number of the attempt under way, from 1.
    package private(set) var attempt = 1
    private var waits = 0

    /// Longest pause between two tries while a server is waited for, nanoseconds. Also the pause
    /// for a model that is loading when the server names none.
    package static let waitPauseMax: UInt64 = 200_000_000

    package init(_ options: Options) { self.options = options }

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
        // The pause that the server asked for is not cut short, the client's own is: its last try
        // comes at the end of the wait.
        if waitLeft > 0, let wanted = waitPause(failure, jitter),
            failure.retryAfter == nil || wanted <= waitLeft
        {
            let pause = min(wanted, waitLeft)
            guard pause < left else { return nil }
            waits += 1
            return pause
        }
        guard attempt < options.attempts, failure.mayRepeat(kind) else { return nil }
        let pause = failure.retryAfter ?? backoff(attempt - 1, jitter)
        guard pause < left else { return nil }
        attempt += 1
        return pause
    }

    /// Nanoseconds to pause for a missing server or a model that is loading, nil for every other
    /// failure.
    private func waitPause(_ failure: CallFailure, _ jitter: Double) -> UInt64? {
        let error = failure.error
        if error.code == .unreachable { return min(backoff(waits, jitter), Self.waitPauseMax) }
        guard error.code == .serverRefused, error.provenance != .mock,
            error.serverCode == "model_loading"
        else { return nil }
        return failure.retryAfter ?? Self.waitPauseMax
    }

    /// The pause after so many others.
    private func backoff(_ count: Int, _ jitter: Double) -> UInt64 {
        let doubled = UInt64(options.backoffMilliseconds) << UInt64(min(count, 20))
        let longest = UInt64(options.backoffMaxMilliseconds)
        return UInt64(Double(min(doubled, longest) * 1_000_000) * jitter)
    }
}
