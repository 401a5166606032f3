// Random numbers of a load test: equal seeds give equal schedules and prompts.
//
// SplitMix64 (Steele, Lea, Flood 2014): an addition and three mixing steps per number. Good enough
// for arrival times and lengths. Not for secrets.

import Glibc

/// SplitMix64 as a value: two copies give the same numbers.
package struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts from `seed`. `stream` separates the uses of a seed.
    package init(seed: UInt64, stream: UInt64 = 0) {
        state = seed ^ (stream &* 0xA076_1D64_78BD_642F)
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A uniform number in 0 ..< 1, 53 bits.
    package mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// An exponential number with mean 1, always finite.
    package mutating func exponential() -> Double {
        -log(1 - uniform())
    }

    /// A standard normal number, by Box and Muller.
    package mutating func normal() -> Double {
        let radius = (2 * exponential()).squareRoot()
        return radius * cos(2 * Double.pi * uniform())
    }
}
