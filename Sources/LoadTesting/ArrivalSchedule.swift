// When requests are meant to be sent: the open loop, which waits for no answer.
//
// A schedule is a sequence of times known before the run; the server's slowness cannot move it.
// That is what keeps a stall from hiding the requests it would have delayed.
//
// Guarantees: times never go back; the same seed gives the same times; memory does not grow with
// the length of the run.

/// How arrivals are spread under a rate profile.
package enum ArrivalKind: String, Sendable, CaseIterable {
    /// Evenly: one request whenever the area under the rate curve has grown by one.
    case constant
    /// Independently of each other: exponential gaps.
    case poisson
}

/// Intended send times, nanoseconds from the start of the run, in order.
package struct ArrivalSchedule: Sendable {
    /// One request as the schedule wants it.
    package struct Arrival: Sendable, Equatable {
        /// Nanoseconds from the start of the run.
        package let intended: Int64
        /// What a trace says about it.
        package let detail: TraceEntry?
    }

    private enum Source: Sendable {
        case profile(RateProfile, ArrivalKind)
        case trace([TraceEntry])
    }

    private let source: Source
    private var random: SplitMix
    private var index = 0
    private var segment = 0
    private var area = 0.0
    private var upcoming: Arrival?

    package init(_ profile: RateProfile, _ kind: ArrivalKind, seed: UInt64) {
        source = .profile(profile, kind)
        random = SplitMix(seed: seed, stream: 1)
        upcoming = following()
    }

    /// The entries' own times; they must not go back.
    package init(trace: [TraceEntry]) {
        source = .trace(trace)
        random = SplitMix(seed: 0)
        upcoming = following()
    }

    /// The next arrival; nil at the end.
    package var next: Arrival? { upcoming }

    /// Goes on to the one after `next`.
    package mutating func advance() {
        upcoming = following()
    }

    private mutating func following() -> Arrival? {
        switch source {
        case .trace(let entries):
            guard index < entries.count else { return nil }
            defer { index += 1 }
            return Arrival(intended: entries[index].intended, detail: entries[index])
        case .profile(let profile, let kind):
            if kind == .poisson { area += random.exponential() }
            let wanted = kind == .poisson ? area : Double(index)
            index += 1
            guard let seconds = profile.time(area: wanted, hint: &segment) else { return nil }
            return Arrival(intended: Int64(seconds * 1e9), detail: nil)
        }
    }
}
