// What a measurement of loading found, for people and for programs. The names in JSON are a
// contract; times are milliseconds.

/// Median and range of some rounds.
package struct Spread: Sendable, Equatable, Codable {
    /// The middle round.
    package let median: Double
    /// The fastest round.
    package let min: Double
    /// The slowest round.
    package let max: Double

    /// Nil without values.
    init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        let middle = sorted.count / 2
        median =
            sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        min = first
        max = last
    }
}

/// The cost of one layer or one strategy; a side is nil when it was not measured.
package struct LoadCost: Sendable, Codable {
    /// A layer, or a strategy.
    package let name: String
    /// With nothing of the files in the page cache.
    package let cold: Spread?
    /// With all of them in it.
    package let warm: Spread?

    enum CodingKeys: String, CodingKey {
        case name
        case cold = "cold_ms"
        case warm = "warm_ms"
    }
}

/// One attempt against the injected fault.
package struct AttemptFigures: Sendable, Codable {
    /// 1 for the first.
    package let number: Int
    /// The pause the strategy asked for before it.
    package let pause: Double
    /// The pause it got.
    package let waited: Double
    /// Time the attempt took.
    package let duration: Double
    /// Where it failed; nil for the one that was accepted.
    package let layer: String?
    /// Why.
    package let code: String?

    enum CodingKeys: String, CodingKey {
        case number, layer, code
        case pause = "pause_ms"
        case waited = "waited_ms"
        case duration = "ms"
    }
}

/// How one strategy met a file that is missing for some attempts.
package struct FaultFigures: Sendable, Codable {
    /// The strategy.
    package let strategy: String
    /// Whether there was a model in the end.
    package let accepted: Bool
    /// Every attempt, oldest first.
    package let attempts: [AttemptFigures]
    /// All pauses together, as they were.
    package let waited: Double
    /// From the first attempt to the end.
    package let total: Double

    enum CodingKeys: String, CodingKey {
        case strategy, accepted, attempts
        case waited = "waited_ms"
        case total = "total_ms"
    }
}

/// Why a file was refused.
package struct LoadRefusal: Sendable, Codable {
    /// The layer.
    package let layer: String
    /// The stable code.
    package let code: String
    /// What was tried, found and allowed.
    package let message: String
}

/// Everything about one file.
package struct LoadFigures: Sendable, Codable {
    /// As given.
    package let path: String
    /// Bytes of all files of the model; 0 when they could not be opened.
    package let size: Int
    /// Files of the model, its seal included.
    package let fileCount: Int
    /// Rounds of each measurement.
    package let rounds: Int
    /// Threads of the back end.
    package let threads: Int
    /// Why it was refused; nil for an accepted one.
    package let refusal: LoadRefusal?
    /// What a seal beside it said: `absent`, `matched`; nil for a refused file.
    package let seal: String?
    /// Why there are no cold figures; nil when there are.
    package let coldMissing: String?
    /// Each layer that ran, in order, under the strict strategy.
    package let layers: [LoadCost]
    /// Each strategy's whole load; empty for a refused file.
    package let strategies: [LoadCost]
    /// Attempts for which the injected fault lasted.
    package let faultCount: Int
    /// How each strategy met it; empty for a refused file.
    package let faults: [FaultFigures]

    enum CodingKeys: String, CodingKey {
        case path, rounds, threads, refusal, seal, layers, strategies, faults
        case size = "bytes"
        case fileCount = "files"
        case coldMissing = "cold_missing"
        case faultCount = "fault_attempts"
    }
}

/// A measurement that cannot be made. Says nothing about the model.
package struct LoadMeasureError: Error, Sendable, CustomStringConvertible {
    /// One sentence.
    package let description: String
}
