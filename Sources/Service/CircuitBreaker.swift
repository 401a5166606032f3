// A circuit breaker: whoever keeps failing is given pauses in place of requests. Pure.
//
//              failures, or one that counts at once             the pause is over
//    closed ----------------------------------------> open ------------------------> half open
//      ^                                                ^                                |
//      |                                                |       the probe fails          |
//      |                                                |--------------------------------|
//      |                          the probe passes                                       |
//      |---------------------------------------------------------------------------------|
//
// Guarantees:
// - Nothing passes an open breaker. One probe at a time passes a half-open breaker.
// - A probe that ends without a verdict (cancelled, out of time) gives its place to another.
// - Each pause is twice the pause before, up to a bound. A breaker that was closed for as long as
//   the longest pause begins anew with the shortest.
// Does not: know models or clocks. `CircuitBreakers` keeps one for each model and each load.

import Wire

/// See the head of the file. Times are microseconds.
package struct CircuitBreaker: Sendable, Equatable {
    package typealias State = BreakerState

    /// Kind of the failures that open a breaker.
    package enum Cause: String, Sendable, CaseIterable {
        /// The same file was refused again and again.
        case loadFailures = "load_failures"
        /// A request gave values that are not finite, twice.
        case logitsNotFinite = "logits_not_finite"
        /// Steps of the engine failed, one after the other.
        case deviceError = "device_error"
        /// A step of the engine makes no progress.
        case engineStalled = "engine_stalled"
    }

    /// Reason of a breaker that is not closed.
    package struct Finding: Sendable, Equatable {
        package let cause: Cause
        /// The latest failure, as a sentence.
        package let sentence: String

        package init(_ cause: Cause, _ sentence: String) {
            (self.cause, self.sentence) = (cause, sentence)
        }

        /// Cause and sentence.
        package var text: String {
            sentence.isEmpty ? cause.rawValue : "\(cause.rawValue): \(sentence)"
        }
    }

    /// Bounds of a breaker.
    package struct Bounds: Sendable, Equatable {
        /// Failures in a row that open the breaker.
        package var failuresMax = 5
        /// The first pause.
        package var pauseMin: UInt64 = 1_000_000
        /// The longest pause, and the time of health after which pauses begin anew.
        package var pauseMax: UInt64 = 60_000_000

        package init() {}
    }

    private enum Phase: Sendable, Equatable {
        case closed(failureCount: Int)
        /// Open until the time, then half open and without a probe.
        case paused(until: UInt64)
        /// Half open, with a probe.
        case probing(UInt64)
    }

    /// Time to come back in while a probe is under way. Its end is not known.
    private static let probeMicroseconds: UInt64 = 100_000

    private let bounds: Bounds
    private var phase = Phase.closed(failureCount: 0)
    /// The latest pause, or 0 before the first.
    package private(set) var pause: UInt64 = 0
    /// Reason of the latest opening, or nil for a closed breaker.
    package private(set) var finding: Finding?
    /// Time of the latest opening, probe or closing.
    private var movedAt: UInt64

    package init(_ bounds: Bounds, now: UInt64) {
        self.bounds = bounds
        movedAt = now
    }

    // MARK: - Looking

    package func state(at now: UInt64) -> State {
        switch phase {
        case .closed: .closed
        case .paused(let until): now < until ? .open : .halfOpen
        case .probing: .halfOpen
        }
    }

    /// Time of the latest change of state.
    package func changedAt(_ now: UInt64) -> UInt64 {
        if case .paused(let until) = phase, until <= now { return max(movedAt, until) }
        return movedAt
    }

    /// Returns the time to come back in, or nil when a request may pass. `nil` of a half-open
    /// breaker is for one request, which `begin` makes the probe.
    package func refusal(at now: UInt64) -> UInt64? {
        switch phase {
        case .closed: nil
        case .paused(.max): bounds.pauseMin
        case .paused(let until): now < until ? until - now : nil
        case .probing: min(Self.probeMicroseconds, bounds.pauseMin)
        }
    }

    /// True when a request is the probe.
    package func isProbe(_ ticket: UInt64) -> Bool { phase == .probing(ticket) }

    /// True for a breaker that `hold` opened.
    package var isHeld: Bool { phase == .paused(until: .max) }

    // MARK: - Moving

    /// Makes `ticket` the probe of a half-open breaker without one. Returns false otherwise.
    package mutating func begin(_ ticket: UInt64, now: UInt64) -> Bool {
        guard case .paused(let until) = phase, until <= now else { return false }
        // The state stays half open, and so does the time of its change.
        movedAt = changedAt(now)
        phase = .probing(ticket)
        return true
    }

    /// Takes a failure in. Enough of them in a row open the breaker. Returns true when it opened.
    package mutating func fail(_ finding: Finding, now: UInt64) -> Bool {
        guard case .closed(let count) = phase else { return trip(finding, now: now) }
        guard count + 1 >= bounds.failuresMax else {
            phase = .closed(failureCount: count + 1)
            return false
        }
        return trip(finding, now: now)
    }

    /// Opens the breaker for a failure that counts at once. Returns false for an open breaker,
    /// whose pause goes on.
    package mutating func trip(_ finding: Finding, now: UInt64) -> Bool {
        guard state(at: now) != .open else { return false }
        let isFresh =
            if case .closed = phase { now - min(now, movedAt) >= longest } else { false }
        let doubled = pause.multipliedReportingOverflow(by: 2)
        pause =
            pause == 0 || isFresh
            ? bounds.pauseMin
            : min(doubled.overflow ? .max : doubled.partialValue, longest)
        move(to: .paused(until: now &+ pause), finding, now)
        return true
    }

    /// Opens the breaker until `release`. Returns false for an open breaker, whose pause goes on.
    package mutating func hold(_ finding: Finding, now: UInt64) -> Bool {
        guard state(at: now) != .open else { return false }
        move(to: .paused(until: .max), finding, now)
        return true
    }

    /// Makes a held breaker half open.
    package mutating func release(now: UInt64) {
        guard isHeld else { return }
        move(to: .paused(until: now), finding, now)
    }

    /// Closes the breaker, or forgets the failures of a closed one.
    package mutating func close(now: UInt64) {
        if case .closed = phase {
            phase = .closed(failureCount: 0)
        } else {
            move(to: .closed(failureCount: 0), nil, now)
        }
    }

    /// Takes a probe back that ended without a verdict.
    package mutating func withdraw(_ ticket: UInt64, now: UInt64) {
        guard isProbe(ticket) else { return }
        phase = .paused(until: movedAt)
    }

    private var longest: UInt64 { max(bounds.pauseMin, bounds.pauseMax) }

    private mutating func move(to phase: Phase, _ finding: Finding?, _ now: UInt64) {
        self.phase = phase
        self.finding = finding
        movedAt = now
    }
}
