// The two functions plots need of the C library, in one place.

import Glibc

extension Double {
    /// The logarithm to base 10.
    static func logarithm(_ value: Double) -> Double { log10(value) }

    /// 10 to that power.
    static func power(of exponent: Int) -> Double { pow(10, Double(exponent)) }
}
