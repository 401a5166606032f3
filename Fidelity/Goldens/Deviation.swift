// How found values are compared with recorded ones, in the tests and in the fidelity table alike.
//
// Guarantees: a NaN, and rows of different length, are infinitely far apart, never "no difference".

/// How far two rows are apart; infinitely where one of them is not a number or missing.
package struct Deviation: CustomStringConvertible {
    package let largest: Double
    package let rootMeanSquare: Double

    package init(_ left: [Float], _ right: [Float]) {
        let differences = zip(left, right).map { abs(Double($0) - Double($1)) }
        guard left.count == right.count, !differences.contains(where: \.isNaN) else {
            (largest, rootMeanSquare) = (.infinity, .infinity)
            return
        }
        largest = differences.max() ?? .infinity
        let sum = differences.reduce(0) { $0 + $1 * $1 }
        rootMeanSquare = (sum / Double(max(1, differences.count))).squareRoot()
    }

    package var description: String { "largest \(largest), root mean square \(rootMeanSquare)" }
}

extension Collection where Element == Float, Index == Int {
    /// The first index of the largest value.
    package var indexOfLargest: Int {
        var best = startIndex
        for index in indices where self[index] > self[best] { best = index }
        return best
    }
}
