// The provenance of a Stats response. Counters are real or mock as a whole.

extension StatsResponse {
    /// Provenance for the frame: mock when a mock answer was counted.
    public var provenance: Provenance {
        counters.contains { $0.mock > 0 } ? .mock : .real
    }
}
