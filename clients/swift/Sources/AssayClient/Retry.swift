// Whether a call whose attempt failed gets another, and when.
//
// Guarantees: pure; README's "When a call is repeated" is this file in words. What
// may have been done is never done again: only a request that was not written, one that the server
// refused before any work, and one without side effects are repeated. Waiting for a server
// (`waitMilliseconds`) repeats calls that did no work, and is no attempt.

import Wire

extension AssayError {
    /// True when asking again can do no harm and may help.
    fileprivate func mayRepeat(_ kind: MessageKind) -> Bool {
        switch code {
        case .unreachable: true
        // Of Hello; a deadline that has passed leaves no time for another attempt.
        case .timedOut: isUnsent
        case .connectionClosed: isUnsent || kind.isRetrySafe
        case .serverRefused:
            provenance != .mock && [.unavailable, .resourceExhausted, .aborted].contains(status)
        default: false
        }
    }
}

/// Counts the attempts of one call and decides about the next.
package struct RetryRule: Sendable {
    private let options: Options
    private let kind: MessageKind
    /// Of all attempts together.
    let deadline: Moment
    /// Until when the call waits for its server.
    private let waitEnd: Moment
    /// Number of the attempt under way, from 1.
    package private(set) var attempt = 1
    private var waits = 0

    /// Longest pause between two tries while a server is waited for, nanoseconds. Also the pause
    /// for a model that is loading when the server names none.
    private static let waitPauseMax: UInt64 = 200_000_000

    /// The rule for a call that begins `now`.
    package init(_ options: Options, _ kind: MessageKind, deadline: Moment, now: Moment) {
        self.options = options
        self.kind = kind
        self.deadline = deadline
        waitEnd = now.after(milliseconds: options.waitMilliseconds)
    }

    /// When the next attempt may begin; nil when there is none.
    ///
    /// - Parameter jitter: a random number from 0.5 to 1.
    package mutating func start(
        after error: AssayError, now: Moment = .now, jitter: Double = .random(in: 0.5...1)
    ) -> Moment? {
        // The pause that the server asked for is not cut short, the client's own is: its last try
        // comes at the end of the wait.
        let asked = error.retryAfterMilliseconds.map(now.after(milliseconds:))
        if now < waitEnd, let pause = waitPause(error, jitter) {
            let wanted = asked ?? min(now.after(nanoseconds: pause), waitEnd)
            if wanted <= waitEnd {
                waits += 1
                return wanted < deadline ? wanted : nil
            }
        }
        guard attempt < options.attempts, error.mayRepeat(kind) else { return nil }
        let wanted = asked ?? now.after(nanoseconds: backoff(attempt - 1, jitter))
        attempt += 1
        return wanted < deadline ? wanted : nil
    }

    /// The client's own pause for a missing server or a model that is loading, nanoseconds; nil
    /// for every other failure.
    private func waitPause(_ error: AssayError, _ jitter: Double) -> UInt64? {
        if error.code == .unreachable { return min(backoff(waits, jitter), Self.waitPauseMax) }
        let isLoading =
            error.code == .serverRefused && error.provenance != .mock
            && error.serverCode == "model_loading"
        return isLoading ? Self.waitPauseMax : nil
    }

    /// The pause after so many others, nanoseconds.
    private func backoff(_ count: Int, _ jitter: Double) -> UInt64 {
        let doubled = UInt64(options.backoffMilliseconds) << UInt64(min(count, 20))
        let longest = UInt64(options.backoffMaxMilliseconds)
        return UInt64(Double(min(doubled, longest) * 1_000_000) * jitter)
    }
}
