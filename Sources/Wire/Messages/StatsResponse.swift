// Counters are real or mock as a whole.

extension StatsResponse {
    /// Provenance the frame must carry: mock when a mock answer was counted.
    public var provenance: Provenance {
        counters.contains { $0.mock > 0 } ? .mock : .real
    }
}
