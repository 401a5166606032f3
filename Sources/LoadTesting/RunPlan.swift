// All settings of one run.

/// The rule that makes requests due.
package enum LoadLoop: Sendable {
    /// Times fixed beforehand. Latency counts from the fixed times.
    case open(ArrivalSchedule)
    /// As many callers as there are places. Each caller sends when its last answer is there.
    case closed
}

/// Upper bounds for a good answer, milliseconds. Nil for no bound.
package struct LatencyObjective: Sendable, Equatable {
    package var latency: Double?
    package var timeToFirstToken: Double?
    package var timePerOutputToken: Double?

    package init(
        latency: Double? = nil, timeToFirstToken: Double? = nil, timePerOutputToken: Double? = nil
    ) {
        self.latency = latency
        self.timeToFirstToken = timeToFirstToken
        self.timePerOutputToken = timePerOutputToken
    }

    /// Reads an objective such as `50ms`, or `latency:1s,ttft:200ms,tpot:50ms`.
    package init(_ text: String, _ what: String) throws(LoadTestError) {
        self.init()
        for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = piece.split(separator: ":", omittingEmptySubsequences: false)
                .map(String.init)
            let time = try NumberText.objective(parts.last ?? "", what) * 1_000
            switch parts.count == 1 ? "latency" : parts.count == 2 ? parts[0] : "" {
            case "latency": latency = time
            case "ttft": timeToFirstToken = time
            case "tpot": timePerOutputToken = time
            default:
                throw .setting(
                    what, found: text, allowed: "TIME, or latency:TIME,ttft:TIME,tpot:TIME")
            }
        }
    }

    /// The objective as text for people.
    package var description: String {
        [("latency", latency), ("ttft", timeToFirstToken), ("tpot", timePerOutputToken)]
            .compactMap { name, bound in
                bound.map { "\(name) <= \(NumberText.time(milliseconds: $0))" }
            }.joined(separator: ", ")
    }
}

/// The settings of a run.
package struct RunPlan: Sendable {
    package var loop: LoadLoop
    package var pool: RequestPool
    package var connections: Int
    /// Requests in flight per connection.
    package var depth: Int
    /// Seconds of sending before anything counts.
    package var warmupSeconds: Double
    /// Seconds of measuring.
    package var durationSeconds: Double
    /// Seconds to wait for open requests at the end.
    package var drainSeconds: Double
    /// Requests to send at most, warm-up included.
    package var requestsMax: Int
    package var allowMock = false
    package var allowDegraded = false
    package var objective: LatencyObjective?
    /// Steps of the rate, for the report. Empty without a rate.
    package var steps: [RateStep] = []

    package init(
        loop: LoadLoop, pool: RequestPool, connections: Int = 1, depth: Int = 1,
        warmupSeconds: Double = 0, durationSeconds: Double, drainSeconds: Double = 10,
        requestsMax: Int = LoadLimits.requestsMax
    ) {
        self.loop = loop
        self.pool = pool
        self.connections = connections
        self.depth = depth
        self.warmupSeconds = warmupSeconds
        self.durationSeconds = durationSeconds
        self.drainSeconds = drainSeconds
        self.requestsMax = requestsMax
    }

    /// Length of an interval of the timeline, seconds: a round number that gives about 120
    /// intervals.
    package var intervalSeconds: Double {
        let steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120]
        return steps.first { durationSeconds / $0 <= 120 }
            ?? durationSeconds / Double(LoadLimits.intervalsMax)
    }
}
