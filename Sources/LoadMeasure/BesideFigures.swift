// What loads beside a served model cost it: the gaps between the tokens of its stream, while
// nothing else happens, while another model is loaded, and while that model is dropped.
//
//     quiet | load | quiet | unload | quiet | load ...
//
// Guarantees: a gap belongs to a window when any part of it lies in the window, so a stall at an
// edge is not lost. The longest gap is judged by the median over the rounds, so that one stall of
// the machine does not decide. The names in JSON are a contract; times are milliseconds.

import PlainText

/// Instants of one run, nanoseconds of one clock.
package struct BesideRecord: Sendable {
    /// One round: each window from start to end.
    package struct Round: Sendable {
        package var quiet: Range<Int64>
        package var load: Range<Int64>
        package var unload: Range<Int64>

        package init(quiet: Range<Int64>, load: Range<Int64>, unload: Range<Int64>) {
            (self.quiet, self.load, self.unload) = (quiet, load, unload)
        }
    }

    /// Arrivals of the tokens of each answer.
    package var answers: [[Int64]] = []
    /// The rounds, in order.
    package var rounds: [Round] = []
    /// Milliseconds of the loads with no stream beside.
    package var alone: [Double] = []
    /// Milliseconds of the loads beside the stream.
    package var beside: [Double] = []

    package init() {}
}

/// Gaps between tokens in the windows of one kind.
package struct GapFigures: Sendable, Equatable, Codable {
    /// Gaps in all rounds.
    package let count: Int
    /// Percentiles over all rounds.
    package let p50, p99: Double
    /// Median over the rounds of the longest gap.
    package let max: Double
    /// The longest gap of all.
    package let worst: Double

    enum CodingKeys: String, CodingKey {
        case count = "gaps"
        case p50 = "p50_ms"
        case p99 = "p99_ms"
        case max = "max_ms"
        case worst = "worst_ms"
    }

    /// Nil without a gap. `gaps` are milliseconds, by rounds.
    init?(_ gaps: [[Double]]) {
        let sorted = gaps.joined().sorted()
        guard let last = sorted.last, let max = Spread(gaps.compactMap { $0.max() }) else {
            return nil
        }
        func percentile(_ share: Double) -> Double {
            sorted[min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.up)) - 1)]
        }
        (count, worst, self.max) = (sorted.count, last, max.median)
        (p50, p99) = (percentile(0.5), percentile(0.99))
    }
}

/// The cost of loading one path beside a model.
package struct BesideFigures: Sendable, Codable {
    /// The model that serves, and the path that is loaded.
    package let beside, path: String
    /// Loads that were measured.
    package let rounds: Int
    /// Gaps while nothing else happens.
    package let quiet: GapFigures?
    /// Gaps while the path is loaded, and while it is dropped.
    package let load, unload: GapFigures?
    /// What a load, or dropping it, adds to the longest gap. Nil without gaps.
    package let added: Double?
    /// Time of a load without the stream, and beside it.
    package let loadAlone, loadBeside: Spread?

    enum CodingKeys: String, CodingKey {
        case beside, path, rounds, quiet, load, unload
        case added = "added_ms"
        case loadAlone = "load_alone_ms"
        case loadBeside = "load_beside_ms"
    }

    package init(beside: String, path: String, _ record: BesideRecord) {
        (self.beside, self.path, rounds) = (beside, path, record.rounds.count)
        func figures(_ window: (BesideRecord.Round) -> Range<Int64>) -> GapFigures? {
            GapFigures(record.rounds.map { Self.gaps(record.answers, in: window($0)) })
        }
        let (quiet, load, unload) = (
            figures(\.quiet), figures(\.load), figures(\.unload)
        )
        (self.quiet, self.load, self.unload) = (quiet, load, unload)
        added = quiet.flatMap { quiet in
            [load, unload].compactMap { $0?.max }.max().map { max(0, $0 - quiet.max) }
        }
        (loadAlone, loadBeside) = (Spread(record.alone), Spread(record.beside))
    }

    /// Milliseconds of the gaps with a part in `window`.
    private static func gaps(_ answers: [[Int64]], in window: Range<Int64>) -> [Double] {
        answers.flatMap { arrivals in
            zip(arrivals, arrivals.dropFirst()).compactMap { start, end in
                end > window.lowerBound && start < window.upperBound
                    ? Double(end - start) / 1e6 : nil
            }
        }
    }

    /// Lines without a final newline.
    package var table: String {
        var table = TextTable(
            [
                .text("WHILE", widthMin: 10), .number("GAPS", widthMin: 8), .number("P50"),
                .number("P99"), .number("MAX"), .number("WORST"),
            ], indentation: 2)
        let rows = [("quiet", quiet), ("loading", load), ("dropping", unload)]
        for (name, gaps) in rows {
            guard let gaps else { continue }
            table.add(
                [.init(name), .init("\(gaps.count)")]
                    + [gaps.p50, gaps.p99, gaps.max, gaps.worst].map {
                        .init(Quantity.fixed($0, 2))
                    })
        }
        let times = [("alone", loadAlone), ("beside", loadBeside)].compactMap { name, time in
            time.map { "\(name) \(Quantity.fixed($0.median, 0)) ms" }
        }
        let added = added.map { "\(Quantity.fixed($0, 2)) ms" } ?? "not measured"
        return
            ([
                "\(path) beside \(beside): \(rounds) round\(rounds == 1 ? "" : "s")",
                "  milliseconds between tokens; MAX is the median of the rounds' longest gaps",
            ]
            + table.lines().map(\.plain)
            + [
                "  added to the longest gap: \(added)",
                "  a load: \(times.joined(separator: ", "))",
            ])
            .joined(separator: "\n")
    }
}
