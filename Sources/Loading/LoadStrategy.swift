// What happens after a failed attempt: fail, try again, or (development only) stand in.
//
// Guarantees: the waiting times are a pure function of the number of the retry; only errors that
// can heal are tried again.
// Does not: sleep, and does not know clocks.

/// How the loader answers a refusal.
public enum LoadStrategy: String, Sendable, CaseIterable, CustomStringConvertible {
    /// Fail at the first refusal.
    case strict
    /// Retry conditions that can pass, with growing pauses, then report every attempt.
    case graceful
    /// Fail at the first refusal, or stand in a mock if that was allowed explicitly.
    case development

    /// The name used in flags and reports.
    public var description: String { rawValue }
}

/// When to try again, and how long to wait: 1 s, 2 s, 4 s …
struct RetryPolicy {
    let strategy: LoadStrategy
    let retryCountMax: Int

    /// The pause before retry number `retry` (1 is the first), or nil if there is none.
    func pause(beforeRetry retry: Int, after rejection: AssayRejection) -> Duration? {
        guard strategy == .graceful, rejection.isTransient, retry <= retryCountMax else {
            return nil
        }
        return .seconds(1 << min(retry - 1, 30))
    }
}
