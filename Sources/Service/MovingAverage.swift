// An exponentially weighted mean for costs that drift, such as the time of a step or of a request.
//
// A new sample weighs one eighth. There is no value before the first sample.

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
