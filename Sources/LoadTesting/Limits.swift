// Every bound of a load test, each with its reason. A typing mistake must not become an attack, nor
// fill the machine that measures.

/// Bounds on the settings of a run.
package enum LoadLimits {
    /// Seconds of measuring without the warm-up: a day. Longer soaks are several runs.
    package static let durationSecondsMax = 86_400.0
    /// Seconds of warm-up.
    package static let warmupSecondsMax = 3_600.0
    /// Seconds to wait for answers after the last send.
    package static let drainSecondsMax = 600.0
    /// Requests per second: more than one process can send.
    package static let rateMax = 1_000_000.0
    /// Requests per second: one in about three hours.
    package static let rateMin = 0.0001
    /// Connections: file descriptors of a process.
    package static let connectionsMax = 4_096
    /// Requests in flight per connection: the default limit in a server's Hello.
    package static let depthMax = 256
    /// Default for the share of a run's requests that may fail, have no end or never be sent. A run
    /// above the bound measured something other than the settings ask for.
    package static let failureShareMax = 0.01
    /// Requests of a run.
    package static let requestsMax = 1_000_000_000
    /// Sections of a stepped rate.
    package static let segmentsMax = 1_000
    /// Steps of a report. Longer profiles are grouped.
    package static let stepsMax = 100
    /// Conversations of a file.
    package static let conversationsMax = 1_000
    /// Turns of a conversation: the protocol's limit on messages.
    package static let turnsMax = 1_024
    /// Tokens of a synthetic prompt, or of an answer.
    package static let tokensMax = 1_000_000
    /// Trials of a search for the highest rate.
    package static let trialsMax = 40
    /// Bytes of a trace or a prompt file.
    package static let fileSizeMax = 64 << 20
    /// Bytes of a line of a trace.
    package static let traceLineSizeMax = 256
    /// Requests of a trace.
    package static let traceRequestsMax = 1_000_000
    /// Prompts of a file.
    package static let promptsMax = 100_000
    /// Bytes of a prompt: the protocol's text limit.
    package static let promptSizeMax = 4_000_000
    /// Intervals in the timeline of a report. Longer runs have longer intervals.
    package static let intervalsMax = 1_200
    /// Error names counted separately. All further errors are counted together.
    package static let errorNamesMax = 64
}
