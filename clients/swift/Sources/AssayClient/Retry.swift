// Decides on another attempt of a failed call, and on the start time.
//
// Guarantees: pure. README's "Repeated calls" describes this file. Work that may have been done is
// never done again. A request is repeated only when no byte was written, when the server refused
// before any work, when the server closed an idle connection without reading the request (the first
// time without an attempt), or when the request has no side effects. Waiting for a server
// (`waitMilliseconds`) repeats calls without any work done, and does not count as an attempt.

import Wire

extension AssayError {
    /// True when a repetition does no harm and may help.
    fileprivate func mayRepeat(_ kind: MessageKind) -> Bool {
        switch code {
        case .unreachable: true
        // The timeout of Hello. A passed deadline leaves no time for another attempt.
        case .timedOut: isUnsent
        case .connectionClosed: isUnsent || kind.isRetrySafe
        case .serverRefused:
            provenance != .mock && [.unavailable, .resourceExhausted, .aborted].contains(status)
        default: false
        }
    }
}

/// Counts the attempts of a call and decides on the next.
package struct RetryRule: Sendable {
    private let options: Options
    private let kind: MessageKind
    /// Deadline for all attempts together.
    let deadline: Moment
    /// End of the call's wait for its server.
    private let waitEnd: Moment
    /// Number of the running attempt, from 1.
    package private(set) var attempt = 1
    private var waits = 0
    /// True when an idle connection has ended under the request, which was no attempt.
    private var hasMoved = false

    /// Longest pause between two tries during a wait for the server, nanoseconds. Also the pause
    /// for a loading model when the server names no pause.
    private static let waitPauseMax: UInt64 = 200_000_000

    /// Makes the rule for a call that begins `now`.
    package init(_ options: Options, _ kind: MessageKind, deadline: Moment, now: Moment) {
        self.options = options
        self.kind = kind
        self.deadline = deadline
        waitEnd = now.after(milliseconds: options.waitMilliseconds)
    }

    /// Earliest time of the next attempt. Nil when no attempt is left.
    package mutating func start(
        after error: AssayError, now: Moment = .now, jitter: Double = .random(in: 0.5...1)
    ) -> Moment? {
        if error.isUnread, !hasMoved {
            hasMoved = true
            return now < deadline ? now : nil
        }
        // A pause that the server asked for is not cut short. The client's own pause is cut, so
        // that the last try comes at the end of the wait.
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

    /// The client's own pause for a missing server or a loading model, nanoseconds. Nil for every
    /// other failure.
    private func waitPause(_ error: AssayError, _ jitter: Double) -> UInt64? {
        if error.code == .unreachable { return min(backoff(waits, jitter), Self.waitPauseMax) }
        let isLoading =
            error.code == .serverRefused && error.provenance != .mock
            && error.serverCode == "model_loading"
        return isLoading ? Self.waitPauseMax : nil
    }

    /// The pause after `count` earlier pauses, nanoseconds.
    private func backoff(_ count: Int, _ jitter: Double) -> UInt64 {
        let doubled = UInt64(options.backoffMilliseconds) << UInt64(min(count, 20))
        let longest = UInt64(options.backoffMaxMilliseconds)
        return UInt64(Double(min(doubled, longest) * 1_000_000) * jitter)
    }
}
