// Random numbers of a load test: one seed, the same schedule and the same prompts.
//
// SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixing steps a number. Good enough
// for arrival times and lengths, and nothing else; not for secrets.

import Glibc

/// SplitMix64. A value: two copies give the same numbers.
package struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Numbers of `seed`; `stream` sets apart the uses of one seed.
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

    /// Uniform in 0 ..< 1, 53 bits.
    package mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Exponential with mean 1; always finite.
    package mutating func exponential() -> Double {
        -log(1 - unit())
    }

    /// Standard normal, by Box and Muller.
    package mutating func normal() -> Double {
        let radius = (2 * exponential()).squareRoot()
        return radius * cos(2 * Double.pi * unit())
    }
}
