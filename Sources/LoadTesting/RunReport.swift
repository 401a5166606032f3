// The report of a run as a value, for printing, drawing, JSON and comparison.
//
// Guarantees:
// - The report says first whether the numbers are about a real model.
// - It holds the client's own cost beside the measured times.
// - No number treats failures as answers, and `ofAll` counts each failure as slower than any bound.
//
// Times are milliseconds, shares 0 to 1, unless a name says otherwise. JSON names are the property
// names in snake_case.

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
    /// Bounds within which p50, p90, p99 and p999 lie 95 times in 100 (see Noise). Empty for a
    /// percentile with too few answers beyond.
    package var spread: Spread?
    /// Times that requests without an answer would have added. Absent in reports of older testers.
    package var missing: Int?
    /// Percentiles over answers and missing requests, absent when none is missing.
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
    /// Requests meant to be sent, and never sent. Absent in reports of older testers.
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

/// A stretch of the timeline. Requests count in the stretch of the answer.
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

/// Cost of the tester itself.
package struct ClientReport: Sendable, Equatable, Codable {
    /// Delay from the first moment a request could be sent to its hand-over to the client.
    package var sendDelay: Quantiles?
    /// Waits of due requests for a free place on a connection. Open loop only.
    package var placeWait: Quantiles?
    /// Delays in the wake-up of a sleeping thread of the tester, caused by missing processor time.
    package var wakeDelay: Quantiles?
    package var processorSeconds: Double
    package var involuntarySwitches: Int
    /// Absent where the kernel does not say.
    package var runQueueSeconds: Double?
}

/// Setup of a run, in words and numbers. Two runs are comparable when their setups agree.
package struct SetupReport: Sendable, Equatable, Codable {
    /// `open` or `closed`.
    package var loop: String
    /// Text for people: `1000/s, poisson`.
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

/// Share and rate of the answers within the objective.
package struct GoodputReport: Sendable, Equatable, Codable {
    package var objective: String
    /// Share of all requests that were meant to be sent.
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
    /// Reason for the outcome, in words.
    package var finding: String
    /// Measures of the trial. Absent in reports of older testers.
    package var step: StepReport?
}

/// One step of the rate. Percentiles and counts are those of the requests due in the step.
package struct StepReport: Sendable, Equatable, Codable {
    /// Seconds from the end of warm-up.
    package var start: Double
    package var seconds: Double
    /// Requests per second asked for, at the beginning and at the end.
    package var from: Double
    package var to: Double
    package var intended: Int
    package var sent: Int
    package var succeeded: Int
    package var failed: Int
    package var cancelled: Int
    package var deadlineExceeded: Int
    /// Requests without an answer: failed, past the deadline, without an end, never sent.
    package var missing: Int
    package var offeredPerSecond: Double
    /// Answers completed during the step, per second.
    package var requestsPerSecond: Double
    package var outputTokensPerSecond: Double
    package var latency: Quantiles?
    package var timeToFirstToken: Quantiles?
    package var interTokenLatency: Quantiles?
}

/// A threshold or rule of a run, kept or broken.
package struct ThresholdReport: Sendable, Equatable, Codable {
    /// The condition that fails the run, as given.
    package var text: String
    /// The found value: milliseconds, a share of 0 to 1, or a number. Absent when nothing was
    /// measured, or when the value lies among requests without an answer.
    package var value: Double?
    package var bound: Double
    /// The found and the allowed value for people.
    package var found: String
    package var allowed: String
    /// Samples behind a percentile. Absent for shares and numbers.
    package var samples: Int?
    package var passed: Bool
}

/// Place and way of a run.
package struct OriginReport: Sendable, Equatable, Codable {
    /// Start in UTC: `2026-11-30T17:52:13Z`.
    package var started: String
    package var host: String
    /// Processors that the tester may use, and the model of the first.
    package var processors: Int
    package var processor: String
    /// Kernel, its release and machine.
    package var system: String
    /// The command line, quoted for a shell.
    package var command: String

    /// - Parameter startedAt: seconds since 1970.
    package init(
        startedAt: Double, host: String, processors: Int, processor: String, system: String,
        command: [String]
    ) {
        started = UTCTime.text(startedAt)
        self.host = host
        self.processors = processors
        self.processor = processor
        self.system = system
        self.command = command.map(Self.quoted).joined(separator: " ")
    }

    /// A word for a POSIX shell.
    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-_./:=,%+@".utf8.contains(byte)
        }
        if plain, !word.isEmpty { return word }
        return "'" + word.replacing("'", with: "'\\''") + "'"
    }
}

/// The outcome of `--find-max-rate`.
package struct SearchReport: Sendable, Equatable, Codable {
    package var objective: String
    /// The highest rate that held. Absent when none did.
    package var rate: Double?
    package var trials: [TrialReport]
}

/// A finished run.
package struct RunReport: Sendable, Equatable, Codable {
    package static let currentFormat = 1

    package var format = Self.currentFormat
    package var tool = "assay-load rpc"
    /// `real`, or `mock` when a mock made any answer or a mock was addressed.
    package var provenance: String
    package var degraded: Bool
    /// Seconds since 1970.
    package var startedAt: Double
    package var target: TargetFacts
    package var setup: SetupReport
    /// Facts that a reader of the numbers alone must know.
    package var warnings: [String] = []
    /// Thresholds and rules that the run broke. Empty when the run passed.
    package var failures: [String] = []
    /// Reason for an early end.
    package var endedEarly: String?

    package var scheduledSeconds: Double
    package var measuredSeconds: Double
    /// Requests meant to be sent, whether sent or not.
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
    /// Absent in reports of older testers, as the following.
    package var origin: OriginReport?
    /// Steps of the rate. Absent for a run at one rate or without a rate.
    package var steps: [StepReport]?
    /// Percentiles over time.
    package var timeline: [TimelineSeries]?
    /// Thresholds and rules in force, kept or broken.
    package var thresholds: [ThresholdReport]?

    package var isMock: Bool { provenance == "mock" }
}
