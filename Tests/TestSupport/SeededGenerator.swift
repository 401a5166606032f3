// Random numbers that come back the same for the same seed, on every machine.
//
// SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixing steps a number; good enough
// to make inputs, not for secrets. Every fuzz test prints its seed and takes `ASSAY_FUZZ_SEED`.

import Foundation

/// A reproducible source of random numbers.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence of `seed`.
    package init(seed: UInt64) { state = seed }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number in -1 ..< 1 with 24 random bits.
    package mutating func uniform() -> Float {
        Float(next() >> 40) / Float(1 << 23) - 1
    }

    /// A number in 0 ..< bound.
    package mutating func below(_ bound: Int) -> Int {
        Int.random(in: 0..<bound, using: &self)
    }

    /// `ASSAY_FUZZ_SEED` if set, else `fallback`. Prints the seed beside the test's name, so that
    /// a failure in a log can be repeated.
    package static func fuzzSeed(_ test: String, fallback: UInt64 = 20_260_801) -> UInt64 {
        let text = ProcessInfo.processInfo.environment["ASSAY_FUZZ_SEED"]
        let seed = text.flatMap { UInt64($0) } ?? fallback
        print("\(test): ASSAY_FUZZ_SEED=\(seed)")
        return seed
    }
}
