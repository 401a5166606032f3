// The number of samples that a percentile needs to be shown.
//
//     p50 20   p75 40   p90 100   p95 200   p99 1,000   p99.9 10,000   p99.99 100,000
//
// One rule: at least ten samples lie beyond the percentile, so percentile p needs 10 / (1 - p) of
// them. With fewer, the percentile is the time of a few unlucky requests.

/// The rule on samples.
package enum EnoughSamples {
    /// Samples that must lie beyond a shown percentile.
    package static let beyondMin = 10.0

    /// Number of samples that percentile `percentile` (0 to 100, exclusive) needs.
    package static func needed(for percentile: Double) -> Int {
        let share = 1 - percentile / 100
        return Int((beyondMin / share * (1 - 1e-9)).rounded(.up))
    }
}
