// Lengths of prompts and answers: a number, or a distribution of numbers.
//
//     128                 always 128
//     uniform:16:256      each length between the two equally often
//     normal:128:32       mean and standard deviation
//     lognormal:128:0.6   median and sigma: many short, few very long, like real prompts
//     exponential:128     mean
//
// Draws are whole numbers from 1 to the limit. A draw outside moves to the nearest edge.

import Glibc

/// A distribution of lengths.
package struct LengthDistribution: Sendable, Equatable {
    private enum Shape: Sendable, Equatable {
        case fixed(Double)
        case uniform(Double, Double)
        case normal(Double, Double)
        case lognormal(Double, Double)
        case exponential(Double)
    }

    private let shape: Shape
    private let most: Int
    /// The text given by the user.
    package let description: String

    /// Reads a distribution in the syntax above, with lengths of 1 to `most`.
    package init(_ text: String, _ what: String, most: Int) throws(LoadTestError) {
        let allowed =
            "N, uniform:A:B, normal:MEAN:DEVIATION, lognormal:MEDIAN:SIGMA or exponential:MEAN "
            + "with lengths of 1 to \(most)"
        let words = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let name = words.count > 1 ? words[0] : "fixed"
        let numbers = words.dropFirst(words.count > 1 ? 1 : 0).map(NumberText.plain)
        let values = numbers.compactMap(\.self)
        let lengths = 1.0...Double(most)
        guard values.count == numbers.count, let first = values.first, lengths.contains(first)
        else {
            throw .setting(what, found: text, allowed: allowed)
        }
        switch (name, values.count) {
        case ("fixed", 1): shape = .fixed(first)
        case ("exponential", 1): shape = .exponential(first)
        case ("uniform", 2) where lengths.contains(values[1]) && values[1] >= first:
            shape = .uniform(first, values[1])
        case ("normal", 2) where values[1] <= Double(most): shape = .normal(first, values[1])
        case ("lognormal", 2) where values[1] <= 10: shape = .lognormal(first, values[1])
        default: throw .setting(what, found: text, allowed: allowed)
        }
        self.most = most
        description = text
    }

    /// Draws a length.
    package func draw(_ random: inout SplitMix) -> Int {
        let value: Double
        switch shape {
        case .fixed(let length): value = length
        case .uniform(let low, let high):
            value =
                low.rounded()
                + (random.uniform() * (high.rounded() - low.rounded() + 1)).rounded(.down)
        case .normal(let mean, let deviation): value = mean + deviation * random.normal()
        case .lognormal(let median, let sigma): value = median * exp(sigma * random.normal())
        case .exponential(let mean): value = mean * random.exponential()
        }
        return Int(min(max(value.rounded(), 1), Double(most)))
    }
}
