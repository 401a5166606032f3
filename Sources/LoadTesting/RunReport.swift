// The report of a run as a value: what is printed, drawn, written as JSON and compared later.
//
// Guarantees: it says first whether the numbers are about a real model; it holds what the client
// itself cost beside what it measured; nothing in it is computed from failures as if they were
// answers, and `ofAll` counts each failure as slower than any bound. Times are milliseconds, shares
// 0 to 1, unless a name says otherwise. JSON names are the property names in snake_case.

/// Percentiles of one sort of time, milliseconds.
package struct Quantiles: Sendable, Equatable, Codable {
    package var count: Int
    package var min: Double
    package var mean: Double
    package var p50: Double
    package var p75: Double
    package var p90: Double
    package var p95: Double
    package var p99: Double
    package var p999: Double
    package var p9999: Double
    package var max: Double
    /// Where p50, p90, p99 and p999 may lie by chance alone, 95 times in 100; see Noise. Empty for
    /// those with too few answers beyond them.
    package var spread: Spread?
    /// Times that requests without an answer would have added. Absent in reports of older testers.
    package var missing: Int?
    /// Percentiles over both, absent when none is missing.
    package var ofAll: CompleteQuantiles?

    /// Lower and upper bounds, milliseconds.
    package struct Spread: Sendable, Equatable, Codable {
        package var p50: [Double]
        package var p90: [Double]
        package var p99: [Double]
        package var p999: [Double]
    }

    /// Names and values in order of percentile, as tables show them.
    package var columns: [(name: String, value: Double)] {
        [
            ("p50", p50), ("p75", p75), ("p90", p90), ("p95", p95), ("p99", p99), ("p99.9", p999),
            ("p99.99", p9999), ("max", max),
        ]
    }
}

/// One kind of request.
package struct KindReport: Sendable, Equatable, Codable {
    package var kind: String
    package var sent: Int
    package var succeeded: Int
    package var cancelled: Int
    package var deadlineExceeded: Int
    package var failed: Int
    package var unfinished: Int
    /// Meant to be sent, and never sent. Absent in reports of older testers.
    package var unsent: Int?
    package var promptTokens: Int
    package var outputTokens: Int
    package var latency: Quantiles?
    package var service: Quantiles?
    package var timeToFirstToken: Quantiles?
    package var interTokenLatency: Quantiles?
    package var timePerOutputToken: Quantiles?
    package var serverTotal: Quantiles?
    package var serverQueue: Quantiles?
}

/// One stretch of the timeline. Requests count where their answers came.
package struct IntervalReport: Sendable, Equatable, Codable {
    /// Seconds from the end of warm-up.
    package var start: Double
    package var seconds: Double
    package var sent: Int
    package var succeeded: Int
    package var failed: Int
    package var outputTokens: Int
    package var p50: Double?
    package var p90: Double?
    package var p99: Double?
    package var max: Double?
    /// Percentiles over answers and failures of this stretch, absent without a failure.
    package var ofAll: CompleteQuantiles?
}

/// A point of the percentile curve.
package struct CurvePoint: Sendable, Equatable, Codable {
    package var percentile: Double
    package var milliseconds: Double
}

/// What the tester itself cost.
package struct ClientReport: Sendable, Equatable, Codable {
    /// From when a request could be sent to when it was handed to the client.
    package var sendDelay: Quantiles?
    /// Due requests that waited for a free place on a connection; open loop only.
    package var slotWait: Quantiles?
    /// How late a sleeping thread of this process woke: time it was not scheduled.
    package var wakeDelay: Quantiles?
    package var processorSeconds: Double
    package var involuntarySwitches: Int
    /// Absent where the kernel does not say.
    package var runQueueSeconds: Double?
}

/// How a run was set up, in words and numbers: what must agree for two runs to be comparable.
package struct SetupReport: Sendable, Equatable, Codable {
    /// `open` or `closed`.
    package var loop: String
    /// For people: `1000/s, poisson`.
    package var schedule: String
    package var mix: String
    package var connections: Int
    package var depth: Int
    package var warmupSeconds: Double
    package var durationSeconds: Double
    package var prompts: String
    package var outputTokens: String
    package var cancelShare: Double
    package var deadlineShare: Double
    package var deadlineMilliseconds: Int
    package var seed: UInt64

    package init(
        loop: String, schedule: String, mix: String, connections: Int, depth: Int,
        warmupSeconds: Double, durationSeconds: Double, prompts: String = "",
        outputTokens: String = "", cancelShare: Double = 0, deadlineShare: Double = 0,
        deadlineMilliseconds: Int = 0, seed: UInt64 = 0
    ) {
        self.loop = loop
        self.schedule = schedule
        self.mix = mix
        self.connections = connections
        self.depth = depth
        self.warmupSeconds = warmupSeconds
        self.durationSeconds = durationSeconds
        self.prompts = prompts
        self.outputTokens = outputTokens
        self.cancelShare = cancelShare
        self.deadlineShare = deadlineShare
        self.deadlineMilliseconds = deadlineMilliseconds
        self.seed = seed
    }
}

/// Goodput: answers that kept the objective.
package struct GoodputReport: Sendable, Equatable, Codable {
    package var objective: String
    /// Of all requests that were meant to be sent.
    package var share: Double
    package var requestsPerSecond: Double
}

/// A count with its name.
package struct NamedCount: Sendable, Equatable, Codable {
    package var name: String
    package var count: Int
}

/// One trial of a search for the highest rate.
package struct TrialReport: Sendable, Equatable, Codable {
    package var rate: Double
    package var held: Bool
    /// Why it held or not, in words.
    package var finding: String
}

/// The outcome of `--find-max-rate`.
package struct SearchReport: Sendable, Equatable, Codable {
    package var objective: String
    /// The highest rate that held; absent when none did.
    package var rate: Double?
    package var trials: [TrialReport]
}

/// A finished run.
package struct RunReport: Sendable, Equatable, Codable {
    package static let currentFormat = 1

    package var format = Self.currentFormat
    package var tool = "assay-load rpc"
    /// `real`; `mock` when any answer was made by a mock, or a mock was addressed.
    package var provenance: String
    package var degraded: Bool
    /// Seconds since 1970.
    package var startedAt: Double
    package var target: TargetFacts
    package var setup: SetupReport
    /// Everything somebody who reads only the numbers must know.
    package var warnings: [String] = []
    /// Thresholds and rules the run broke; empty when it passed.
    package var failures: [String] = []
    /// Why it ended before its time.
    package var endedEarly: String?

    package var scheduledSeconds: Double
    package var measuredSeconds: Double
    /// Meant to be sent, whether or not it was.
    package var intended: Int
    package var sent: Int
    package var succeeded: Int
    package var cancelled: Int
    package var deadlineExceeded: Int
    package var failed: Int
    package var unfinished: Int
    package var unsent: Int
    package var mockAnswers: Int
    package var degradedAnswers: Int
    package var offeredPerSecond: Double
    package var requestsPerSecond: Double
    package var promptTokensPerSecond: Double
    package var outputTokensPerSecond: Double
    package var goodput: GoodputReport?

    package var latency: Quantiles?
    package var service: Quantiles?
    package var timeToFirstToken: Quantiles?
    package var interTokenLatency: Quantiles?
    package var timePerOutputToken: Quantiles?
    package var kinds: [KindReport]
    package var errors: [NamedCount]
    package var degradations: [NamedCount]
    package var client: ClientReport
    package var curve: [CurvePoint]
    package var intervals: [IntervalReport]
    package var search: SearchReport?

    package var isMock: Bool { provenance == "mock" }
}
