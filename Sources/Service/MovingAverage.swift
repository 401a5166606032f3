// An exponentially weighted mean, for costs that drift: what a step takes, what a request takes.
//
// It forgets at a fixed rate per sample (one part in eight) and has no value before the first.

package struct MovingAverage: Sendable, Equatable {
    private static let weight = 0.125

    /// The mean so far, or nil before the first sample.
    package private(set) var value: Double?

    package init() {}

    package mutating func add(_ sample: Double) {
        guard let old = value else {
            value = sample
            return
        }
        value = old + (sample - old) * Self.weight
    }
}
