// Splits the requests of a name over its generations by fixed shares. Pure.
//
// Everyone has a credit. A request adds to each credit its share, goes to the largest credit, and
// takes a whole from it:
//
//   shares rest 0.75, canary 0.25:  rest rest canary rest | rest rest canary rest | ...
//
// Guarantees:
// - The same shares give the same order. There is no chance in it.
// - Credits are whole numbers with the sum 0 and above minus a whole, so the count of each is less
//   than one request per other share away from its share of any number of requests.
// - Who has no share gets no request.

/// Shares of labels, and the rest. A value.
package struct TrafficShares: Sendable, Equatable {
    /// Units of a whole. A share is rounded down to a unit, so shares within 1 stay within 1.
    private static let whole: Int64 = 1 << 40

    /// Units of the rest, then of each label.
    private let parts: [Int64]
    private var credits: [Int64]

    /// Makes the shares of a name without labels.
    package init() { (parts, credits) = ([Self.whole], [0]) }

    /// Returns nil unless each share is 0 to 1, and all are at most 1 together.
    package init?(_ shares: [Double]) {
        guard shares.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { return nil }
        let parts = shares.map { Int64($0 * Double(Self.whole)) }
        let rest = Self.whole - parts.reduce(0, +)
        guard rest >= 0 else { return nil }
        self.parts = [rest] + parts
        credits = [Int64](repeating: 0, count: parts.count + 1)
    }

    /// True when every request goes to the rest.
    package var isTrivial: Bool { parts[0] == Self.whole }

    /// Returns the index of the label that takes the next request, or nil for the rest.
    package mutating func next() -> Int? {
        var best = 0
        for index in parts.indices {
            credits[index] += parts[index]
            if credits[index] > credits[best] { best = index }
        }
        credits[best] -= Self.whole
        return best == 0 ? nil : best - 1
    }
}
