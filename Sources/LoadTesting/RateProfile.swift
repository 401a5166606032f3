// Requests per second over the time of a run: stretches with a constant or evenly changing rate.
//
//   rate ^        ____            constant: one stretch, both ends the same
//        |   ____|                step:     several of them
//        |  /                     ramp:     one with different ends
//        +----------------> time
//
// Guarantees: `time(area:hint:)` is the exact inverse of the area under the curve. The counts of a
// schedule are therefore exact and do not drift, however long the run.

/// A stretch of time with an evenly changing rate.
package struct RateSegment: Sendable, Equatable {
    /// Length, seconds, above 0.
    package let seconds: Double
    /// Requests per second at the beginning and at the end of the stretch.
    package let from: Double
    package let to: Double

    package init(seconds: Double, from: Double, to: Double) {
        self.seconds = seconds
        self.from = from
        self.to = to
    }

    /// Requests within the stretch: the area under the curve.
    var area: Double { (from + to) / 2 * seconds }

    /// Seconds from the beginning of the stretch until the area so far is `wanted`.
    func time(area wanted: Double) -> Double {
        guard from != to else { return wanted / from }
        // slope/2 t^2 + from t = wanted. This form of the root loses no digits when slope is small.
        let slope = (to - from) / seconds
        let root = max(0, from * from + 2 * slope * wanted).squareRoot()
        return min(seconds, 2 * wanted / (from + root))
    }
}

/// The rate over a whole run.
package struct RateProfile: Sendable, Equatable {
    package let segments: [RateSegment]
    /// Requests before each segment begins.
    private let areas: [Double]
    /// Seconds before each segment begins.
    private let starts: [Double]

    package init(_ segments: [RateSegment]) {
        self.segments = segments
        var area = 0.0
        var start = 0.0
        var areas: [Double] = []
        var starts: [Double] = []
        for segment in segments {
            areas.append(area)
            starts.append(start)
            area += segment.area
            start += segment.seconds
        }
        self.areas = areas
        self.starts = starts
        self.area = area
        self.seconds = start
    }

    /// Length of the whole run, seconds.
    package let seconds: Double
    /// Requests of the whole run.
    package let area: Double
    /// The highest rate reached.
    package var peak: Double { segments.map { max($0.from, $0.to) }.max() ?? 0 }

    /// One rate for the whole time.
    package static func constant(_ rate: Double, seconds: Double) -> RateProfile {
        RateProfile([RateSegment(seconds: seconds, from: rate, to: rate)])
    }

    /// The profile with `seconds` at its first rate put in front.
    package func warmed(seconds: Double) -> RateProfile {
        guard seconds > 0, let first = segments.first else { return self }
        return RateProfile(
            [RateSegment(seconds: seconds, from: first.from, to: first.from)] + segments)
    }

    /// Time in seconds at which the area under the curve is `wanted`. Nil beyond the end. The call
    /// updates `hint`, the segment of the latest result, so a walk through a schedule visits each
    /// segment once.
    func time(area wanted: Double, hint: inout Int) -> Double? {
        while hint + 1 < segments.count, areas[hint + 1] <= wanted { hint += 1 }
        guard hint < segments.count, wanted < area else { return nil }
        return starts[hint] + segments[hint].time(area: wanted - areas[hint])
    }
}

extension RateProfile {
    /// Reads a ramp over `seconds`, such as `100:1000`.
    package static func ramp(
        _ text: String, seconds: Double
    ) throws(LoadTestError) -> RateProfile {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            throw .setting(
                "--ramp", found: text, allowed: "FROM:TO requests per second, such as 100:1000")
        }
        return RateProfile([
            RateSegment(
                seconds: seconds, from: try rate(parts[0], "--ramp"),
                to: try rate(parts[1], "--ramp"))
        ])
    }

    /// Reads a list of rates and times, such as `100:10s,500:10s`.
    package static func steps(_ text: String) throws(LoadTestError) -> RateProfile {
        var segments: [RateSegment] = []
        let pieces = text.split(separator: ",", omittingEmptySubsequences: false)
        guard pieces.count <= LoadLimits.segmentsMax else {
            throw .setting(
                "--step", found: text, allowed: "at most \(LoadLimits.segmentsMax) steps")
        }
        for piece in pieces {
            let parts = piece.split(separator: ":", omittingEmptySubsequences: false)
                .map(String.init)
            guard parts.count == 2 else {
                throw .setting(
                    "--step", found: String(piece),
                    allowed: "RATE:TIME[,RATE:TIME]..., such as 100:10s,500:10s")
            }
            let rate = try rate(parts[0], "--step")
            let seconds = try NumberText.seconds(parts[1], "--step")
            guard seconds >= 0.001, seconds <= LoadLimits.durationSecondsMax else {
                throw .setting("--step", found: parts[1], allowed: "1ms to 24h for one step")
            }
            segments.append(RateSegment(seconds: seconds, from: rate, to: rate))
        }
        return RateProfile(segments)
    }

    /// Reads a rate, requests per second.
    package static func rate(_ text: String, _ what: String) throws(LoadTestError) -> Double {
        guard let rate = NumberText.plain(text), (LoadLimits.rateMin...LoadLimits.rateMax) ~= rate
        else {
            throw .setting(
                what, found: text, allowed: "0.0001 to 1000000 requests per second, such as 100")
        }
        return rate
    }
}
