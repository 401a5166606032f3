// Reaction to a failed attempt: fail, try again, or (development only) use a mock.
//
// Guarantees: the waiting times are a pure function of the retry's number. Only errors that can
// heal are retried.
// Does not: sleep or know clocks.

extension ModelLoadingConfiguration {
    /// The loader's reaction to a refusal.
    public enum Strategy: String, Sendable, CaseIterable, CustomStringConvertible {
        /// Fail at the first refusal.
        case strict
        /// Retry transient errors with growing pauses, then report every attempt.
        case graceful
        /// Fail at the first refusal, or use a mock if the configuration allows mocks explicitly.
        case development

        /// The name used in flags and reports.
        public var description: String { rawValue }
    }
}

/// Decides on retries and their pauses: 1 s, 2 s, 4 s …
struct RetryPolicy {
    let strategy: ModelLoadingConfiguration.Strategy
    let retryCountMax: Int

    /// Returns the pause before retry number `retry` (from 1), or nil for no retry.
    func pause(beforeRetry retry: Int, after rejection: AssayRejection) -> Duration? {
        guard strategy == .graceful, rejection.isTransient, retry <= retryCountMax else {
            return nil
        }
        return .seconds(1 << min(retry - 1, 30))
    }
}
