// Intended send times of an open loop. Sending never waits for an answer.
//
// All times are known before the run, and a slow server cannot move them. A stall therefore cannot
// hide the delayed requests.
//
// Guarantees: times never go back. Equal seeds give equal times. Memory does not grow with the
// length of the run.

/// Spread of arrivals under a rate profile.
package enum ArrivalKind: String, Sendable, CaseIterable {
    /// A request whenever the area under the rate curve has grown by 1.
    case constant
    /// Independent arrivals with exponential gaps.
    case poisson
}

/// Intended send times, nanoseconds from the start of the run, in order.
package struct ArrivalSchedule: Sendable {
    /// A scheduled request.
    package struct Arrival: Sendable, Equatable {
        /// Nanoseconds from the start of the run.
        package let intended: Int64
        /// The trace line of the request. Nil without a trace.
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

    /// Uses the times of the trace entries. They must not go back.
    package init(trace: [TraceEntry]) {
        source = .trace(trace)
        random = SplitMix(seed: 0)
        upcoming = following()
    }

    /// The next arrival. Nil at the end.
    package var next: Arrival? { upcoming }

    /// Moves to the arrival after `next`.
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
