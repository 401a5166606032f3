// Angles of the rotary embedding, from the hyper-parameters and the scaling.
//
//     pair i of n/2:      base^(-2i/n), divided by the file's own factor i if there is any
//     linear              divided by the scale
//     yarn                divided by the scale at low frequencies, kept at high ones, mixed
//                         between. Cosines and sines multiplied with 1 + ln(scale) / 10
//     attention factor    multiplies cosines and sines, under any scaling
//
// llama.cpp and transformers agree on these formulas. Double precision throughout.

import Glibc

/// Radians per position for each rotated pair, and the factor on cosines and sines.
package struct RotaryAngles: Sendable {
    package let frequencies: [Double]
    package let magnitude: Double

    /// Full turns over the original context. YaRN keeps frequencies above `keptTurns` and divides
    /// frequencies below `dividedTurns`.
    private static let keptTurns = 32.0, dividedTurns = 1.0

    /// Takes a divisor per pair in `factors`, or nil.
    package init(_ configuration: ModelConfiguration, factors: [Double]?) {
        let length = Double(configuration.ropeDimensionCount)
        let plain = (0..<configuration.ropeDimensionCount / 2).map { pair in
            pow(configuration.ropeBase, -2 * Double(pair) / length) / (factors?[pair] ?? 1)
        }
        switch configuration.ropeScaling {
        case .none, .longrope:
            frequencies = plain
            magnitude = configuration.ropeAttentionFactor
        case .linear(let scale):
            frequencies = plain.map { $0 / scale }
            magnitude = configuration.ropeAttentionFactor
        case .yarn(let scale):
            let ramp = Self.ramp(configuration)
            frequencies = plain.enumerated().map { pair, frequency in
                // 0 up to the start of the ramp, 1 from the end on.
                let share = min(1, max(0, (Double(pair) - ramp.low) / ramp.width))
                return frequency * (1 - share) + frequency / scale * share
            }
            magnitude = configuration.ropeAttentionFactor * (1 + 0.1 * log(max(1, scale)))
        }
    }

    /// Returns the first pair of the ramp, and the number of pairs until the division is complete.
    private static func ramp(_ configuration: ModelConfiguration) -> (low: Double, width: Double) {
        let length = Double(configuration.ropeDimensionCount)
        func pair(turns: Double) -> Double {
            let context = Double(configuration.originalContextLength)
            return length * log(context / (turns * 2 * .pi)) / (2 * log(configuration.ropeBase))
        }
        let low = max(0, pair(turns: keptTurns).rounded(.down))
        let high = min(length - 1, pair(turns: dividedTurns).rounded(.up))
        return (low, max(0.001, high - low))
    }
}
