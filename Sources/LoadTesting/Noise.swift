// Estimates how far a percentile may lie off by chance, to judge whether B is really slower than A.
//
// The wider of two estimates holds:
//  - Order statistics: of n independent times the percentile's rank is off by about
//    2 sqrt(n q (1-q)). The values at the two outer ranks are the bounds.
//  - Batch means: the percentile of each of about 20 stretches of the run. The bounds lie twice the
//    standard error of their mean around the value of the whole run. Load in waves widens this
//    estimate and does not show in the first.
// Differences between two runs that a single run does not show (another layout of memory, another
// neighbour) are unknown here. Repeat the run to find them.

/// Estimates of chance for the percentiles of one run.
struct Noise {
    /// Number of stretches of a run.
    static let batchCount = 20
    /// Answers that a stretch needs beyond a percentile to make the percentile meaningful.
    static let tailCount = 3.0

    private let whole: PercentileTable
    private let count: Double
    private let answered: Int
    private let batches: [(count: Int, table: PercentileTable)]

    /// - Parameters:
    ///   - parts: stretches of `whole` in order of time.
    ///   - missing: requests slower than all of `whole` (see CompleteQuantiles).
    init(_ whole: LatencyHistogram, parts: [LatencyHistogram], missing: Int = 0) {
        self.whole = whole.table
        answered = whole.count
        count = Double(whole.count + missing)
        let size = max(1, (parts.count + Self.batchCount - 1) / Self.batchCount)
        batches = stride(from: 0, through: parts.count - size, by: size).map { start in
            var batch = LatencyHistogram()
            for part in parts[start..<start + size] { batch.add(part) }
            return (batch.count, batch.table)
        }
    }

    /// Lower and upper bound of a percentile, milliseconds, infinite among the missing. Empty when
    /// fewer than ten requests lie beyond the percentile, because it then depends more on those ten
    /// than on the server.
    func spread(of percentile: Double) -> [Double] {
        let share = percentile / 100
        guard count * (1 - share) >= 9.999 else { return [] }
        let rank = share * count
        let half = 1.96 * (count * share * (1 - share)).squareRoot() + 1
        var low = value(rank: (rank - half).rounded(.down))
        var high = value(rank: (rank + half).rounded(.up))
        let middle = value(rank: (rank - 1e-9).rounded(.up))
        // A value is known to the histogram's resolution only.
        low = min(low, middle * (1 - LatencyHistogram.resolution))
        high = max(high, middle * (1 + LatencyHistogram.resolution))
        if let error = batchError(percentile) {
            low = min(low, max(0, middle - 2 * error))
            high = max(high, middle + 2 * error)
        }
        return [low, high]
    }

    private func value(rank: Double) -> Double {
        let rank = Int(rank)
        // With no missing requests, a rank beyond the last is the last.
        guard rank <= answered || count == Double(answered) else { return .infinity }
        return Double(whole.value(rank: rank)) / 1e6
    }

    /// Standard error of the mean over batches, milliseconds. Nil with too few answers.
    private func batchError(_ percentile: Double) -> Double? {
        let values = batches.compactMap { count, table in
            Double(count) * (1 - percentile / 100) >= Self.tailCount
                ? Double(table.value(at: percentile)) / 1e6 : nil
        }
        guard values.count >= 5 else { return nil }
        let number = Double(values.count)
        let mean = values.reduce(0, +) / number
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / (number - 1) / number).squareRoot()
    }
}
