// The steps of a rate profile: the rows of a report, and the marks in its plots.
//
// A stretch with one rate is a step. A ramp is cut into ten, because a single row over a rate from
// 100 to 1,000 says nothing. A profile with more steps than a table can hold is grouped.

/// A step of a rate profile.
package struct RateStep: Sendable, Equatable, Codable {
    /// Seconds from the end of warm-up.
    package var start: Double
    package var seconds: Double
    /// Requests per second at the beginning and at the end.
    package var from: Double
    package var to: Double

    package init(start: Double, seconds: Double, from: Double, to: Double) {
        self.start = start
        self.seconds = seconds
        self.from = from
        self.to = to
    }

    /// The rate for people: `100/s`, `100 to 190/s`.
    package var words: String { Self.words(from, to) }

    static func words(_ from: Double, _ to: Double) -> String {
        from == to ? "\(rate(from))/s" : "\(rate(from)) to \(rate(to))/s"
    }

    /// A rate without needless decimals.
    static func rate(_ value: Double) -> String {
        value == value.rounded() ? NumberText.fixed(value, 0) : NumberText.short(value)
    }
}

extension RateProfile {
    /// Steps that a ramp is cut into.
    static let rampStepCount = 10

    /// The steps in order of time, at most `LoadLimits.stepsMax`.
    package var rateSteps: [RateStep] {
        var steps: [RateStep] = []
        var start = 0.0
        for segment in segments {
            let count = segment.from == segment.to ? 1 : Self.rampStepCount
            let length = segment.seconds / Double(count)
            let rise = (segment.to - segment.from) / Double(count)
            for index in 0..<count {
                let from = segment.from + rise * Double(index)
                steps.append(
                    RateStep(
                        start: start + length * Double(index), seconds: length, from: from,
                        to: count == 1 ? from : from + rise))
            }
            start += segment.seconds
        }
        return Self.grouped(steps)
    }

    private static func grouped(_ steps: [RateStep]) -> [RateStep] {
        let size = (steps.count + LoadLimits.stepsMax - 1) / LoadLimits.stepsMax
        guard size > 1 else { return steps }
        return stride(from: 0, to: steps.count, by: size).map { begin in
            let group = steps[begin..<min(begin + size, steps.count)]
            return RateStep(
                start: steps[begin].start, seconds: group.reduce(0) { $0 + $1.seconds },
                from: steps[begin].from, to: group[group.endIndex - 1].to)
        }
    }
}
