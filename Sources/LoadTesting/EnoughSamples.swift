// The rule on samples for the columns of reports.
//
// Guarantees: text and page leave out every percentile with too few samples. JSON and CSV hold each
// number beside the count of its samples.

import PlainText

extension EnoughSamples {
    /// Number of samples needed by the column `name`: `p99.9` or `p999`. 1 for `min`, `mean` and
    /// `max`.
    package static func needed(forColumn name: String) -> Int {
        percentiles[Threshold.name(name)].map(needed(for:)) ?? 1
    }

    /// The highest percentile column that `count` samples allow. Nil for fewer samples than p50
    /// needs.
    package static func highest(_ count: Int) -> String? {
        ["p99.99", "p99.9", "p99", "p95", "p90", "p75", "p50"].first {
            count >= needed(forColumn: $0)
        }
    }

    private static let percentiles = [
        "p50": 50, "p75": 75, "p90": 90, "p95": 95, "p99": 99, "p999": 99.9, "p9999": 99.99,
    ]
}

/// A percentile in a table for people.
enum TimeCell: Sendable, Equatable {
    /// Milliseconds.
    case time(Double)
    /// Too few samples.
    case few
    /// The percentile lies among requests without an answer.
    case unanswered

    var milliseconds: Double? {
        if case .time(let value) = self { value } else { nil }
    }
}

extension Quantiles {
    /// Number of requests that `ofAll` covers.
    var countOfAll: Int { count + (missing ?? 0) }

    /// Percentiles of the answers, as tables show them.
    var cells: [(name: String, cell: TimeCell)] {
        columns.map { name, value in
            (name, count < EnoughSamples.needed(forColumn: name) ? .few : .time(value))
        }
    }

    /// Percentiles of all requests, answered or not, as tables show them.
    var cellsOfAll: [(name: String, cell: TimeCell)] {
        guard let ofAll else { return cells }
        return ofAll.columns.map { name, value in
            guard let value else { return (name, .unanswered) }
            let isFew = countOfAll < EnoughSamples.needed(forColumn: name)
            return (name, isFew ? .few : .time(value))
        }
    }

    /// The cell under `name`, over all requests.
    func cellOfAll(_ name: String) -> TimeCell {
        cellsOfAll.first { $0.name == name }?.cell ?? .few
    }
}
