// Percentiles over all requests, answered or not.
//
//     rank of p90 of 1,000 requests, 40 of them missing:   900 of 960 answers, a time
//     rank of p99 of the same:                             990 of 960 answers, beyond any bound
//
// A request without an answer was slower than any bound. Percentiles of the answers alone make a
// server that is away look fast.
// Guarantees: exact ranks, no interpolation. A percentile among the missing is nil, null in JSON.
// Not here: the percentiles of the answers (see Quantiles).

/// Percentiles of answers and missing requests together, milliseconds.
package struct CompleteQuantiles: Sendable, Equatable, Codable {
    package var p50: Double?
    package var p75: Double?
    package var p90: Double?
    package var p95: Double?
    package var p99: Double?
    package var p999: Double?
    package var p9999: Double?
    package var max: Double?
    /// Bounds of chance for p50, p90, p99 and p999 (see Noise).
    package var spread: Spread?

    /// Lower and upper bounds, milliseconds. Nil among the missing, empty for too few requests.
    package struct Spread: Sendable, Equatable, Codable {
        package var p50: [Double?]
        package var p90: [Double?]
        package var p99: [Double?]
        package var p999: [Double?]
    }

    /// - Parameter missing: requests without a time, at least one.
    init(_ table: PercentileTable, answered: Int, missing: Int) {
        func at(_ percentile: Double) -> Double? {
            let rank = PercentileTable.rank(of: percentile, among: answered + missing)
            return rank <= answered ? Double(table.value(rank: rank)) / 1e6 : nil
        }
        p50 = at(50)
        p75 = at(75)
        p90 = at(90)
        p95 = at(95)
        p99 = at(99)
        p999 = at(99.9)
        p9999 = at(99.99)
        max = at(100)
    }

    /// Names and values in order of percentile, as tables show them.
    package var columns: [(name: String, value: Double?)] {
        [
            ("p50", p50), ("p75", p75), ("p90", p90), ("p95", p95), ("p99", p99), ("p99.9", p999),
            ("p99.99", p9999), ("max", max),
        ]
    }

    private enum CodingKeys: String, CodingKey {
        case p50, p75, p90, p95, p99, p999, p9999, max, spread
    }

    /// Writes null for a percentile among the missing. The compiler's own code writes nothing.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(p50, forKey: .p50)
        try container.encode(p75, forKey: .p75)
        try container.encode(p90, forKey: .p90)
        try container.encode(p95, forKey: .p95)
        try container.encode(p99, forKey: .p99)
        try container.encode(p999, forKey: .p999)
        try container.encode(p9999, forKey: .p9999)
        try container.encode(max, forKey: .max)
        try container.encodeIfPresent(spread, forKey: .spread)
    }
}

extension CompleteQuantiles.Spread {
    init(_ noise: Noise) {
        func bounds(_ percentile: Double) -> [Double?] {
            noise.spread(of: percentile).map { $0.isFinite ? $0 : nil }
        }
        p50 = bounds(50)
        p90 = bounds(90)
        p99 = bounds(99)
        p999 = bounds(99.9)
    }
}

extension KindRecord {
    /// Requests without an answer: failed, past the deadline, without an end, never sent. Requests
    /// given up on purpose do not count.
    package var missing: Int { sent + unsent - cancelled - succeeded }

    /// Times that the missing requests would have added to the `count` times of the successes: as
    /// many per request as a success has on average. Zero when the successes have no times.
    func missing(of count: Int) -> Int {
        guard succeeded > 0, count > 0 else { return 0 }
        return Int((Double(missing) * Double(count) / Double(succeeded)).rounded(.up))
    }
}

extension RunRecord {
    /// Requests meant to be answered, with an answer or without.
    package var expected: Int { intended - total.cancelled }

    /// Times of one sort that are missing, over all kinds.
    func missing(_ times: (KindRecord) -> LatencyHistogram) -> Int {
        kinds.values.reduce(0) { $0 + $1.missing(of: times($1).count) }
    }

    /// Share of the expected requests that failed, had no end, or were never sent. A deadline is
    /// sent on purpose, so a request past the deadline does not count.
    package var failureShare: Double {
        let total = total
        return Double(total.missing - total.deadlineExceeded) / Double(max(expected, 1))
    }
}

extension RunReport {
    /// Requests without an answer (see `KindRecord.missing`).
    package var missing: Int { intended - cancelled - succeeded }
    /// Requests meant to be answered, with an answer or without.
    package var expected: Int { intended - cancelled }
    /// See `RunRecord.failureShare`.
    package var failureShare: Double {
        Double(missing - deadlineExceeded) / Double(Swift.max(expected, 1))
    }
}
