// Every bound of a load test, each with its reason. A typing mistake must not become an attack,
// nor fill the machine that measures.

/// Bounds on what may be asked of a run.
package enum LoadLimits {
    /// Seconds of measuring, warm-up aside: a day. Longer soaks are several runs.
    package static let durationSecondsMax = 86_400.0
    /// Seconds of warm-up.
    package static let warmupSecondsMax = 3_600.0
    /// Seconds to wait for answers after the last send.
    package static let drainSecondsMax = 600.0
    /// Requests per second: more than one process can send.
    package static let rateMax = 1_000_000.0
    /// Requests per second: one in about three hours.
    package static let rateMin = 0.0001
    /// Connections: file descriptors of one process.
    package static let connectionsMax = 4_096
    /// Requests in flight per connection: what a server's Hello allows by default.
    package static let depthMax = 256
    /// Share of a run's requests that may fail, have no end or never be sent, unless another is
    /// given: more is a run that measured something else than what was asked.
    package static let failureShareMax = 0.01
    /// Requests of one run.
    package static let requestsMax = 1_000_000_000
    /// Sections of a stepped rate.
    package static let segmentsMax = 1_000
    /// Tokens of a synthetic prompt, or of an answer.
    package static let tokensMax = 1_000_000
    /// Trials of one search for the highest rate.
    package static let trialsMax = 40
    /// Bytes of a trace or a prompt file.
    package static let fileSizeMax = 64 << 20
    /// Bytes of a line of a trace.
    package static let traceLineSizeMax = 256
    /// Requests of a trace.
    package static let traceRequestsMax = 1_000_000
    /// Prompts of a file.
    package static let promptsMax = 100_000
    /// Bytes of one prompt: the protocol's text limit.
    package static let promptSizeMax = 4_000_000
    /// Stretches of time a report tells apart; longer runs have longer ones.
    package static let intervalsMax = 1_200
    /// Different kinds of error counted by name; the rest is counted together.
    package static let errorNamesMax = 64
}
