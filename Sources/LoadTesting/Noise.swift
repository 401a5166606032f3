// How far a percentile may lie off by chance: the answer to "is B really slower than A?".
//
// Two estimates, of which the wider holds:
//  - order statistics: of n independent times the percentile's rank is off by about
//    2 sqrt(n q (1-q)); the values at those ranks bound it;
//  - batch means: the percentile of each of about 20 stretches of the run, twice the standard
//    error of their mean around the whole's value. Load in waves, which the first cannot see,
//    widens this one.
// It knows nothing of differences between two runs that one run does not show (another layout of
// memory, another neighbour): repeat the run to learn of those.

/// Estimates of chance.
enum Noise {
    /// Stretches to divide a run into.
    static let batchCount = 20
    /// Answers a stretch needs for its percentile to mean something, beyond the percentile itself.
    static let tailCount = 3.0

    /// Lower and upper bound, milliseconds, for the percentile of `whole`, made up of `parts`.
    static func spread(
        of percentile: Double, _ whole: LatencyHistogram, _ parts: [LatencyHistogram]
    ) -> [Double] {
        let share = percentile / 100
        let count = Double(whole.count)
        let rank = share * count
        let half = 1.96 * (count * share * (1 - share)).squareRoot() + 1
        var low = Double(whole.value(rank: Int((rank - half).rounded(.down)))) / 1e6
        var high = Double(whole.value(rank: Int((rank + half).rounded(.up)))) / 1e6
        let middle = Double(whole.value(at: percentile)) / 1e6
        // A value is known to the histogram's resolution only.
        low = min(low, middle * (1 - LatencyHistogram.resolution))
        high = max(high, middle * (1 + LatencyHistogram.resolution))
        if let error = batchError(percentile, parts) {
            low = min(low, max(0, middle - 2 * error))
            high = max(high, middle + 2 * error)
        }
        return [low, high]
    }

    /// Standard error of the mean over batches, milliseconds; nil with too few answers.
    private static func batchError(_ percentile: Double, _ parts: [LatencyHistogram]) -> Double? {
        let size = max(1, (parts.count + batchCount - 1) / batchCount)
        var values: [Double] = []
        var batch = LatencyHistogram()
        for (index, part) in parts.enumerated() {
            batch.add(part)
            guard index % size == size - 1 else { continue }
            if Double(batch.count) * (1 - percentile / 100) >= tailCount {
                values.append(Double(batch.value(at: percentile)) / 1e6)
            }
            batch = LatencyHistogram()
        }
        guard values.count >= 5 else { return nil }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / (count - 1) / count).squareRoot()
    }
}
