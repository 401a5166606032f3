// What a measurement of loading found, for people and for programs. The names in JSON are a
// contract; times are milliseconds.

/// Median and range of some rounds.
public struct Spread: Sendable, Equatable, Codable {
    /// The middle round.
    public let median: Double
    /// The fastest round.
    public let min: Double
    /// The slowest round.
    public let max: Double

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
public struct LoadCost: Sendable, Codable {
    /// A layer, or a strategy.
    public let name: String
    /// With nothing of the files in the page cache.
    public let cold: Spread?
    /// With all of them in it.
    public let warm: Spread?

    enum CodingKeys: String, CodingKey {
        case name
        case cold = "cold_ms"
        case warm = "warm_ms"
    }
}

/// One attempt against the injected fault.
public struct AttemptFigures: Sendable, Codable {
    /// 1 for the first.
    public let number: Int
    /// The pause the strategy asked for before it.
    public let pause: Double
    /// The pause it got.
    public let waited: Double
    /// Time the attempt took.
    public let duration: Double
    /// Where it failed; nil for the one that was accepted.
    public let layer: String?
    /// Why.
    public let code: String?

    enum CodingKeys: String, CodingKey {
        case number, layer, code
        case pause = "pause_ms"
        case waited = "waited_ms"
        case duration = "ms"
    }
}

/// How one strategy met a file that is missing for some attempts.
public struct FaultFigures: Sendable, Codable {
    /// The strategy.
    public let strategy: String
    /// Whether there was a model in the end.
    public let accepted: Bool
    /// Every attempt, oldest first.
    public let attempts: [AttemptFigures]
    /// All pauses together, as they were.
    public let waited: Double
    /// From the first attempt to the end.
    public let total: Double

    enum CodingKeys: String, CodingKey {
        case strategy, accepted, attempts
        case waited = "waited_ms"
        case total = "total_ms"
    }
}

/// Why a file was refused.
public struct LoadRefusal: Sendable, Codable {
    /// The layer.
    public let layer: String
    /// The stable code.
    public let code: String
    /// What was tried, found and allowed.
    public let message: String
}

/// Everything about one file.
public struct LoadFigures: Sendable, Codable {
    /// As given.
    public let path: String
    /// Bytes of all files of the model; 0 when they could not be opened.
    public let size: Int
    /// Files of the model, its seal included.
    public let fileCount: Int
    /// Rounds of each measurement.
    public let rounds: Int
    /// Threads of the back end.
    public let threads: Int
    /// Why it was refused; nil for an accepted one.
    public let refusal: LoadRefusal?
    /// What a seal beside it said: `absent`, `matched`; nil for a refused file.
    public let seal: String?
    /// Why there are no cold figures; nil when there are.
    public let coldMissing: String?
    /// Each layer that ran, in order, under the strict strategy.
    public let layers: [LoadCost]
    /// Each strategy's whole load; empty for a refused file.
    public let strategies: [LoadCost]
    /// Attempts for which the injected fault lasted.
    public let faultCount: Int
    /// How each strategy met it; empty for a refused file.
    public let faults: [FaultFigures]

    enum CodingKeys: String, CodingKey {
        case path, rounds, threads, refusal, seal, layers, strategies, faults
        case size = "bytes"
        case fileCount = "files"
        case coldMissing = "cold_missing"
        case faultCount = "fault_attempts"
    }
}

/// A measurement that cannot be made. Says nothing about the model.
public struct LoadMeasureError: Error, Sendable, CustomStringConvertible {
    /// One sentence.
    public let description: String
}
